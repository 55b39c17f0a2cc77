import { array, batchNormalization, type NdArray, random, relu } from '../reference/index.ts';
import { graphOf } from './graph.ts';
import { opsOf, withoutLayout } from './plans.ts';
import { eachVariant, expectClose, expectNode, ROUNDING, runGraph, runNode } from './run.ts';

const statistics = (channels: number) => ({
  scale: random([channels], 2, -2, 2),
  bias: random([channels], 3),
  mean: random([channels], 4),
  variance: random([channels], 5, 0.5, 2),
});

/**
 * |x·a|, |mean·a| and |bias| are at most 2.83, 2.83 and 1; a carries four roundings (sum, root, quotient; the epsilon's own), and
 * the products and sums one each.
 */
const TOLERANCE = 6 * 7 * ROUNDING;

eachVariant((variant) => {
  function expectBatchNorm(dims: number[], epsilon?: number, opset = 13): void {
    const x = random(dims, 1);
    const vectors = statistics(dims[1] ?? 0);
    const { scale, bias, mean, variance } = vectors;
    const node = {
      op: 'BatchNormalization',
      opset,
      attributes: { epsilon },
      inputs: [x, scale, bias, mean, variance],
      constants: [1, 2, 3, 4],
      variant,
    };
    expectNode(node, batchNormalization({ x, ...vectors, epsilon }), TOLERANCE);
    // The layout between is a matter of the statistics being vectors, not of where they come from.
    expect(runNode({ ...node, constants: [1, 4] }).data).toEqual(runNode({ ...node, constants: [] }).data);
  }

  test.each([1, 3, 4, 5, 7, 8, 17])('%i channels', (channels) => {
    expectBatchNorm([2, channels, 5, 3]);
    expectBatchNorm([1, channels, 1, 1]);
    expectBatchNorm([3, channels]);
  });

  test.each([[[1, 5]], [[2, 3, 7]], [[1, 1, 9]], [[1, 6, 1, 11]], [[2, 3, 2, 3, 4]]])('%j', (dims) => expectBatchNorm(dims));

  // The kernel takes 64 pixels a call.
  test.each([63, 64, 65, 129])('%i pixels', (pixels) => expectBatchNorm([1, 5, pixels]));

  test.each([7, 8, 9, 14, 15, 21])('opset %i', (opset) => expectBatchNorm([1, 5, 3, 3], undefined, opset));

  test.each([0, 1e-3, 1])('epsilon %d', (epsilon) => expectBatchNorm([1, 5, 3, 3], epsilon));

  test('a variance of 0 divides by the root of epsilon', () => {
    const x = array([1, 2, 1, 1], [3, 4]);
    const [ones, zeros] = [array([2], [1, 1]), array([2])];
    const y = runNode({ op: 'BatchNormalization', inputs: [x, ones, zeros, zeros, zeros], constants: [1, 2, 3, 4], variant });
    const expected = batchNormalization({ x, scale: ones, bias: zeros, mean: zeros, variance: zeros });
    // 3 / sqrt(1e-5) is 949: five roundings of it.
    expectClose(y, expected, 5 * 1265 * ROUNDING);
  });

  test('NaN and infinities stay where they are', () => {
    const x = array([1, 2, 1, 3], [Number.NaN, 1, 2, Number.POSITIVE_INFINITY, -1, Number.NEGATIVE_INFINITY]);
    const vectors = { scale: array([2], [1, -1]), bias: array([2]), mean: array([2]), variance: array([2], [1, 1]) };
    const { scale, bias, mean, variance } = vectors;
    const node = { op: 'BatchNormalization', inputs: [x, scale, bias, mean, variance], constants: [1, 2, 3, 4], variant };
    expectNode(node, batchNormalization({ x, ...vectors }), TOLERANCE);
  });

  test('Relu fused', () => {
    const x = random([2, 5, 3, 3], 1);
    const vectors = statistics(5);
    const graph = graphOf({
      inputs: { x: x.dims },
      constants: vectors,
      nodes: [
        { op: 'BatchNormalization', inputs: ['x', 'scale', 'bias', 'mean', 'variance'] },
        { op: 'Relu', inputs: ['BatchNormalization_0'] },
      ],
    });
    expect(withoutLayout(opsOf(graph, { x }))).toEqual(['f32_batchnorm_c4']);
    expectClose(runGraph(graph, { x }, { variant })[0] as NdArray, relu(batchNormalization({ x, ...vectors })), TOLERANCE);
  });
});
