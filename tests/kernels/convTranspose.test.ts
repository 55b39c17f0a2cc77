import fc from 'fast-check';
import { array, type ConvTransposeOptions, convTranspose, type NdArray, random, relu, sizeOf } from '../reference/index.ts';
import { float32, graphOf } from './graph.ts';
import { eachVariant, expectClose, expectNode, runGraph, runNode, sumTolerance } from './run.ts';

/** A transposed convolution by its shapes; the numbers are random in [-1, 1]. */
interface Case extends Omit<ConvTransposeOptions, 'x' | 'w' | 'b'> {
  x: number[];
  w: number[];
  /** True where left out. */
  bias?: boolean;
}

const attributesOf = ({ group, strides, dilations, pads, outputPadding, outputShape, autoPad }: Case) => ({
  group,
  strides: strides && [...strides],
  dilations: dilations && [...dilations],
  pads: pads && [...pads],
  output_padding: outputPadding && [...outputPadding],
  output_shape: outputShape && [...outputShape],
  auto_pad: autoPad,
});

function arraysOf({ x, w, bias = true, group = 1 }: Case): { x: NdArray; w: NdArray; b?: NdArray } {
  const arrays = { x: random(x, 1), w: random(w, 2) };
  return bias ? { ...arrays, b: random([(w[1] ?? 0) * group], 3) } : arrays;
}

/** Every product may meet in one output. */
const toleranceOf = ({ w, group = 1 }: Case) => sumTolerance((sizeOf(w) / (w[1] || 1) / group) | 1);

const shapes: Record<string, Case> = {
  'one pixel': { x: [1, 3, 1, 1], w: [3, 5, 1, 1] },
  'one pixel to a picture': { x: [2, 3, 1, 1], w: [3, 5, 4, 3] },
  'kernel 3, stride 1': { x: [1, 5, 4, 6], w: [5, 7, 3, 3], pads: [1, 1, 1, 1] },
  'kernel 2, stride 2': { x: [2, 8, 5, 3], w: [8, 4, 2, 2], strides: [2, 2] },
  'kernel 4, stride 2': { x: [1, 8, 5, 4], w: [8, 9, 4, 4], strides: [2, 2], pads: [1, 1, 1, 1] },
  'the kernel is smaller than the stride': { x: [2, 3, 4, 3], w: [3, 5, 2, 1], strides: [3, 4] },
  'strides and kernels differ': { x: [1, 3, 3, 7], w: [3, 4, 2, 5], strides: [3, 1] },
  dilations: { x: [1, 3, 4, 5], w: [3, 5, 3, 2], dilations: [2, 3] },
  'dilations and strides': { x: [2, 3, 4, 5], w: [3, 5, 3, 2], dilations: [2, 3], strides: [3, 2], pads: [1, 2, 0, 1] },
  'dilations that share no factor with the stride': { x: [1, 3, 5, 5], w: [3, 4, 3, 3], dilations: [3, 2], strides: [2, 3] },
  'asymmetric pads': { x: [1, 3, 4, 4], w: [3, 5, 3, 4], pads: [2, 0, 1, 3] },
  'pads that crop all but one pixel': { x: [1, 3, 3, 3], w: [3, 5, 2, 2], pads: [2, 1, 1, 2] },
  'pads over the kernel': { x: [1, 3, 9, 9], w: [3, 5, 2, 2], pads: [4, 3, 3, 4] },
  output_padding: { x: [1, 3, 4, 3], w: [3, 5, 3, 3], strides: [2, 3], outputPadding: [1, 2] },
  'output_padding over the kernel': { x: [2, 3, 3, 3], w: [3, 5, 1, 1], strides: [4, 4], outputPadding: [3, 2] },
  'output_padding with pads and dilations': {
    x: [1, 3, 4, 3],
    w: [3, 5, 3, 2],
    strides: [2, 2],
    dilations: [2, 3],
    pads: [1, 0, 2, 1],
    outputPadding: [1, 1],
  },
  output_shape: { x: [1, 3, 4, 3], w: [3, 5, 3, 3], strides: [2, 2], outputShape: [8, 5] },
  // ONNX's own example: total padding -1.
  'output_shape over the full size': { x: [1, 1, 3, 3], w: [1, 2, 3, 3], strides: [3, 2], outputShape: [10, 8] },
  'output_shape with SAME_UPPER': { x: [1, 3, 4, 3], w: [3, 5, 4, 3], strides: [2, 3], outputShape: [7, 8], autoPad: 'SAME_UPPER' },
  'output_shape with output_padding': { x: [1, 3, 4, 3], w: [3, 5, 3, 3], strides: [2, 2], outputShape: [6, 7], outputPadding: [1, 1] },
  'two groups': { x: [2, 6, 4, 3], w: [6, 5, 3, 2], group: 2, strides: [2, 1] },
  'as many groups as channels': { x: [1, 8, 5, 5], w: [8, 1, 4, 4], group: 8, strides: [2, 2], pads: [1, 1, 1, 1] },
  'several filters for each channel': { x: [2, 5, 3, 4], w: [5, 3, 2, 3], group: 5 },
  'groups with dilations': { x: [1, 6, 4, 4], w: [6, 4, 3, 3], group: 3, dilations: [2, 2], pads: [1, 1, 2, 2] },
  'one row': { x: [1, 3, 1, 7], w: [3, 4, 1, 3], strides: [1, 2] },
  'one column': { x: [1, 3, 7, 1], w: [3, 4, 3, 1], strides: [2, 1] },
  'one dimension': { x: [2, 5, 7], w: [5, 4, 3], strides: [2], pads: [1, 0], outputPadding: [1] },
  'one dimension with groups and dilation': { x: [2, 6, 5], w: [6, 3, 3], group: 2, dilations: [3], strides: [2] },
  'one dimension, output_shape': { x: [1, 3, 5], w: [3, 4, 4], strides: [3], outputShape: [14] },
  // 70 columns of 300 rows; more pixels than a block of the matrix product has.
  'many channels and pixels': { x: [1, 300, 13, 11], w: [300, 14, 5, 1], strides: [2, 1] },
};

