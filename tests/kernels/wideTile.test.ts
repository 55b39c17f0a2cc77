import { ConvArg, GEMM_SUMS, instructionWords, NR, Op, STATIC_BYTES, WIDE } from '../../assembly/opcodes.ts';
import { compile } from '../../src/compiler/compile.ts';
import type { Pointer } from '../../src/plan/place.ts';
import type { Instruction } from '../../src/plan/plan.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { hasWideTile, type Variant } from '../../src/runtime/wasm.ts';
import { random } from '../reference/index.ts';
import { skip } from '../skip.ts';
import { Alone } from './alone.ts';
import { graphOf } from './graph.ts';
import { moduleOf, variants } from './run.ts';

const STRIDE = 12;
const SENTINEL = 7;

/** 8 columns of C for `rows` rows, in rows of 12 floats, in sums of at most 7 products; where not `first`, on top of what is there. */
function gemm(kernels: Alone, wide: boolean, rows: number, depth: number, residual: boolean, first: boolean, last: boolean): Float32Array {
  kernels.clear();
  const a = kernels.floats(random([Math.ceil(rows / 4) * 4 * depth], 1).data);
  const b = kernels.floats(random([(depth + 1) * NR], 2).data);
  const added = residual ? kernels.floats(random([rows * STRIDE], 3).data) : 0;
  const [limits, sums, c] = [kernels.floats([-1, 1.5]), kernels.room(GEMM_SUMS / 4), kernels.room(rows * STRIDE)];
  kernels.fill(c, rows * STRIDE, SENTINEL);
  const ends = [Number(first), Number(last), limits, sums];
  kernels.call('f32_gemm_4x8', Number(wide), rows, depth, 7, a, b + 4 * NR, b, c, 4 * STRIDE, added, 4 * STRIDE, ...ends);
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

/** 32 channels of 3×3 taps are two partial sums, which wait in the scratch space: those of six rows take more of it than those of four. */
const graph = graphOf({
  inputs: { x: [1, 32, 6, 6] },
  constants: { w: random([16, 32, 3, 3], 1) },
  nodes: [{ op: 'Conv', inputs: ['x', 'w'], attributes: { pads: [1, 1, 1, 1] } }],
});

/** The convolution's opcode in memory, and what is behind four rows' sums after a run. */
function convolution(variant: Variant, recent: boolean) {
  const validate = import.meta.jest.spyOn(WebAssembly, 'validate').mockReturnValue(recent);
  try {
    const plan = compile(graph, { dims: new Map([['x', [1, 32, 6, 6]]]), winograd: false });
    const engine = new Engine(moduleOf(variant));
    engine.use(plan);
    const [port] = plan.inputs;
    if (port) engine.write(port, Float32Array.from(random([...port.dims], 2).data));
    const index = plan.steps.findIndex((step) => 'op' in step && step.op === Op.Conv);
    const { args } = plan.steps[index] as Instruction;
    const sums = args[ConvArg.Scratch] as Pointer;
    engine.run(0, index);
    const behind = engine.view({ ...sums, offset: sums.offset + 128 }, 16).fill(0);
    engine.run(index, index + 1);
    const memory = new Int32Array(engine.view(sums, 0).buffer);
    const weights = plan.residents.filter(({ buffer }) => buffer.region === 'weights');
    const program = STATIC_BYTES + weights.reduce((sum, { buffer }) => sum + Math.ceil(buffer.bytes / 64) * 64, 0);
    // What the instructions before it take.
    const words = plan.steps.slice(0, index).reduce((sum, step) => sum + ('op' in step ? instructionWords(step.op) : 0), 0);
    return { word: memory[program / 4 + words], sums: Array.from(behind) };
  } finally {
    validate.mockRestore();
  }
}

test('the program says which tile, and binaries of relaxed SIMD take it', () => {
  for (const variant of variants) {
    const [old, recent] = [convolution(variant, false), convolution(variant, true)];
    expect([old.word, recent.word]).toEqual([Op.Conv, Op.Conv | WIDE]);
    expect(old.sums.every((sum) => sum === 0)).toBe(true);
    expect(recent.sums.some((sum) => sum !== 0)).toBe(variant === 'relaxed');
  }
});

test('engines whose V8 is of 2025 or later count as recent', () => {
  const [major = 0, minor = 0] = process.versions.v8.split('.').map(Number);
  expect(hasWideTile()).toBe(major > 13 || (major === 13 && minor >= 3));
});
