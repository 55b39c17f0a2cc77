import * as assembly from '../../assembly/opcodes.ts';
import {
  BinaryArg,
  BinaryKind,
  ClampArg,
  Op,
  PackArg,
  RANK,
  SoftmaxArg,
  STATIC_BYTES,
  TeamWord,
  TransposeArg,
} from '../../assembly/opcodes.ts';
import { compile } from '../../src/compiler/compile.ts';
import { kernelNames } from '../../src/plan/instructions.ts';
import type { Args, Pointer } from '../../src/plan/place.ts';
import type { Instruction } from '../../src/plan/plan.ts';
import { programBytes, writeProgram } from '../../src/plan/program.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { instantiate, type Kernels } from '../../src/runtime/wasm.ts';
import { graphOf } from '../kernels/graph.ts';
import { eachVariant, moduleOf } from '../kernels/run.ts';

const opcodes = Object.values(Op).filter((op): op is Op => typeof op === 'number');

/** Words of an instruction, as the enum of its arguments says. */
const wordsOf = (op: Op): number | undefined => {
  const enums = assembly as unknown as Readonly<Record<string, { readonly Words: number } | undefined>>;
  return enums[op === Op.PackPanels ? 'PackArg' : `${Op[op]}Arg`]?.Words;
};

/** A pointer to a byte address. */
const at = (offset: number): Pointer => ({ buffer: { region: 'arena', bytes: 0, offset: 0 }, offset });
const instruction = (op: Op, args: Args): Instruction => ({ op, args, node: '', macs: 0 });

/** min(max(x, low), high) of `count` floats. */
const clamp = (input: number, output: number, count: number, low: number, high: number): Instruction =>
  instruction(Op.Clamp, {
    [ClampArg.Input]: at(input),
    [ClampArg.Output]: at(output),
    [ClampArg.Pixels]: 1,
    [ClampArg.Channels]: count,
    [ClampArg.Min]: { float: low },
    [ClampArg.Max]: { float: high },
  });

/** a - b of `count` floats. */
const subtract = (output: number, a: number, b: number, count: number): Instruction =>
  instruction(Op.Binary, {
    [BinaryArg.Output]: at(output),
    [BinaryArg.A]: at(a),
    [BinaryArg.B]: at(b),
    [BinaryArg.Kind]: BinaryKind.Sub,
    ...Object.fromEntries(Array.from({ length: RANK }, (_, i) => [BinaryArg.Dims + i, i === RANK - 1 ? count : 1])),
    [BinaryArg.OutputStrides + RANK - 1]: 4,
    [BinaryArg.AStrides + RANK - 1]: 4,
    [BinaryArg.BStrides + RANK - 1]: 4,
    [BinaryArg.Min]: { float: Number.NEGATIVE_INFINITY },
    [BinaryArg.Max]: { float: Number.POSITIVE_INFINITY },
  });

const transpose = (input: number, output: number, rows: number, columns: number): Instruction =>
  instruction(Op.Transpose, {
    [TransposeArg.Input]: at(input),
    [TransposeArg.Output]: at(output),
    [TransposeArg.Batch]: 1,
    [TransposeArg.Rows]: rows,
    [TransposeArg.Columns]: columns,
    [TransposeArg.InRowStride]: columns * 4,
    [TransposeArg.OutRowStride]: rows * 4,
  });

const PROGRAM = 4096;
const [X, Y, Z, W] = [2048, 2304, 2560, 2816];

/** Clamps x to [0, 4] into y, transposes y into z, subtracts x from z into w. */
const three = [clamp(X, Y, 6, 0, 4), transpose(Y, Z, 2, 3), subtract(W, Z, X, 6)];