eachVariant((variant) => {
  function expectCase(config: Case): void {
    const arrays = arraysOf(config);
    const expected = convTranspose({ ...config, ...arrays });
    const node = { op: 'ConvTranspose', attributes: attributesOf(config), inputs: [arrays.x, arrays.w, arrays.b], variant };
    expectNode({ ...node, constants: [1, 2] }, expected, toleranceOf(config));
    // One of weights and bias alone.
    if (!arrays.b) return;
    for (const constants of [[1], [2]]) expectClose(runNode({ ...node, constants }), expected, toleranceOf(config));
  }

  test.each([1, 3, 4, 5, 7, 8, 17])('%i channels', (channels) => {
    for (const filters of [1, 3, 4, 5, 7, 8, 17]) {
      expectCase({ x: [2, channels, 3, 4], w: [channels, filters, 3, 2], strides: [2, 2], pads: [1, 0, 0, 1] });
      expectCase({ x: [1, channels, 2, 3], w: [channels, filters, 2, 2], bias: false });
    }
  });

  test.each([1, 3, 4, 5, 7, 8, 17])('%i filters in each of two groups', (filters) => {
    expectCase({ x: [2, 6, 3, 2], w: [6, filters, 2, 3], group: 2, strides: [1, 2] });
  });

  test.each(Object.entries(shapes))('%s', (_, config) => expectCase(config));

  test.each(['SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET'] as const)('auto_pad %s', (autoPad) => {
    for (const kernel of [1, 2, 3, 4, 5]) {
      for (const stride of [1, 2, 3]) {
        expectCase({ x: [1, 3, 4, 3], w: [3, 5, kernel, 3], strides: [stride, 2], autoPad });
        expectCase({ x: [1, 3, 4], w: [3, 5, kernel], strides: [stride], autoPad });
      }
    }
  });

  test('all dimensions in output_shape, as some exporters write it', () => {
    const config: Case = { x: [1, 3, 4, 3], w: [3, 5, 3, 3], strides: [2, 2] };
    const { x, w } = arraysOf(config);
    const attributes = { strides: [2, 2], output_shape: [1, 5, 8, 5] };
    const y = runNode({ op: 'ConvTranspose', attributes, inputs: [x, w], constants: [1], variant });
    expectClose(y, convTranspose({ x, w, strides: [2, 2], outputShape: [8, 5] }), toleranceOf(config));
  });

  test('a Relu behind it', () => {
    for (const group of [1, 2]) {
      const config: Case = { x: [1, 6, 4, 3], w: [6, 5, 3, 3], group, strides: [2, 2], pads: [1, 1, 1, 1] };
      const { x, w, b } = arraysOf(config) as { x: NdArray; w: NdArray; b: NdArray };
      const graph = graphOf({
        inputs: { x: config.x },
        constants: { w: float32('w', w), b: float32('b', b) },
        nodes: [
          { op: 'ConvTranspose', attributes: attributesOf(config), inputs: ['x', 'w', 'b'] },
          { op: 'Relu', inputs: ['ConvTranspose_0'] },
        ],
      });
      const [y] = runGraph(graph, { x }, { variant });
      expectClose(y as NdArray, relu(convTranspose({ ...config, x, w, b })), toleranceOf(config));
    }
  });

  test('nothing in, the bias out', () => {
    const flat = [array([1, 3, 0, 2]), random([3, 2, 3, 2], 1), array([2], [0.5, -3])];
    const border = runNode({ op: 'ConvTranspose', inputs: flat, constants: [1, 2], variant });
    expect(border).toEqual(array([1, 2, 2, 3], [...new Array(6).fill(0.5), ...new Array(6).fill(-3)]));

    const [w, b] = [random([3, 2, 2, 2], 1), array([2], [0.5, -3])];
    const empty = runNode({ op: 'ConvTranspose', inputs: [array([0, 3, 2, 2]), w, b], constants: [1, 2], variant });
    expect(empty).toEqual(array([0, 2, 3, 3]));
    const none = [array([1, 0, 2, 2]), array([0, 2, 2, 2]), b];
    const y = runNode({ op: 'ConvTranspose', inputs: none, constants: [1, 2], variant });
    expect(y).toEqual(array([1, 2, 3, 3], [...new Array(9).fill(0.5), ...new Array(9).fill(-3)]));
  });

  test('NaN and infinities reach the outputs that they add to and no others', () => {
    const x = array([1, 1, 2, 3], [1, Number.NaN, 2, Number.POSITIVE_INFINITY, 1, 0.5]);
    const w = array([1, 1, 2, 2], [1, 2, 3, 4]);
    expectNode({ op: 'ConvTranspose', inputs: [x, w], constants: [1], variant }, convTranspose({ x, w }), 0);
    const strides = [2, 3];
    const node = { op: 'ConvTranspose', attributes: { strides }, inputs: [x, w], constants: [1], variant };
    expectNode(node, convTranspose({ x, w, strides }), 0);
  });

  test('random configurations', () => {
    const small = (max: number, min = 1) => fc.integer({ min, max });
    const pair = (max: number, min = 1) => fc.tuple(small(max, min), small(max, min));
    const configs = fc.record({
      batch: small(2),
      group: small(3),
      channels: small(4),
      filters: small(9),
      size: pair(5),
      kernel: pair(4),
      strides: pair(4),
      dilations: pair(3),
      begin: pair(3, 0),
      end: pair(3, 0),
      outputPadding: pair(2, 0),
    });
    fc.assert(
      fc.property(configs, ({ batch, channels, filters, size, kernel, begin, end, ...rest }) => {
        const { group, strides, dilations, outputPadding } = rest;
        const full = size.map(
          (n, i) =>
            (strides[i] as number) * (n - 1) + ((kernel[i] as number) - 1) * (dilations[i] as number) + 1 + (outputPadding[i] as number),
        );
        fc.pre(full.every((n, i) => n > (begin[i] as number) + (end[i] as number)));
        expectCase({
          ...rest,
          x: [batch, channels * group, ...size],
          w: [channels * group, filters, ...kernel],
          pads: [...begin, ...end],
        });
      }),
      { seed: 5, numRuns: 80 },
    );
  });
});

