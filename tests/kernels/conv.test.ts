import fc from 'fast-check';
import { add, array, conv, type NdArray, random, relu } from '../reference/index.ts';
import { type ConvCase, convArrays, convFloat32, convNode, convReference, expectConv } from './convCase.ts';
import { graphOf } from './graph.ts';
import { opsOf, withoutLayout } from './plans.ts';
import { eachVariant, expectClose, expectNode, ROUNDING, runGraph, runNode, sumTolerance } from './run.ts';

const channelCounts = [1, 3, 4, 5, 7, 8, 17];

const shapes: Record<string, ConvCase> = {
  'one pixel': { x: [1, 3, 1, 1], w: [5, 3, 1, 1] },
  'one pixel in padding': { x: [1, 3, 1, 1], w: [5, 3, 3, 3], pads: [1, 1, 1, 1] },
  'one row': { x: [1, 5, 1, 13], w: [9, 5, 1, 3] },
  'one column': { x: [1, 5, 13, 1], w: [9, 5, 3, 1] },
  'odd sizes': { x: [1, 3, 7, 11], w: [5, 3, 3, 5], pads: [1, 2, 1, 2] },
  'the kernel as large as the picture': { x: [1, 3, 5, 6], w: [4, 3, 5, 6] },
  'batch of 3': { x: [3, 4, 5, 3], w: [9, 4, 3, 3], pads: [1, 1, 1, 1] },
  'batch whose pictures end inside a tile': { x: [5, 2, 1, 3], w: [3, 2, 1, 2] },
  'rows of the kernel that lie side by side, and at the edges do not': {
    x: [2, 3, 9, 17],
    w: [5, 3, 3, 5],
    pads: [1, 2, 1, 2],
    strides: [2, 2],
  },
  'one pixel of a strided padded row': { x: [1, 3, 1, 1], w: [5, 3, 1, 1], pads: [0, 0, 1, 1], strides: [2, 2] },
  'an even kernel': { x: [1, 3, 6, 6], w: [5, 3, 2, 4] },
  'stride 2': { x: [2, 3, 9, 8], w: [8, 3, 3, 3], strides: [2, 2], pads: [1, 1, 1, 1] },
  'different strides': { x: [1, 3, 9, 9], w: [8, 3, 3, 3], strides: [1, 3] },
  'stride over the kernel': { x: [1, 3, 11, 9], w: [5, 3, 2, 1], strides: [4, 3] },
  'stride over the picture': { x: [2, 3, 4, 4], w: [5, 3, 3, 3], strides: [9, 9] },
  'padding on top': { x: [1, 3, 4, 4], w: [5, 3, 3, 3], pads: [2, 0, 0, 0] },
  'padding on the left': { x: [1, 3, 4, 4], w: [5, 3, 3, 3], pads: [0, 2, 0, 0] },
  'padding on the bottom': { x: [1, 3, 4, 4], w: [5, 3, 3, 3], pads: [0, 0, 2, 0] },
  'padding on the right': { x: [1, 3, 4, 4], w: [5, 3, 3, 3], pads: [0, 0, 0, 2] },
  'padding over the kernel': { x: [1, 3, 3, 2], w: [5, 3, 2, 2], pads: [4, 5, 3, 4] },
  'padding and stride over the kernel': { x: [1, 3, 3, 3], w: [5, 3, 2, 2], pads: [5, 5, 5, 5], strides: [3, 3] },
  dilation: { x: [1, 3, 9, 8], w: [5, 3, 3, 2], dilations: [2, 3] },
  'dilation over the picture, in padding': { x: [1, 3, 3, 3], w: [5, 3, 3, 3], dilations: [4, 4], pads: [4, 4, 4, 4] },
  'dilation and stride': { x: [2, 3, 11, 11], w: [5, 3, 3, 3], dilations: [2, 2], strides: [2, 3], pads: [2, 1, 0, 2] },
  'two groups of 3 channels': { x: [1, 6, 5, 5], w: [10, 3, 3, 3], group: 2, pads: [1, 1, 1, 1] },
  'three groups of 3 channels, 1 filter each': { x: [2, 9, 4, 4], w: [3, 3, 2, 2], group: 3 },
  'four groups of 8 channels': { x: [1, 32, 3, 3], w: [32, 8, 3, 3], group: 4, pads: [1, 1, 1, 1] },
  'five groups of 1 channel, 9 filters each': { x: [1, 5, 3, 3], w: [45, 1, 3, 3], group: 5 },
  'channel multiplier 2': { x: [1, 7, 6, 6], w: [14, 1, 3, 3], group: 7, pads: [1, 1, 1, 1] },
  'no bias': { x: [1, 3, 5, 5], w: [9, 3, 3, 3], bias: false },
  'one dimension': { x: [2, 3, 11], w: [5, 3, 3], pads: [1, 2], strides: [2], dilations: [2] },
  'one dimension, one position': { x: [1, 4, 1], w: [4, 4, 1] },
  'one dimension in groups': { x: [1, 6, 9], w: [4, 3, 3], group: 2, autoPad: 'SAME_UPPER' },
  'opset 7': { x: [1, 3, 5, 5], w: [5, 3, 3, 3], opset: 7 },
  'opset 21': { x: [1, 3, 5, 5], w: [5, 3, 3, 3], opset: 21 },
  // 130 filters of 600 are packed at load in parts of 3 panels.
  'weights that are staged in parts': { x: [1, 600, 2, 2], w: [130, 600, 1, 1] },
  'grouped weights that are staged in parts': { x: [1, 60, 3, 3], w: [60, 12, 3, 5], group: 5, pads: [1, 2, 1, 2] },
  'grouped weights that are staged in parts of several groups': { x: [1, 264, 2, 2], w: [286, 24, 3, 3], group: 11, pads: [1, 1, 1, 1] },
};

