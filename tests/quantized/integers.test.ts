// ConvInteger and QLinearConv with every kind of weights, against plain loops: uint8 ones, zero points of all kinds, one axis, auto_pad; with the weights
// known (kernels) and computed (the host).

import { QuantizedOp } from '../../assembly/opcodes-quantized.ts';
import { compile } from '../../src/compiler/compile.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { kernelOf } from '../../src/plan/instructions.ts';
import { isHost } from '../../src/plan/plan.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { constantOf, graphOf } from '../kernels/graph.ts';
import { expectTensor, runTyped } from '../kernels/run.ts';
import { integerConv, requantize } from '../reference/quantized.ts';
import { bytes, floats, type Kind, next, one, sizeOf, zeroPoints } from './random.ts';

addQuantized();

interface Shape {
  dims: readonly number[];
  filters: readonly number[];
  group?: number;
  strides?: readonly number[];
  dilations?: readonly number[];
  pads?: readonly number[];
}

const shapes: Shape[] = [
  ...[1, 3, 4, 5, 7, 8, 17].map((c): Shape => ({ dims: [1, c, 5, 6], filters: [c + 3, c, 3, 3], pads: [1, 1, 1, 1] })),
  { dims: [2, 9, 3, 3], filters: [20, 9, 1, 1] },
  { dims: [1, 65, 1, 1], filters: [17, 65, 1, 1] },
  { dims: [1, 6, 7, 7], filters: [4, 3, 3, 3], group: 2, strides: [2, 2], pads: [1, 0, 0, 1] },
  { dims: [2, 5, 6, 5], filters: [5, 1, 3, 3], group: 5, pads: [1, 1, 1, 1] },
  { dims: [1, 24, 5, 6], filters: [24, 1, 3, 3], group: 24, pads: [1, 1, 1, 1], strides: [2, 1] },
  { dims: [1, 11, 5, 6], filters: [11, 1, 2, 3], group: 11 },
  { dims: [1, 4, 9, 9], filters: [4, 4, 3, 3], dilations: [2, 3], pads: [2, 2, 2, 2] },
  { dims: [3, 5, 11, 11], filters: [40, 5, 5, 5], pads: [2, 2, 2, 2], strides: [1, 2] },
];

/** The types of X and W, and the zero points of W. */
const kinds: readonly (readonly [x: 'uint8' | 'int8', w: 'uint8' | 'int8', zero: Kind])[] = [
  ['uint8', 'uint8', 'none'],
  ['uint8', 'uint8', 128],
  ['uint8', 'uint8', 131],
  ['int8', 'uint8', 'each'],
  ['uint8', 'int8', 'none'],
  ['int8', 'int8', 'each'],
  ['uint8', 'int8', -7],
];

const tests = shapes.flatMap((shape) => kinds.map((kind) => ({ ...shape, kind })));

describe.each(tests)('%j', ({ dims, filters, kind: [xType, wType, zeroKind], ...rest }) => {
  const count = filters[0] as number;
  const [x, w] = [bytes(xType, dims), bytes(wType, filters)];
  const wZero = zeroPoints(wType, count, zeroKind);
  const xZero = one(xType, xType === 'int8' ? -3 : 131);
  const sums = integerConv({
    x: x.data as Int8Array,
    dims,
    zero: xZero.data[0] as number,
    w: w.data as Int8Array,
    filters,
    zeros: (wZero?.data ?? [0]) as Int8Array,
    ...rest,
  });

  test.each([{ constants: [1, 2, 3] }, { constants: [1, 3] }, { constants: [] }])('ConvInteger %j', ({ constants }) => {
    const [y] = runTyped({ op: 'ConvInteger', attributes: { ...rest }, inputs: [x, w, xZero, wZero], constants });
    expectTensor(y, new Tensor('int32', sums.data, sums.dims));
  });

  test.each([{ constants: [1, 2, 3, 4, 5, 6, 7, 8] }, { constants: [3, 5] }])('QLinearConv %j', ({ constants }) => {
    const [xScale, yScale] = [Math.fround(0.013), Math.fround(0.11)];
    const scales = floats(count, 0.001, 0.003);
    const bias = Int32Array.from({ length: count }, () => Math.floor(2000 * next()) - 1000);
    const yType = xType;
    const yZero = one(yType, yType === 'int8' ? 5 : 120);
    const inner = sizeOf(sums.dims.slice(2));
    const expected = Array.from(sums.data, (sum, i) => {
      const f = Math.floor(i / inner) % count;
      const scale = Math.fround(Math.fround(xScale * (scales.data[f] as number)) / yScale);
      return requantize(sum + (bias[f] as number), scale, yZero.data[0] as number, yType);
    });
    const inputs = [
      x,
      new Tensor('float32', [xScale], []),
      xZero,
      w,
      scales,
      wZero ?? one(wType, 0),
      new Tensor('float32', [yScale], []),
      yZero,
      new Tensor('int32', bias, [count]),
    ];
    const [y] = runTyped({ op: 'QLinearConv', attributes: { ...rest }, inputs, constants });
    expectTensor(y, new Tensor(yType, expected, sums.dims));
  });
});