describe('what does not fit', () => {
  const run = (attributes: Record<string, number[] | number | string>, x = [1, 3, 4, 4], w = [3, 2, 3, 3]) =>
    runNode({ op: 'ConvTranspose', attributes, inputs: [random(x, 1), random(w, 2)], constants: [1] });

  test.each([
    [{ pads: [3, 3, 3, 3] }, 'INVALID_MODEL'],
    [{ output_shape: [0, 4] }, 'INVALID_MODEL'],
    [{ output_shape: [-5, 4] }, 'INVALID_MODEL'],
    [{ output_shape: [4] }, 'INVALID_MODEL'],
    [{ output_shape: [2 ** 40, 4] }, 'TOO_LARGE'],
    [{ output_shape: [4, 4], strides: [2 ** 27, 2 ** 27], dilations: [2 ** 27, 1] }, 'INVALID_MODEL'],
    [{ strides: [2 ** 27, 1] }, 'INVALID_MODEL'],
    [{ strides: [2 ** 26, 1] }, 'TOO_LARGE'],
    [{ output_padding: [1] }, 'INVALID_MODEL'],
    [{ output_padding: [-1, 0] }, 'INVALID_MODEL'],
    [{ output_padding: [2 ** 50, 0] }, 'INVALID_MODEL'],
    [{ group: 2 }, 'INVALID_MODEL'],
    [{ group: 0 }, 'INVALID_MODEL'],
    [{ strides: [0, 1] }, 'INVALID_MODEL'],
    [{ kernel_shape: [2, 2] }, 'INVALID_MODEL'],
    [{ auto_pad: 'SAME' }, 'INVALID_MODEL'],
  ])('%j', (attributes, code) => {
    expect(() => run(attributes)).toThrow(expect.objectContaining({ code }));
  });

  test('weights, bias and ranks', () => {
    expect(() => run({}, [1, 4, 4, 4])).toThrow(expect.objectContaining({ code: 'INVALID_MODEL' }));
    expect(() => run({}, [1, 3, 4, 4], [3, 2, 3])).toThrow(expect.objectContaining({ code: 'INVALID_MODEL' }));
    expect(() => run({}, [1, 3, 4, 4], [3, 2, 0, 3])).toThrow(expect.objectContaining({ code: 'INVALID_MODEL' }));
    expect(() => run({}, [1, 3, 2, 2, 2], [3, 2, 1, 1, 1])).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }));
    expect(() => run({}, [3, 4], [3, 2])).toThrow(expect.objectContaining({ code: 'INVALID_MODEL' }));
    expect(() => runNode({ op: 'ConvTranspose', inputs: [random([1, 3, 2, 2], 1), random([3, 2, 1, 1], 2), random([3], 3)] })).toThrow(
      expect.objectContaining({ code: 'INVALID_MODEL' }),
    );
  });
});