eachVariant((variant) => {
  test.each(channelCounts)('%i input channels, 1 to 17 output channels', (channels) => {
    for (const filters of channelCounts) expectConv(variant, { x: [1, channels, 5, 3], w: [filters, channels, 3, 3], pads: [1, 1, 1, 1] });
  });

  test.each(Object.entries(shapes))('%s', (_, config) => expectConv(variant, config));

  test.each(['SAME_UPPER', 'SAME_LOWER', 'VALID', 'NOTSET'] as const)('auto_pad %s', (autoPad) => {
    for (const stride of [1, 2, 3]) {
      for (const [height, width] of [
        [5, 6],
        [7, 3],
        [1, 4],
      ] as const) {
        const same = autoPad.startsWith('SAME');
        const config = { x: [1, 3, height, width], w: [5, 3, same ? 2 : 1, 3], strides: [stride, stride], autoPad };
        expectConv(variant, config);
        if (same) expectConv(variant, { ...config, dilations: [3, 2] });
      }
    }
  });

  // The depth is cut into even blocks of at most 512, also inside a tap; of 8192 for four pixels, 2730 for twelve.
  test.each([511, 512, 513, 1024, 1025, 1100])('depth %i', (depth) => {
    expectConv(variant, { x: [1, depth, 8, 9], w: [9, depth, 1, 1] });
  });

  test.each([
    [1, 8193],
    [3, 2731],
    [4, 2049],
  ])('%i rows and columns of depth %i', (size, depth) => {
    expectConv(variant, { x: [1, depth, size, size], w: [9, depth, 1, 1], pads: size === 1 ? [0, 0, 1, 1] : undefined });
  });

  test.each([57, 114, 171])('3×3 over %i channels: blocks of the depth end inside a tap', (channels) => {
    expectConv(variant, { x: [1, channels, 8, 9], w: [9, channels, 3, 3], pads: [1, 1, 1, 1] });
  });

  // A block is 128 pixels of up to 256, 64 of 512.
  test.each([
    [127, 8],
    [128, 8],
    [129, 8],
    [257, 8],
    [63, 512],
    [64, 512],
    [65, 512],
    [129, 513],
  ])('%i pixels of depth %i', (pixels, channels) => {
    expectConv(variant, { x: [1, channels, 1, pixels], w: [9, channels, 1, 1] });
  });

  test('pixel blocks in several pictures, padding and groups', () => {
    expectConv(variant, { x: [3, 10, 9, 9], w: [18, 5, 3, 3], group: 2, pads: [1, 1, 1, 1] });
  });

  test.each(['residual', 'residual and Relu', 'Relu'])('%s fused', (what) => {
    for (const config of [
      { x: [1, 3, 5, 5], w: [7, 3, 3, 3], pads: [1, 1, 1, 1] },
      { x: [2, 6, 3, 3], w: [10, 3, 1, 1], group: 2 },
      { x: [1, 600, 9, 9], w: [9, 600, 1, 1], bias: false }, // Two blocks of the depth: the residual counts once.
      { x: [1, 2, 13, 13], w: [5, 2, 1, 1] }, // Two blocks of pixels.
      ...[3, 8, 11, 17, 33].map((filters) => ({ x: [1, 7, 1, 1], w: [filters, 7, 1, 1] })), // Matrix times vector.
      { x: [1, 10, 1, 1], w: [34, 5, 1, 1], group: 2 },
    ] satisfies ConvCase[]) {
      const arrays = convArrays(config);
      const node = convNode(config, arrays);
      const product = convReference(config, arrays);
      const r = random(product.dims, 4);
      const names = arrays.b ? ['x', 'w', 'b'] : ['x', 'w'];
      const added = what.startsWith('residual');
      const graph = graphOf({
        inputs: added ? { x: config.x, r: r.dims } : { x: config.x },
        constants: Object.fromEntries(names.slice(1).map((name, i) => [name, node.inputs[i + 1] as NdArray])),
        nodes: [
          { op: 'Conv', inputs: names, outputs: ['c'], attributes: node.attributes },
          ...(added ? [{ op: 'Add', inputs: ['c', 'r'], outputs: ['a'] }] : []),
          ...(what.endsWith('Relu') ? [{ op: 'Relu', inputs: [added ? 'a' : 'c'] }] : []),
        ],
      });
      const feeds: Record<string, NdArray> = added ? { x: arrays.x, r } : { x: arrays.x };
      const kernel = config.x[2] === 1 ? 'f32_gemv_1x16' : 'f32_conv_igemm_4x8';
      expect(withoutLayout(opsOf(graph, feeds))).toEqual([kernel]);
      const sum = added ? add(product, r) : product;
      const expected = what.endsWith('Relu') ? relu(sum) : sum;
      // The residual is one more term.
      const tolerance = sumTolerance((config.x[1] ?? 0) * (config.w[2] ?? 0) * (config.w[3] ?? 0)) + 2 * ROUNDING;
      expectClose(runGraph(graph, feeds, { variant })[0] as NdArray, expected, tolerance);
    }
  });

  test('infinities and NaN reach the outputs that see them and no others', () => {
    const x = array([1, 1, 1, 7], [0, 1, Number.POSITIVE_INFINITY, 0, 1, Number.NaN, 0]);
    const w = array([1, 1, 1, 2], [1, 0.5]);
    expectNode({ op: 'Conv', inputs: [x, w], constants: [1], variant }, conv({ x, w }), 0);
  });

  test('every picture of a batch gives the bits it gives alone', () => {
    const config: ConvCase = { x: [5, 5, 7, 5], w: [9, 5, 3, 3], pads: [1, 1, 1, 1], strides: [2, 1] };
    const arrays = convArrays(config);
    const together = runNode({ ...convNode(config, arrays), variant });
    const size = together.data.length / 5;
    for (let n = 0; n < 5; n++) {
      const x = array([1, 5, 7, 5], arrays.x.data.subarray(n * 175, (n + 1) * 175));
      const alone = runNode({ ...convNode(config, { ...arrays, x }), variant });
      expect(alone.data).toEqual(together.data.subarray(n * size, (n + 1) * size));
    }
  });

  test('random configurations', () => {
    const small = (max: number, min = 1) => fc.integer({ min, max });
    const pair = (max: number, min = 1) => fc.tuple(small(max, min), small(max, min));
    const configs = fc.record({
      batch: small(3),
      group: small(3),
      channels: small(9),
      filters: small(9),
      size: pair(7),
      kernel: pair(3),
      strides: pair(4),
      dilations: pair(3),
      begin: pair(3, 0),
      end: pair(3, 0),
      bias: fc.boolean(),
    });
    fc.assert(
      fc.property(configs, ({ batch, group, channels, filters, size, kernel, begin, end, strides, dilations, bias }) => {
        fc.pre(size.every((n, i) => n + (begin[i] ?? 0) + (end[i] ?? 0) > ((kernel[i] ?? 0) - 1) * (dilations[i] ?? 0)));
        const x = [batch, group * channels, ...size];
        const w = [group * filters, channels, ...kernel];
        expectConv(variant, { x, w, group, pads: [...begin, ...end], strides, dilations, bias });
      }),
      { seed: 1, numRuns: 150 },
    );
  });
});

test.each(Object.entries(shapes))('strict, to the last bit: %s', (_, config) => {
  const arrays = convArrays(config);
  expectNode(convNode(config, arrays), convFloat32(config, arrays), 0);
});
