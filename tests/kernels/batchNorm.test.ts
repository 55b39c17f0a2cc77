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

  describe('in training mode, by the statistics of the input', () => {
    const momentum = 0.75;
    /** The mean and the variance of each channel, and the input as [N, C, ...]. */
    function own(x: NdArray): { x: NdArray; mean: NdArray; variance: NdArray } {
      const channels = x.dims[1] ?? 1;
      const size = x.dims.slice(2).reduce((a, b) => a * b, 1);
      const groups = Array.from({ length: channels }, (_, c) => [...x.data].filter((_, i) => Math.floor(i / size) % channels === c));
      const mean = groups.map((list) => list.reduce((a, b) => a + b, 0) / list.length);
      const variance = groups.map((list, c) => list.reduce((sum, v) => sum + (v - (mean[c] ?? 0)) ** 2, 0) / list.length);
      return {
        x: array([x.dims[0] ?? 0, channels, ...x.dims.slice(2)], x.data),
        mean: array([channels], mean),
        variance: array([channels], variance),
      };
    }

    const outputs = ['y', 'm', 'v'];
    function graphFor(dims: readonly number[], constants: boolean, { opset = 15, count = 3, relued = false } = {}) {
      const vectors = statistics(dims[1] ?? 1);
      const inputs = ['scale', 'bias', 'mean', 'variance'];
      return graphOf({
        opset,
        inputs: { x: dims, ...(constants ? {} : Object.fromEntries(inputs.map((name) => [name, vectors.scale.dims]))) },
        constants: constants ? vectors : {},
        nodes: [
          {
            op: 'BatchNormalization',
            inputs: ['x', ...inputs],
            outputs: outputs.slice(0, count),
            attributes: { momentum, ...(opset < 14 ? (opset < 7 ? { is_test: 0 } : {}) : { training_mode: 1 }) },
          },
          ...(relued ? [{ op: 'Relu', inputs: ['y'], outputs: ['z'] }] : []),
        ],
        outputs: relued ? ['z', ...outputs.slice(1, count)] : outputs.slice(0, count),
      });
    }

    function expectTraining(dims: number[], options: { opset?: number; count?: number; relued?: boolean } = {}): void {
      const x = random(dims, 1);
      const vectors = statistics(dims[1] ?? 1);
      const statistic = own(x);
      const normal = batchNormalization({ ...vectors, ...statistic });
      const kept = (given: NdArray, mine: NdArray) =>
        array(
          given.dims,
          [...given.data].map((value, c) => value * momentum + (mine.data[c] ?? 0) * (1 - momentum)),
        );
      const expected = [
        { ...(options.relued ? relu(normal) : normal), dims },
        kept(vectors.mean, statistic.mean),
        kept(vectors.variance, statistic.variance),
      ];
      for (const constants of [true, false]) {
        const results = runGraph(graphFor(dims, constants, options), constants ? { x } : { x, ...vectors }, { variant });
        expect(results).toHaveLength(options.count ?? 3);
        results.forEach((result, i) => void expectClose(result, expected[i] as NdArray, 4 * TOLERANCE));
      }
    }

    test.each([1, 3, 4, 5, 7, 8, 17])('%i channels', (channels) => {
      expectTraining([2, channels, 5, 3]);
      expectTraining([3, channels]);
    });

    test.each([[[6]], [[2, 3, 7]], [[1, 6, 1, 11]], [[2, 3, 2, 3, 4]]])('%j', (dims) => {
      expectTraining(dims);
      expectTraining(dims, { relued: true });
      expectTraining(dims, { relued: true, count: 1 });
      expectTraining(dims, { count: 2 });
    });

    // Before there was an attribute the outputs said so, and before that another attribute.
    test.each([6, 7, 9, 13])('opset %i', (opset) => expectTraining([2, 5, 3, 3], { opset, count: 3 }));

    test('one number in a channel is its own mean', () => {
      const x = array([1, 2, 1, 1], [3, 4]);
      const [ones, zeros] = [array([2], [1, 1]), array([2])];
      const node = {
        op: 'BatchNormalization',
        opset: 14,
        attributes: { training_mode: 1 },
        inputs: [x, ones, zeros, zeros, zeros],
        variant,
      };
      expect([...runNode(node).data]).toEqual([0, 0]);
    });
  });

  test('[N] is one channel', () => {
    const x = random([7], 1);
    const vectors = statistics(1);
    const { scale, bias, mean, variance } = vectors;
    const expected = batchNormalization({ x: array([7, 1], x.data), ...vectors });
    for (const constants of [[], [1, 2, 3, 4]]) {
      const node = { op: 'BatchNormalization', inputs: [x, scale, bias, mean, variance], constants, variant };
      expectNode(node, { ...expected, dims: [7] }, TOLERANCE);
    }
    const wrong = { op: 'BatchNormalization', inputs: [x, ...new Array<NdArray>(4).fill(random([7], 2))], variant };
    expect(() => runNode(wrong)).toThrow('input 1 [7] does not fit 1 channels');
  });
});
