// QLinearConv against plain loops, over shapes that break SIMD code.

import { QuantizedOp } from '../../assembly/opcodes-quantized.ts';
import { compile } from '../../src/compiler/compile.ts';
import { type DataType, Tensor } from '../../src/graph/tensor.ts';
import { isHost } from '../../src/plan/plan.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { constantOf, graphOf } from '../kernels/graph.ts';
import { expectTensor, runTyped } from '../kernels/run.ts';
import { integerConv } from '../reference/quantized.ts';
import { type Case, cases, nodeOf, randomCases } from './cases.ts';

addQuantized();

test.each(cases)('%j', (given) => {
  const { node, expected } = nodeOf(given);
  expectTensor(runTyped(node)[0], expected);
});

test('random ones', () => {
  for (const given of randomCases) {
    const { node, expected } = nodeOf(given);
    try {
      expectTensor(runTyped(node)[0], expected);
    } catch (cause) {
      throw new Error(JSON.stringify(given), { cause });
    }
  }
});

/** The instruction that a case's convolution becomes. */
function opOf(given: Case): number | undefined {
  const { inputs, attributes, op } = nodeOf(given).node;
  const names = inputs.map((_, i) => `input${i}`);
  const plan = compile(
    graphOf({
      inputs: { input0: inputs[0] as Tensor<DataType> },
      constants: Object.fromEntries(inputs.slice(1).map((value, i) => [`input${i + 1}`, constantOf(`input${i + 1}`, value as Tensor)])),
      nodes: [{ op, attributes, inputs: names }],
    }),
    { dims: new Map([['input0', given.dims]]) },
  );
  return plan.steps.flatMap((step) => (isHost(step) || step.macs === 0 ? [] : [step.op as number]))[0];
}

test('which kernel runs what', () => {
  const same: Partial<Case> = { pads: [1, 1, 1, 1] };
  // 112 · 9 · 127 · 255 is below 2^25, 120 · 9 · 127 · 255 in slices, 480 · 9 · 127 · 255 in none of four.
  expect(opOf({ dims: [1, 112, 8, 8], filters: [16, 112, 3, 3], extreme: 1, zeros: [0, 0], ...same })).toBe(QuantizedOp.Winograd);
  expect(opOf({ dims: [1, 120, 8, 8], filters: [16, 120, 3, 3], extreme: 1, zeros: [0, 0], ...same })).toBe(QuantizedOp.Winograd);
  expect(opOf({ dims: [1, 480, 5, 5], filters: [16, 480, 3, 3], extreme: 1, zeros: [0, 0], ...same })).toBe(QuantizedOp.Conv);
  expect(opOf({ dims: [1, 16, 8, 8], filters: [16, 16, 3, 3], strides: [2, 2], ...same })).toBe(QuantizedOp.Conv);
  expect(opOf({ dims: [1, 16, 3, 3], filters: [16, 16, 3, 3] })).toBe(QuantizedOp.Conv);
  expect(opOf({ dims: [1, 16, 8, 8], filters: [16, 1, 3, 3], group: 16, ...same })).toBe(QuantizedOp.DepthwiseConv);
  expect(opOf({ dims: [1, 16, 8, 8], filters: [32, 1, 3, 3], group: 16, ...same })).toBe(QuantizedOp.Conv);
});

test.each([0, 77, 255])("Winograd's algorithm with a zero point that a run computes, %i", (zero) => {
  const [dims, filters] = [
    [1, 32, 9, 8],
    [16, 32, 3, 3],
  ] as const;
  const x = Uint8Array.from({ length: 32 * 72 }, (_, i) => (i * 7919) % 256);
  const w = Int8Array.from({ length: 16 * 288 }, (_, i) => ((i * 104_729) % 256) - 128);
  const given = { op: 'ConvInteger', attributes: { pads: [1, 1, 1, 1] }, constants: [1] };
  const [y] = runTyped({
    ...given,
    inputs: [new Tensor('uint8', x, dims), new Tensor('int8', w, filters), new Tensor('uint8', Uint8Array.of(zero), [])],
  });
  const sums = integerConv({ x, dims, zero, w, filters, pads: [1, 1, 1, 1] });
  expectTensor(y, new Tensor('int32', sums.data, sums.dims));
});
