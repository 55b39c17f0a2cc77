import fc from 'fast-check';
import { failure } from '../failure.ts';
import {
  type AutoPad,
  array,
  averagePool,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  type NdArray,
  random,
  resolvePads,
} from '../reference/index.ts';
import { eachVariant, expectNode, ROUNDING, runNode } from './run.ts';

interface PoolCase {
  x: number[];
  kernel: number[];
  strides?: number[];
  pads?: number[];
  dilations?: number[];
  ceilMode?: boolean;
  autoPad?: AutoPad;
}

const shapes: Record<string, PoolCase> = {
  'one pixel': { x: [1, 5, 1, 1], kernel: [1, 1] },
  'one pixel in padding': { x: [1, 5, 1, 1], kernel: [3, 3], pads: [1, 1, 1, 1] },
  'one row': { x: [1, 5, 1, 11], kernel: [1, 3], strides: [1, 2] },
  'one column': { x: [1, 5, 11, 1], kernel: [3, 1], strides: [2, 1] },
  'odd sizes': { x: [1, 3, 7, 11], kernel: [3, 5], pads: [1, 2, 1, 2] },
  'the kernel as large as the picture': { x: [2, 5, 5, 6], kernel: [5, 6] },
  'batch of 3': { x: [3, 9, 5, 4], kernel: [2, 2], strides: [2, 2] },
  '3×3, stride 2, padded': { x: [1, 8, 9, 8], kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  'stride over the kernel': { x: [1, 5, 11, 9], kernel: [2, 1], strides: [4, 3] },
  'stride over the picture': { x: [2, 5, 4, 4], kernel: [3, 3], strides: [9, 9] },
  'padding on top': { x: [1, 5, 4, 4], kernel: [3, 3], pads: [2, 0, 0, 0] },
  'padding on the left': { x: [1, 5, 4, 4], kernel: [3, 3], pads: [0, 2, 0, 0] },
  'padding on the bottom': { x: [1, 5, 4, 4], kernel: [3, 3], pads: [0, 0, 2, 0] },
  'padding on the right': { x: [1, 5, 4, 4], kernel: [3, 3], pads: [0, 0, 0, 2] },
  'windows that see nothing but padding': { x: [1, 5, 2, 3], kernel: [2, 2], pads: [3, 4, 4, 3] },
  'windows of nothing but padding, stride 3': { x: [1, 5, 3, 3], kernel: [2, 2], pads: [5, 5, 5, 5], strides: [3, 3] },
  dilation: { x: [1, 5, 9, 8], kernel: [3, 2], dilations: [2, 3] },
  'dilation that steps over the picture': { x: [1, 5, 2, 2], kernel: [2, 2], dilations: [7, 7], pads: [3, 3, 3, 3] },
  'ceil_mode that adds a window': { x: [1, 5, 6, 5], kernel: [3, 2], strides: [2, 2], ceilMode: true },
  'ceil_mode that adds none': { x: [1, 5, 7, 7], kernel: [3, 3], strides: [2, 2], ceilMode: true },
  'ceil_mode whose last window would start in the padding': {
    x: [1, 5, 4, 4],
    kernel: [1, 2],
    strides: [3, 4],
    pads: [0, 0, 1, 2],
    ceilMode: true,
  },
  'ceil_mode with padding and dilation': {
    x: [2, 5, 8, 9],
    kernel: [2, 3],
    strides: [3, 2],
    pads: [1, 2, 0, 1],
    dilations: [2, 1],
    ceilMode: true,
  },
  'one dimension': { x: [2, 5, 11], kernel: [3], strides: [2], pads: [1, 0] },
  'one dimension, ceil_mode': { x: [2, 5, 10], kernel: [3], strides: [4], ceilMode: true },
  'a large window': { x: [1, 5, 40, 30], kernel: [33, 29], pads: [3, 3, 3, 3] },
};

const attributesOf = ({ kernel, strides, pads, dilations, ceilMode, autoPad }: PoolCase) => ({
  kernel_shape: kernel,
  strides,
  pads,
  dilations,
  ceil_mode: ceilMode ? 1 : undefined,
  auto_pad: autoPad,
});

const optionsOf = ({ kernel, autoPad, pads, x: dims, ...window }: PoolCase, x: NdArray) => ({
  ...window,
  x,
  kernelShape: kernel,
  pads: autoPad ? resolvePads(autoPad, dims.slice(2), kernel, window.strides, window.dilations) : pads,
});

eachVariant((variant) => {
  function expectPools(config: PoolCase, x = random(config.x, 1)): void {
    const attributes = attributesOf(config);
    const options = optionsOf(config, x);
    expectNode({ op: 'MaxPool', opset: 19, attributes, inputs: [x], variant }, maxPool(options), 0);
    for (const countIncludePad of [false, true]) {
      const node = {
        op: 'AveragePool',
        opset: 19,
        attributes: { ...attributes, count_include_pad: Number(countIncludePad) },
        inputs: [x],
        variant,
      };
      // A row's sum of w numbers is off by w² roundings at most, that of h rows by h·h·w more, the quotient by one.
      const tolerance = ROUNDING * (config.kernel.reduce((a, b) => a + b) + 1);
      expectNode(node, averagePool({ ...options, countIncludePad }), tolerance);
    }
  }

  test.each([1, 3, 4, 5, 7, 8, 17])('%i channels', (channels) => {
    expectPools({ x: [2, channels, 5, 7], kernel: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
    expectPools({ x: [1, channels, 4, 4], kernel: [2, 2] });
  });

  test.each(Object.entries(shapes))('%s', (_, config) => expectPools(config));

  test.each(['SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET'] as const)('auto_pad %s', (autoPad) => {
    for (const stride of [1, 2, 3]) {
      expectPools({ x: [1, 5, 7, 4], kernel: [3, 2], strides: [stride, stride], autoPad });
      expectPools({ x: [1, 5, 4], kernel: [4], strides: [stride], autoPad });
    }
  });

  test.each([[[1, 1, 1, 1]], [[2, 5, 7, 3]], [[1, 17, 1, 9]], [[3, 4, 31]], [[1, 3, 5]], [[2, 7, 3, 4, 5]], [[1, 8, 64, 64]]])(
    'global pools of %j',
    (dims) => {
      const x = random(dims, 1);
      const [height, width] = [dims.slice(2, -1).reduce((a, b) => a * b, 1), dims.at(-1) ?? 1];
      expectNode({ op: 'GlobalAveragePool', inputs: [x], variant }, globalAveragePool(x), ROUNDING * (height + width + 1));
      expectNode({ op: 'GlobalMaxPool', inputs: [x], variant }, globalMaxPool(x), 0);
    },
  );

  test.each([
    { dims: [1, 3, 5, 2, 4], kernel: [3, 1, 1], pads: [1, 0, 0, 1, 0, 0] },
    { dims: [2, 5, 7, 3, 4], kernel: [2, 1, 3], pads: [1, 0, 2, 0, 0, 1], strides: [1, 1, 2] },
    { dims: [1, 4, 6, 1, 1], kernel: [5, 1, 1], dilations: [1, 1, 1] },
    { dims: [1, 8, 9, 5, 7], kernel: [3, 1, 1], dilations: [2, 1, 1], pads: [2, 0, 0, 2, 0, 0] },
  ])('three dimensions, of which the second stays alone: %o', ({ dims, kernel, pads = [0, 0, 0, 0, 0, 0], strides, dilations }) => {
    const x = random(dims, 1);
    const [n, c, d, h, w] = dims as [number, number, number, number, number];
    // The naive pool over [N, C·H, D, W], and back.
    const swapped = (from: NdArray, [rows, columns]: readonly [number, number], width: number) => {
      const to = array([...from.dims]);
      for (let i = 0; i < n * c; i++)
        for (let a = 0; a < rows; a++)
          for (let b = 0; b < columns; b++)
            for (let j = 0; j < width; j++)
              to.data[((i * columns + b) * rows + a) * width + j] = from.data[((i * rows + a) * columns + b) * width + j] as number;
      return to;
    };
    const flat = { dims: [n, c * h, d, w], data: swapped(x, [d, h], w).data };
    const two = (list: readonly number[] | undefined) => list?.filter((_, i) => i % 3 !== 1);
    const options = { x: flat, kernelShape: two(kernel) as number[], pads: two(pads), strides: two(strides), dilations: two(dilations) };
    for (const countIncludePad of [false, true]) {
      const y = averagePool({ ...options, countIncludePad });
      const [rows, width] = y.dims.slice(2) as [number, number];
      const expected = { dims: [n, c, rows, h, width], data: swapped(y, [h, rows], width).data };
      const attributes = { kernel_shape: kernel, pads, strides, dilations, count_include_pad: Number(countIncludePad) };
      expectNode({ op: 'AveragePool', opset: 19, attributes, inputs: [x], variant }, expected, ROUNDING * 20);
    }
  });

  test('NaN and infinities reach the windows that see them and no others; NaN wins', () => {
    const x = array([1, 1, 3, 5], [0, 1, 2, 3, -1, -5, Number.NaN, 2, Number.POSITIVE_INFINITY, 1, 0, 0, 0, Number.NEGATIVE_INFINITY, 1]);
    for (const kernel of [
      [1, 2],
      [2, 1],
      [3, 3],
      [1, 1],
    ]) {
      expectPools({ x: x.dims, kernel }, x);
      expectPools({ x: x.dims, kernel, pads: [0, 1, 0, 0] }, x);
    }
    for (const place of [0, 7, 14]) {
      const one = random([1, 1, 3, 5], place);
      one.data[place] = Number.NaN;
      expectNode({ op: 'GlobalMaxPool', inputs: [one], variant }, array([1, 1, 1, 1], [Number.NaN]), 0);
    }
  });

  // ONNX: floor((size + pads - extent) / stride + 1) windows, rounded up with ceil_mode.
  test.each<[string, PoolCase, readonly number[]]>([
    ['of one place too many', { x: [1, 3, 2, 5], kernel: [3, 3] }, [1, 3, 0, 3]],
    ['of less than a stride too many', { x: [2, 4, 2], kernel: [4], strides: [3] }, [2, 4, 0]],
    ['with holes', { x: [1, 5, 4], kernel: [3], dilations: [2] }, [1, 5, 0]],
    ['over padding', { x: [1, 1, 2], kernel: [4], pads: [0, 1] }, [1, 1, 0]],
    ['over nothing', { x: [1, 1, 0], kernel: [1] }, [1, 1, 0]],
    ['that reaches past the end, as ceil_mode has it', { x: [1, 5, 2, 3], kernel: [3, 4], strides: [2, 3], ceilMode: true }, [1, 5, 1, 1]],
    ['where ceil_mode does not help', { x: [1, 5, 2, 3], kernel: [4, 4], strides: [2, 2], ceilMode: true }, [1, 5, 0, 1]],
  ])('a window that does not fit: %s', (_, config, dims) => {
    const x = random(config.x, 1);
    const attributes = attributesOf(config);
    expect(maxPool(optionsOf(config, x)).dims).toEqual(dims);
    expectPools(config);
    expect(runNode({ op: 'LpPool', opset: 18, attributes, inputs: [x], variant }).dims).toEqual(dims);
  });

  test('a window that fits by less than nothing is an error', () => {
    const run = (dims: number[], attributes: Record<string, number | number[]>) =>
      failure(() => runNode({ op: 'MaxPool', attributes, inputs: [random(dims, 1)], variant })).message;
    expect(run([1, 1, 2], { kernel_shape: [4] })).toBe("node 'MaxPool_0': a window of 4 does not fit 2 positions padded by 0 and 0");
    expect(run([1, 1, 0], { kernel_shape: [2], pads: [1, 1] })).toMatch('does not fit 0 positions padded by 1 and 1');
  });

  test('a window of more places than 32 bits count', () => {
    const attributes = { kernel_shape: [70_000, 70_000], pads: [69_999, 69_999, 0, 0], count_include_pad: 1 };
    const y = runNode({ op: 'AveragePool', attributes, inputs: [array([1, 1, 1, 1], [1])], variant });
    expect(y.data[0]).toBe(Math.fround(1 / Math.fround(70_000 ** 2)));
  });

  test('maxima below zero are not lost to padding', () => {
    const x = random([1, 5, 4, 4], 1, -3, -2);
    expectPools({ x: x.dims, kernel: [3, 3], pads: [1, 1, 1, 1] }, x);
  });

  test('random configurations', () => {
    const small = (max: number, min = 1) => fc.integer({ min, max });
    const pair = (max: number, min = 1) => fc.tuple(small(max, min), small(max, min));
    const configs = fc.record({
      batch: small(2),
      channels: small(9),
      size: pair(8),
      kernel: pair(4),
      strides: pair(4),
      dilations: pair(3),
      begin: pair(3, 0),
      end: pair(3, 0),
      ceilMode: fc.boolean(),
    });
    fc.assert(
      fc.property(configs, ({ batch, channels, size, begin, end, ...rest }) => {
        fc.pre(size.every((n, i) => n + (begin[i] ?? 0) + (end[i] ?? 0) > ((rest.kernel[i] ?? 0) - 1) * (rest.dilations[i] ?? 0)));
        expectPools({ ...rest, x: [batch, channels, ...size], pads: [...begin, ...end] });
      }),
      { seed: 3, numRuns: 150 },
    );
  });
});
