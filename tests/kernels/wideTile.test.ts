import { GEMM_SUMS, NR } from '../../assembly/opcodes.ts';
import { random } from '../reference/index.ts';
import { skip } from '../skip.ts';
import { Alone } from './alone.ts';
import { variants } from './run.ts';

const STRIDE = 12;
const SENTINEL = 7;

/** 8 columns of C for `rows` rows, in rows of 12 floats, in sums of at most 7 products; where not `first`, on top of what is there. */
function gemm(kernels: Alone, wide: boolean, rows: number, depth: number, residual: boolean, first: boolean, last: boolean): Float32Array {
  kernels.clear();
  kernels.wide = wide;
  const a = kernels.floats(random([Math.ceil(rows / 4) * 4 * depth], 1).data);
  const b = kernels.floats(random([(depth + 1) * NR], 2).data);
  const added = residual ? kernels.floats(random([rows * STRIDE], 3).data) : 0;
  const [limits, sums, c] = [kernels.floats([-1, 1.5]), kernels.room(GEMM_SUMS / 4), kernels.room(rows * STRIDE)];
  kernels.fill(c, rows * STRIDE, SENTINEL);
  const ends = [Number(first), Number(last), limits, sums];
  kernels.call('f32_gemm_4x8', rows, depth, 7, a, b + 4 * NR, b, c, 4 * STRIDE, added, 4 * STRIDE, ...ends);
  return kernels.read(c, rows * STRIDE);
}

if (!variants.includes('relaxed')) skip('the wide tile', 'this engine has no relaxed SIMD');
else
  describe('the tile of recent engines gives the bits of the other', () => {
    const kernels = new Alone('relaxed');
    test.each([1, 4, 11, 12, 13, 16, 23, 24, 25, 41])('%i rows', (rows) => {
      for (const depth of [0, 1, 3, 17]) {
        for (let kind = 0; kind < 8; kind++) {
          const rest = [Boolean(kind & 1), Boolean(kind & 2), Boolean(kind & 4)] as const;
          const narrow = gemm(kernels, false, rows, depth, ...rest);
          const bits = (floats: Float32Array) => new Uint32Array(floats.buffer);
          expect(bits(gemm(kernels, true, rows, depth, ...rest))).toEqual(bits(narrow));
          // What is between the rows is not touched, and what is in them is; behind them nothing may be written.
          expect(narrow[NR]).toBe(SENTINEL);
          if (depth > 0) expect(narrow[rows * STRIDE - 5]).not.toBe(SENTINEL);
        }
      }
    });
  });
