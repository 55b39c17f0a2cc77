import { random } from '../reference/index.ts';
import { skip } from '../skip.ts';
import { moduleOf, variants } from './run.ts';

type Gemm = (wide: number, rows: number, depth: number, sumDepth: number, ...rest: number[]) => void;

const A = 65536;
const B = 2 * A;
const C = 3 * A;
const RESIDUAL = 4 * A;
const LIMITS = 1024;
const SUMS = 2048;
const STRIDE = 48;
const SENTINEL = 7;

/** 8 columns of C for `rows` rows, in rows of 12 floats, in sums of at most 7 products; where not `first`, on top of what is there. */
function gemm(wide: boolean, rows: number, depth: number, residual: boolean, first: boolean, last: boolean): Uint32Array {
  const memory = new WebAssembly.Memory({ initial: 5 });
  const floats = new Float32Array(memory.buffer);
  const kernels = new WebAssembly.Instance(moduleOf('relaxed'), { env: { memory } }).exports as { f32_gemm_4x8?: Gemm };
  floats.set(random([Math.ceil(rows / 4) * 4 * depth], 1).data, A / 4);
  floats.set(random([(depth + 1) * 8], 2).data, B / 4);
  floats.fill(SENTINEL, C / 4, C / 4 + (rows + 2) * 12);
  floats.set(random([rows * 12], 3).data, RESIDUAL / 4);
  floats.set([-1, 1.5], LIMITS / 4);
  kernels.f32_gemm_4x8?.(
    Number(wide),
    rows,
    depth,
    7,
    A,
    B + 32,
    B,
    C,
    STRIDE,
    residual ? RESIDUAL : 0,
    STRIDE,
    Number(first),
    Number(last),
    LIMITS,
    SUMS,
  );
  return new Uint32Array(memory.buffer, C, (rows + 2) * 12).slice();
}

if (!variants.includes('relaxed')) skip('the wide tile', 'this engine has no relaxed SIMD');
else
  describe('the tile of recent engines gives the bits of the other', () => {
    test.each([1, 4, 11, 12, 13, 16, 23, 24, 25, 41])('%i rows', (rows) => {
      for (const depth of [0, 1, 3, 17]) {
        for (let kind = 0; kind < 8; kind++) {
          const rest = [Boolean(kind & 1), Boolean(kind & 2), Boolean(kind & 4)] as const;
          const narrow = gemm(false, rows, depth, ...rest);
          expect(gemm(true, rows, depth, ...rest)).toEqual(narrow);
          // What is between the rows and behind them is not touched, and what is in them is.
          const floats = new Float32Array(narrow.buffer);
          expect([floats[8], floats[rows * 12]]).toEqual([SENTINEL, SENTINEL]);
          if (depth > 0) expect(floats[rows * 12 - 5]).not.toBe(SENTINEL);
        }
      }
    });
  });