test.each([
  { auto_pad: 'SAME_UPPER', pads: [0, 1] },
  { auto_pad: 'SAME_LOWER', pads: [1, 0] },
  { auto_pad: 'VALID', pads: [0, 0] },
])('one axis, $auto_pad', ({ auto_pad, pads: [begin = 0, end = 0] }) => {
  const [x, w] = [bytes('uint8', [2, 5, 9]), bytes('uint8', [9, 5, 2])];
  const [xZero, wZero] = [one('uint8', 7), one('uint8', 140)];
  const sums = integerConv({
    x: x.data as Uint8Array,
    dims: [2, 5, 1, 9],
    zero: 7,
    w: w.data as Uint8Array,
    filters: [9, 5, 1, 2],
    zeros: [140],
    pads: [0, begin, 0, end],
  });
  for (const constants of [[1, 2, 3], []]) {
    const [y] = runTyped({ op: 'ConvInteger', attributes: { auto_pad }, inputs: [x, w, xZero, wZero], constants });
    expectTensor(
      y,
      new Tensor(
        'int32',
        sums.data,
        sums.dims.filter((_, i) => i !== 2),
      ),
    );
  }
});

test('which kernel takes which weights', () => {
  const kernelFor = (w: Tensor, zero: Tensor | undefined, known = true) => {
    const fed = { x: { type: 'uint8' as const, dims: [1, 2, 3, 3] }, ...(known ? {} : { w: { type: w.type as 'uint8', dims: w.dims } }) };
    const graph = graphOf({
      inputs: fed,
      constants: { ...(known && { w: constantOf('w', w) }), ...(zero && { z: constantOf('z', zero) }) },
      nodes: [{ op: 'ConvInteger', inputs: ['x', 'w', '', zero ? 'z' : ''] }],
    });
    const { steps } = compile(graph, { dims: new Map(Object.entries(fed).map(([name, { dims }]) => [name, dims])) });
    const step = steps.find((step) => /conv|Conv/.test(kernelOf(step)));
    const wide = step && !isHost(step) && (step.op as number) === QuantizedOp.Conv16;
    return step && `${kernelOf(step)}${wide ? ' of int16' : ''}`;
  };
  const filters = [3, 2, 1, 1];
  expect(kernelFor(bytes('int8', filters), undefined)).toBe('u8_conv_igemm_4x8');
  expect(kernelFor(new Tensor('uint8', [0, 255, 1, 2, 3, 4], filters), one('uint8', 128))).toBe('u8_conv_igemm_4x8');
  expect(kernelFor(new Tensor('uint8', [0, 255, 1, 2, 3, 4], filters), one('uint8', 129))).toBe('u8_conv_igemm_4x8 of int16');
  expect(kernelFor(new Tensor('uint8', [0, 127, 1, 2, 3, 4], filters), undefined)).toBe('u8_conv_igemm_4x8');
  expect(kernelFor(new Tensor('int8', [-127, 127, 1, 2, 3, 4], filters), one('int8', 2))).toBe('u8_conv_igemm_4x8 of int16');
  expect(kernelFor(bytes('int8', filters), undefined, false)).toBe('u8_conv_igemm_4x8');
  expect(kernelFor(bytes('uint8', filters), undefined, false)).toBe('host ConvInteger');
});

test('what does not fit is refused', () => {
  const [x, w] = [bytes('uint8', [1, 2, 3, 3]), bytes('uint8', [3, 2, 1, 1])];
  const refused = (inputs: (Tensor | undefined)[]) => () => runTyped({ op: 'ConvInteger', inputs, constants: [1, 2, 3] });
  expect(refused([x, w, one('int8', 1)])).toThrow("'input2' is int8 [], expected uint8 with 1 elements");
  expect(refused([x, w, undefined, new Tensor('uint8', [1, 2], [2])])).toThrow(
    "'input3' is uint8 [2], expected uint8 with 1 or 3 elements",
  );
  expect(refused([new Tensor('float32', Array(18).fill(1), [1, 2, 3, 3]), w])).toThrow('expected uint8 or int8');
});
