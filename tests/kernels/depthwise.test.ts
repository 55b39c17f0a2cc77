import fc from 'fast-check';
import { array, conv, type NdArray, relu } from '../reference/index.ts';
import { type ConvCase, convArrays, convAttributes, convFloat32, convNode, convReference, expectConv } from './convCase.ts';
import { graphOf } from './graph.ts';
import { opsOf, withoutLayout } from './plans.ts';
import { eachVariant, expectClose, expectNode, runGraph, sumTolerance } from './run.ts';

/** A depthwise convolution of `channels` channels. */
const depthwise = (channels: number, size: number[], kernel: number[], rest: Partial<ConvCase> = {}): ConvCase => ({
  x: [1, channels, ...size],
  w: [channels, 1, ...kernel],
  group: channels,
  ...rest,
});

const channelCounts = [2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33];

const shapes: Record<string, ConvCase> = {
  'one pixel': depthwise(5, [1, 1], [1, 1]),
  'one pixel in padding': depthwise(5, [1, 1], [3, 3], { pads: [1, 1, 1, 1] }),
  'one row': depthwise(7, [1, 11], [1, 3]),
  'one column': depthwise(7, [11, 1], [3, 1]),
  'odd sizes': depthwise(9, [7, 5], [3, 5], { pads: [1, 2, 1, 2] }),
  'the kernel as large as the picture': depthwise(5, [5, 6], [5, 6]),
  'batch of 3': { ...depthwise(9, [5, 4], [3, 3], { pads: [1, 1, 1, 1] }), x: [3, 9, 5, 4] },
  'stride 2': depthwise(9, [9, 8], [3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }),
  'kernel of 3, wide and tall': depthwise(17, [11, 14], [3, 3], { pads: [1, 1, 1, 1] }),
  'kernel of 3, wide and tall, stride 2': depthwise(18, [13, 17], [3, 3], { strides: [2, 2], pads: [1, 0, 0, 1] }),
  'kernel of 5': depthwise(17, [9, 11], [5, 5], { pads: [2, 2, 2, 2] }),
  'kernel of 5, stride 2': depthwise(19, [11, 13], [5, 5], { strides: [2, 2], pads: [2, 1, 2, 3] }),
  'kernel of 7 × 9': depthwise(9, [8, 12], [7, 9], { pads: [3, 4, 3, 4] }),
  'kernel of 2 × 7, strides 3 and 2': depthwise(9, [8, 15], [2, 7], { strides: [3, 2], pads: [0, 3, 1, 3] }),
  'different strides': depthwise(9, [9, 9], [3, 3], { strides: [1, 3] }),
  'stride over the kernel': depthwise(5, [11, 9], [2, 1], { strides: [4, 3] }),
  'padding on top': depthwise(5, [4, 4], [3, 3], { pads: [2, 0, 0, 0] }),
  'padding on the left': depthwise(5, [4, 4], [3, 3], { pads: [0, 2, 0, 0] }),
  'padding on the bottom': depthwise(5, [4, 4], [3, 3], { pads: [0, 0, 2, 0] }),
  'padding on the right': depthwise(5, [4, 4], [3, 3], { pads: [0, 0, 0, 2] }),
  'padding over the kernel': depthwise(5, [3, 2], [2, 2], { pads: [4, 5, 3, 4] }),
  'padding and stride over the kernel': depthwise(5, [3, 3], [2, 2], { pads: [5, 5, 5, 5], strides: [3, 3] }),
  dilation: depthwise(9, [9, 8], [3, 2], { dilations: [2, 3] }),
  'dilation over the picture, in padding': depthwise(5, [3, 3], [3, 3], { dilations: [4, 4], pads: [4, 4, 4, 4] }),
  'dilation that steps over the picture': depthwise(5, [2, 2], [2, 2], { dilations: [7, 7], pads: [3, 3, 3, 3] }),
  'dilation and stride': depthwise(5, [11, 11], [3, 3], { dilations: [2, 3], strides: [2, 3], pads: [2, 1, 0, 2] }),
  'no bias': depthwise(9, [5, 5], [3, 3], { bias: false }),
  'one dimension': depthwise(9, [11], [3], { pads: [1, 2], strides: [2] }),
  SAME_LOWER: depthwise(5, [6, 5], [2, 4], { autoPad: 'SAME_LOWER', strides: [1, 2] }),
  SAME_UPPER: depthwise(5, [6, 5], [2, 4], { autoPad: 'SAME_UPPER', strides: [1, 2] }),
  // 1000 filters of 25 are packed at load in parts.
  'weights that are staged in parts': depthwise(1003, [2, 2], [5, 5], { pads: [2, 2, 2, 2] }),
};

