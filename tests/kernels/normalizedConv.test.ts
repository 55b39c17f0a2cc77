// Batch-norm before a 1×1 convolution, which normalises its input as it packs that.

import { array, batchNormalization, clip, conv, type NdArray, random, relu } from '../reference/index.ts';
import { type GraphSpec, graphOf, type NodeSpec } from './graph.ts';
import { opsOf, withoutLayout } from './plans.ts';
import { eachVariant, expectClose, ROUNDING, runGraph, sumTolerance } from './run.ts';

const FUSED = ['f32_conv_igemm_4x8'];

interface Case {
  x: number[];
  filters: number;
  activation?: 'none' | 'Relu' | 'Clip';
  bias?: boolean;
}

function arraysOf({ x, filters, bias = true }: Case) {
  const channels = x[1] ?? 0;
  return {
    scale: random([channels], 2, -2, 2),
    shift: random([channels], 3),
    mean: random([channels], 4),
    variance: random([channels], 5, 0.5, 2),
    w: random([filters, channels, ...x.slice(2).map(() => 1)], 6),
    ...(bias ? { b: random([filters], 7) } : {}),
  };
}

function specOf(config: Case, more: NodeSpec[] = []): GraphSpec {
  const { activation = 'Relu', bias = true } = config;
  const limits = { low: array([], [-0.5]), high: array([], [0.75]) };
  return {
    inputs: { x: config.x },
    constants: { ...arraysOf(config), ...limits },
    nodes: [
      { op: 'BatchNormalization', inputs: ['x', 'scale', 'shift', 'mean', 'variance'], outputs: ['n'] },
      ...(activation === 'none' ? [] : [{ op: activation, inputs: activation === 'Clip' ? ['n', 'low', 'high'] : ['n'], outputs: ['a'] }]),
      { op: 'Conv', inputs: [activation === 'none' ? 'n' : 'a', 'w', ...(bias ? ['b'] : [])], outputs: ['y'] },
      ...more,
    ],
  };
}

function referenceOf(config: Case, x: NdArray): NdArray {
  const { scale, shift, mean, variance, w, b } = arraysOf(config);
  const n = batchNormalization({ x, scale, bias: shift, mean, variance });
  const { activation = 'Relu' } = config;
  const a = activation === 'none' ? n : activation === 'Clip' ? clip(n, -0.5, 0.75) : relu(n);
  return conv({ x: a, w, ...(b ? { b } : {}) });
}

eachVariant((variant) => {
  /** What is normalised is at most 6.66, and carries three roundings of that beside those of the sum. */
  function check(config: Case): void {
    const x = random(config.x, 1);
    const graph = graphOf(specOf(config));
    expect(withoutLayout(opsOf(graph, { x }))).toEqual(FUSED);
    const channels = config.x[1] ?? 0;
    const tolerance = 7 * (sumTolerance(channels) + 4 * channels * ROUNDING);
    expectClose(runGraph(graph, { x }, { variant })[0] as NdArray, referenceOf(config, x), tolerance);
  }

  test.each([1, 3, 4, 5, 7, 8, 17])('%i input channels', (channels) => {
    for (const filters of [1, 3, 4, 5, 7, 8, 17]) check({ x: [2, channels, 5, 3], filters });
  });

  test.each(['none', 'Relu', 'Clip'] as const)('activation %s, with and without bias', (activation) => {
    for (const bias of [true, false]) check({ x: [2, 5, 3, 3], filters: 9, activation, bias });
  });

  test.each([[[1, 5, 1, 2]], [[3, 5, 1, 1]], [[1, 5, 1, 13]], [[1, 5, 13, 1]], [[2, 3, 7, 11]], [[2, 7, 9]], [[5, 6, 1, 3]]])('%j', (x) =>
    check({ x, filters: 9 }),
  );

  // Blocks take 128 pixels, and even parts of a depth over 512.
  test.each([
    [[1, 5, 127, 1]],
    [[1, 5, 129, 1]],
    [[1, 5, 257, 1]],
    [[1, 511, 3, 3]],
    [[1, 513, 3, 3]],
    [[1, 1025, 3, 3]],
    [[1, 1100, 9, 9]],
  ])('blocks: %j', (x) => check({ x, filters: 9 }));

  test('slices of a concatenation, a residual and a clamp', () => {
    const config: Case = { x: [2, 7, 5, 3], filters: 7 };
    const spec = specOf(config);
    const before: NodeSpec[] = [
      { op: 'MaxPool', inputs: ['p'], outputs: ['x'], attributes: { kernel_shape: [1, 1] } },
      { op: 'Concat', inputs: ['x', 'p'], outputs: ['c'], attributes: { axis: 1 } },
    ];
    const after: NodeSpec[] = [
      { op: 'Add', inputs: ['y', 'p'], outputs: ['s'] },
      { op: 'Relu', inputs: ['s'], outputs: ['z'] },
      { op: 'Concat', inputs: ['z', 'c'], outputs: ['all'], attributes: { axis: 1 } },
    ];
    const graph = graphOf({ ...spec, inputs: { p: config.x }, nodes: [...before, ...spec.nodes, ...after], outputs: ['all'] });
    const p = random(config.x, 1);
    const [fused, plain] = [undefined, 0].map((maxPasses) =>
      runGraph(graph, { p }, { variant, ...(maxPasses === undefined ? {} : { maxPasses }) }),
    );
    expect(withoutLayout(opsOf(graph, { p }))).not.toContain('f32_batchnorm_c4');
    expectClose(fused?.[0] as NdArray, plain?.[0] as NdArray, 7 * (sumTolerance(7) + 28 * ROUNDING));
  });

  test('NaN and infinities reach the outputs of their pixel, as they do through the nodes one by one', () => {
    const config: Case = { x: [1, 2, 1, 6], filters: 3, activation: 'Clip' };
    const x = random(config.x, 1);
    for (const [i, value] of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].entries()) x.data[i * 2 + 1] = value;
    const graph = graphOf(specOf(config));
    expect(withoutLayout(opsOf(graph, { x }))).toEqual(FUSED);
    expectClose(runGraph(graph, { x }, { variant })[0] as NdArray, referenceOf(config, x), 1e-5);
  });
});
