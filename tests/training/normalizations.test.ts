// Gradients of normalisations that files hold, but layers do not write.

import { failure } from '../failure.ts';
import {
  batchNormalization,
  globalLpPool,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  lpPool,
  meanVarianceNormalization,
  type NdArray,
  random,
} from '../reference/index.ts';
import { backwardPlan, expectGradients } from './gradients.ts';

type Three = [NdArray, NdArray, NdArray];

const epsilon = 0.125;
const shapes = [
  [1, 1, 1, 2],
  [2, 3, 2, 3],
  [1, 8, 3, 1],
  [3, 4, 5],
  [2, 17, 2, 2],
];

describe.each(shapes.map((dims) => [dims]))('%j', (dims) => {
  const channels = dims[1] as number;
  const vectors = [random([channels], 2, -1.5, 1.5), random([channels], 3)] as const;

  test('InstanceNormalization', () => {
    expectGradients({
      op: 'InstanceNormalization',
      attributes: { epsilon },
      inputs: [random(dims, 1), ...vectors],
      channelsLast: true,
      reference: (values) => {
        const [x, scale, bias] = values as Three;
        return instanceNormalization({ x, scale, bias, epsilon });
      },
    });
  });

  test.each([false, true])('GroupNormalization, per group %j', (perGroup) => {
    for (const groups of [1, channels % 4 === 0 ? 4 : channels]) {
      const lists = perGroup ? [random([groups], 2, -1.5, 1.5), random([groups], 3)] : vectors;
      expectGradients({
        op: 'GroupNormalization',
        opset: perGroup ? 18 : 21,
        attributes: { epsilon, num_groups: groups },
        inputs: [random(dims, 1), ...lists],
        reference: (values) => {
          const [x, scale, bias] = values as Three;
          return groupNormalization({ x, scale, bias, epsilon, groups, perGroup });
        },
      });
    }
  });

  test('LayerNormalization', () => {
    for (const axis of [-1, 1]) {
      const tail = axis < 0 ? dims.slice(-1) : dims.slice(1);
      const given = [random(dims, 1), random(tail, 2, -1.5, 1.5), random(tail, 3)];
      for (const inputs of [given, given.slice(0, 2), [given[0], random(tail.slice(-1), 4)]]) {
        expectGradients({
          op: 'LayerNormalization',
          opset: 17,
          attributes: { axis, epsilon },
          inputs,
          reference: (values) => {
            const [x, scale, bias] = values as Three;
            return layerNormalization({ x, scale, ...(values.length > 2 && { bias }), axis, epsilon }).y;
          },
        });
      }
    }
  });

  test('BatchNormalization by given statistics', () => {
    const statistics = [random([channels], 4), random([channels], 5, 0.5, 2)];
    expectGradients({
      op: 'BatchNormalization',
      attributes: { epsilon },
      inputs: [random(dims, 1), ...vectors, ...statistics],
      constants: [3, 4],
      reference: ([x, scale, bias, mean, variance]) =>
        batchNormalization({ x, scale, bias, mean, variance, epsilon } as Parameters<typeof batchNormalization>[0]),
    });
  });
});

test('MeanVarianceNormalization', () => {
  expectGradients({
    op: 'MeanVarianceNormalization',
    inputs: [random([3, 5, 2, 3], 1)],
    reference: ([x]) => meanVarianceNormalization(x as NdArray),
  });
  expectGradients({
    op: 'MeanVarianceNormalization',
    attributes: { axes: [1, -1] },
    inputs: [random([3, 5, 4], 1)],
    reference: ([x]) => meanVarianceNormalization(x as NdArray, [1, -1]),
  });
});

test.each([[[2, 3, 5, 4]], [[1, 9, 3, 3]], [[2, 4, 6]]])('LpPool of %j', (dims) => {
  const kernel = dims.slice(2).map(() => 2);
  const padded = kernel.map(() => 1);
  for (const pads of [undefined, [...padded, ...padded]]) {
    expectGradients({
      op: 'LpPool',
      opset: 18,
      attributes: { kernel_shape: kernel, pads },
      inputs: [random(dims, 1)],
      reference: ([x]) => lpPool({ x: x as NdArray, kernelShape: kernel, ...(pads && { pads }) }),
    });
  }
  expectGradients({ op: 'GlobalLpPool', inputs: [random(dims, 1)], reference: ([x]) => globalLpPool(x as NdArray) });
});

test('other lengths, and statistics that others read, have no gradient', () => {
  const x = random([1, 2, 4, 4], 1);
  const plan = (op: string, attributes: Record<string, number | number[]>, opset: number) =>
    backwardPlan({ opset, inputs: { x: x.dims }, nodes: [{ op, attributes, inputs: ['x'] }] }, { x }, ['x'], [1, 2, 3, 3]);
  const error = failure(() => plan('LpPool', { kernel_shape: [2, 2], p: 3 }, 18));
  expect(error.code).toBe('UNSUPPORTED');
  expect(error.message).toBe("node 'LpPool_0': with p 3 it has no gradient; 2 is supported");
  const statistics = failure(() =>
    backwardPlan(
      {
        opset: 17,
        inputs: { x: x.dims },
        constants: { scale: random([4], 2) },
        nodes: [{ op: 'LayerNormalization', inputs: ['x', 'scale'], outputs: ['y', 'mean'] }],
        outputs: ['y', 'mean'],
      },
      { x },
      ['x'],
      [
        [1, 2, 4, 4],
        [1, 2, 4, 1],
      ],
    ),
  );
  expect(statistics.message).toMatch('the statistics that it gives have no gradient');
});