const kernels = (config: ConvCase) => {
  const graph = graphOf({
    inputs: { x: config.x, w: config.w },
    nodes: [{ op: 'Conv', inputs: ['x', 'w'], attributes: convAttributes(config) }],
  });
  return withoutLayout(opsOf(graph, { x: { dims: config.x }, w: { dims: config.w } }));
};

test('one filter per channel takes the depthwise kernel, everything else the general one', () => {
  expect(kernels(depthwise(2, [3, 3], [3, 3]))).toEqual(['f32_pack_panels', 'f32_dwconv_c8']);
  expect(kernels(depthwise(1, [3, 3], [3, 3]))).toEqual(['f32_pack_panels', 'f32_conv_igemm_4x8']);
  expect(kernels({ x: [1, 3, 3, 3], w: [6, 1, 3, 3], group: 3 })).toEqual(['f32_pack_panels', 'f32_conv_igemm_4x8']);
  expect(kernels({ x: [1, 6, 3, 3], w: [6, 2, 3, 3], group: 3 })).toEqual(['f32_pack_panels', 'f32_conv_igemm_4x8']);
});

eachVariant((variant) => {
  test.each(channelCounts)('%i channels', (channels) => {
    expectConv(variant, depthwise(channels, [5, 4], [3, 3], { pads: [1, 1, 1, 1] }));
    expectConv(variant, depthwise(channels, [5, 5], [3, 3], { strides: [2, 2] }));
  });

  test.each(Object.entries(shapes))('%s', (_, config) => expectConv(variant, config));

  test('Relu fused', () => {
    for (const channels of channelCounts) {
      const config = depthwise(channels, [4, 5], [3, 3], { pads: [1, 1, 1, 1] });
      const { x, w, b } = convArrays(config);
      const graph = graphOf({
        inputs: { x: x.dims },
        constants: { w, b: b as NdArray },
        nodes: [
          { op: 'Conv', inputs: ['x', 'w', 'b'], attributes: convAttributes(config) },
          { op: 'Relu', inputs: ['Conv_0'] },
        ],
      });
      expect(withoutLayout(opsOf(graph, { x }))).toEqual(['f32_dwconv_ring_c4']);
      const expected = relu(convReference(config, b ? { x, w, b } : { x, w }));
      expectClose(runGraph(graph, { x }, { variant })[0] as NdArray, expected, sumTolerance(9));
    }
  });

  test('infinities and NaN reach the outputs that see them and no others', () => {
    const x = array([1, 2, 1, 4], [0, 1, Number.POSITIVE_INFINITY, 0, 1, Number.NaN, 0, 2]);
    const w = array([2, 1, 1, 2], [1, 0.5, 2, 1]);
    expectNode({ op: 'Conv', attributes: { group: 2 }, inputs: [x, w], constants: [1], variant }, conv({ x, w, group: 2 }), 0);
  });

  test('random configurations', () => {
    const small = (max: number, min = 1) => fc.integer({ min, max });
    const pair = (max: number, min = 1) => fc.tuple(small(max, min), small(max, min));
    const configs = fc.record({
      batch: small(3),
      channels: small(19, 2),
      size: pair(8),
      kernel: pair(4),
      strides: pair(4),
      dilations: pair(3),
      begin: pair(4, 0),
      end: pair(4, 0),
      bias: fc.boolean(),
    });
    fc.assert(
      fc.property(configs, ({ batch, channels, size, kernel, begin, end, ...rest }) => {
        fc.pre(size.every((n, i) => n + (begin[i] ?? 0) + (end[i] ?? 0) > ((kernel[i] ?? 0) - 1) * (rest.dilations[i] ?? 0)));
        expectConv(variant, { ...depthwise(channels, size, kernel, rest), x: [batch, channels, ...size], pads: [...begin, ...end] });
      }),
      { seed: 2, numRuns: 150 },
    );
  });
});

test.each(Object.entries(shapes))('strict, to the last bit: %s', (_, config) => {
  const arrays = convArrays(config);
  expectNode(convNode(config, arrays), convFloat32(config, arrays), 0);
});