eachVariant((variant) => {
  function machine(instructions: Instruction[]): {
    kernels: Kernels;
    starts: number[];
    memory: WebAssembly.Memory;
    floats: (address: number) => number[];
  } {
    const memory = new WebAssembly.Memory({ initial: 1 });
    new Float32Array(memory.buffer, X, 6).set([-1, 2, 3, 8, 5, -6]);
    const starts = writeProgram(instructions, new DataView(memory.buffer, PROGRAM), PROGRAM, ({ offset }) => offset);
    const floats = (address: number) => [...new Float32Array(memory.buffer, address, 6)];
    return { kernels: instantiate(moduleOf(variant), memory), starts, memory, floats };
  }

  test('the tables of the binary stay below everything else', () => {
    const { staticEnd } = machine([]).kernels;
    expect(staticEnd.value).toBeGreaterThan(64);
    expect(staticEnd.value).toBeLessThanOrEqual(STATIC_BYTES);
  });

  test('instructions run in order, up to the end that is asked for', () => {
    const { kernels, starts, floats } = machine(three);
    const [from = 0, , , end = 0] = starts;
    expect(kernels.run(from, end)).toBe(end);
    expect(floats(Y)).toEqual([0, 2, 3, 4, 4, 0]);
    expect(floats(Z)).toEqual([0, 4, 2, 4, 3, 0]);
    expect(floats(W)).toEqual([1, 2, -1, -4, -2, 6]);
  });

  test('a range runs alone', () => {
    const { kernels, starts, floats } = machine(three);
    const [first = 0, second = 0, third = 0] = starts;
    expect(kernels.run(second, third)).toBe(third);
    expect(floats(Y)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(kernels.run(first, second)).toBe(second);
    expect(floats(Y)).toEqual([0, 2, 3, 4, 4, 0]);
    expect(floats(Z)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(kernels.run(second, second)).toBe(second);
    expect(floats(Z)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('End stops a run that would go further', () => {
    const { kernels, starts, floats } = machine(three);
    const end = starts[3] ?? 0;
    expect(kernels.run(PROGRAM, 65536)).toBe(end);
    expect(floats(W)).toEqual([1, 2, -1, -4, -2, 6]);
  });

  test.each([-1, opcodes.length, 12345])('%i is no opcode and stops the run where it stands', (word) => {
    const { kernels, starts, memory, floats } = machine(three);
    const [from = 0, , third = 0, end = 0] = starts;
    new DataView(memory.buffer).setInt32(third, word, true);
    expect(kernels.run(from, end)).toBe(third);
    expect(floats(Z)).toEqual([0, 4, 2, 4, 3, 0]);
    expect(floats(W)).toEqual([0, 0, 0, 0, 0, 0]);
  });

  // With sizes of 0 they do nothing; what they leave is where the next one starts.
  test.each(opcodes.filter((op) => op !== Op.End).map((op) => [kernelNames[op], op] as const))(
    '%s is as long as its enum says',
    (_, op) => {
      const { kernels, starts, floats } = machine([instruction(op, {}), clamp(X, Y, 6, 0, 1)]);
      const [from = 0, second = 0, end = 0] = starts;
      expect(second - from).toBe(4 * (wordsOf(op) ?? Number.NaN));
      expect(kernels.run(from, second)).toBe(second);
      expect(kernels.run(from, end)).toBe(end);
      expect(floats(Y)).toEqual([0, 1, 1, 1, 1, 0]);
    },
  );

  test('the engine says where a program stopped that it should have run to the end', () => {
    const plan = compile(graphOf({ inputs: { x: [4] }, nodes: [{ op: 'Relu', inputs: ['x'] }] }), { dims: new Map([['x', [4]]]) });
    const engine = new Engine(moduleOf(variant));
    engine.use(plan);
    expect(() => engine.run()).not.toThrow();
    const { buffer } = engine.view(plan.outputs[0]?.pointer ?? at(0), 4);
    // Without weights the program lies at the start.
    expect(new Int32Array(buffer)[STATIC_BYTES / 4]).toBe(Op.Clamp);
    new Int32Array(buffer)[STATIC_BYTES / 4] = 99;
    expect(() => engine.run()).toThrow(`the program stopped at ${STATIC_BYTES} instead of`);
  });
});

test('every opcode has a kernel with a name of its own', () => {
  expect(Object.keys(kernelNames).map(Number).sort()).toEqual([...opcodes].sort());
  expect(new Set(Object.values(kernelNames)).size).toBe(opcodes.length);
});

test('words are whole numbers, float32 bits or addresses; what is left out is 0', () => {
  const memory = new DataView(new ArrayBuffer(256));
  for (let i = 0; i < 256; i++) memory.setUint8(i, 0xff);
  const starts = writeProgram(
    [instruction(Op.Softmax, { [SoftmaxArg.Input]: at(0xfffffff0), [SoftmaxArg.Outer]: -7, [SoftmaxArg.Length]: { float: 1.5 } })],
    new DataView(memory.buffer, 16),
    16,
    ({ offset }) => offset,
  );
  expect(starts).toEqual([16, 16 + 4 * SoftmaxArg.Words]);
  expect(memory.getInt32(16, true)).toBe(Op.Softmax);
  expect(memory.getUint32(16 + 4 * SoftmaxArg.Input, true)).toBe(0xfffffff0);
  expect(memory.getInt32(16 + 4 * SoftmaxArg.Output, true)).toBe(0);
  expect(memory.getInt32(16 + 4 * SoftmaxArg.Outer, true)).toBe(-7);
  expect(memory.getFloat32(16 + 4 * SoftmaxArg.Length, true)).toBe(1.5);
  expect(memory.getInt32(starts[1] ?? 0, true)).toBe(Op.End);
  expect(memory.getUint8((starts[1] ?? 0) + 4)).toBe(0xff);
});

test('a program has room for its instructions and the End, and for one that packs weights', () => {
  const packing = 4 * (PackArg.Words + 1);
  expect(programBytes([])).toBe(packing);
  expect(programBytes([instruction(Op.Softmax, {})])).toBe(packing);
  expect(programBytes(three)).toBe(4 * (ClampArg.Words + TransposeArg.Words + BinaryArg.Words + 1));
});

test.each([0, 1])('a team of one, asked to stop (%i), does so before its next instruction', (stop) => {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared: true });
  const kernels = instantiate(moduleOf('strict-threads'), memory);
  const [base, counters, data] = [STATIC_BYTES, 32768, 65536];
  const starts = writeProgram(
    [clamp(data, data + 64, 8, 0, 1), clamp(data + 64, data + 128, 8, 0, 1)],
    new DataView(memory.buffer, base),
    base,
    ({ offset }) => offset,
  );
  new Float32Array(memory.buffer, data, 8).fill(0.5);
  kernels.join(0, 1, counters, 0);
  Atomics.store(new Int32Array(memory.buffer), TeamWord.Stop / 4, stop);
  expect(kernels.run(base, starts.at(-1) as number)).toBe(stop ? 0 : starts.at(-1));
  expect(new Float32Array(memory.buffer, data + 128, 1)[0]).toBe(stop ? 0 : 0.5);
});
