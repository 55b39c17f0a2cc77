// The numbers that textbooks on convolutional networks print, each from code that runs.

import { convMacs, convParameters, denseParameters, outputSize, receptiveField } from '../../src/analysis/arithmetic.ts';
import { summarize } from '../../src/analysis/summarize.ts';
import type { LayerSummary } from '../../src/analysis/summary.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { graphOf, type NodeSpec } from '../kernels/graph.ts';
import { runNode } from '../kernels/run.ts';
import { array, at, maxError, type NdArray, random } from '../reference/index.ts';
import { alexnet2012, shaped } from './alexnet2012.ts';

/** Convolutions one after the other, without biases. @param filters [out, in, height, width] each */
function stack(picture: readonly number[], filters: readonly (readonly number[])[], attributes: NodeSpec['attributes'] = {}): Graph {
  return graphOf({
    inputs: { picture },
    constants: Object.fromEntries(filters.map((dims, i) => [`w${i}`, shaped(`w${i}`, dims)])),
    nodes: filters.map((_, i) => ({ op: 'Conv', inputs: [i === 0 ? 'picture' : `y${i - 1}`, `w${i}`], outputs: [`y${i}`], attributes })),
  });
}

const last = (graph: Graph): LayerSummary => summarize(graph).layers.at(-1) as LayerSummary;

describe('shapes', () => {
  test('7×7 ⊛ 3×3 → 5×5', () => {
    expect(outputSize({ input: 7, kernel: 3 })).toBe(5);
    expect(last(stack([1, 1, 7, 7], [[1, 1, 3, 3]])).output).toEqual([1, 1, 5, 5]);
    expect(runNode({ op: 'Conv', inputs: [random([1, 1, 7, 7], 1), random([1, 1, 3, 3], 2)] }).dims).toEqual([1, 1, 5, 5]);
  });

  test.each([1, 4, 6, 10])('32×32×3 ⊛ 5×5×3 → 28×28×%i, as many as there are filters', (filters) => {
    expect(outputSize({ input: 32, kernel: 5 })).toBe(28);
    expect(last(stack([1, 3, 32, 32], [[filters, 3, 5, 5]])).output).toEqual([1, filters, 28, 28]);
    expect(runNode({ op: 'Conv', inputs: [random([1, 3, 32, 32], 1), random([filters, 3, 5, 5], 2)] }).dims).toEqual([1, filters, 28, 28]);
  });
});

describe('parameters', () => {
  test('5·5·3·4 + 5·5·4·10 weights', () => {
    const { layers, params } = summarize(
      stack(
        [1, 3, 32, 32],
        [
          [4, 3, 5, 5],
          [10, 4, 5, 5],
        ],
      ),
    );
    expect(layers.map(({ output, params }) => [output, params])).toEqual([
      [[1, 4, 28, 28], 5 * 5 * 3 * 4],
      [[1, 10, 24, 24], 5 * 5 * 4 * 10],
    ]);
    expect(params).toBe(1300);
    const weights = (from: number, to: number) => convParameters({ kernel: 5, in: from, out: to, bias: false });
    expect(weights(3, 4) + weights(4, 10)).toBe(1300);
  });

  test('3·3·128·64 = 73,728', () => {
    expect(convParameters({ kernel: 3, in: 128, out: 64, bias: false })).toBe(73_728);
    expect(last(stack([1, 128, 8, 8], [[64, 128, 3, 3]])).params).toBe(73_728);
  });

  test('two 3×3 have 18 weights where a 5×5 has 25, three have 27 where a 7×7 has 49', () => {
    const weights = (kernel: number) => convParameters({ kernel, in: 1, out: 1, bias: false });
    expect([2 * weights(3), weights(5), 3 * weights(3), weights(7)]).toEqual([18, 25, 27, 49]);
  });
});

describe('AlexNet of 2012, two towers', () => {
  const layersOf = (graph: Graph) => new Map(summarize(graph).layers.map((layer) => [layer.name, layer]));
  const conv = ['conv1', 'conv2', 'conv3', 'conv4', 'conv5'];
  const dense = ['fc6', 'fc7', 'fc8'];

  test('weights: 34,848 · 307,200 · 884,736 · 663,552 · 442,368 and 37.7 M · 16.8 M · 4.1 M', () => {
    const layers = layersOf(alexnet2012({ bias: false }));
    expect(conv.map((name) => layers.get(name)?.params)).toEqual([34_848, 307_200, 884_736, 663_552, 442_368]);
    expect(dense.map((name) => layers.get(name)?.params)).toEqual([37_748_736, 16_777_216, 4_096_000]);
    expect(dense.map((name) => ((layers.get(name)?.params ?? 0) / 1e6).toFixed(1))).toEqual(['37.7', '16.8', '4.1']);
    // Conv3 alone sees both towers: 3·3·256·384.
    expect(convParameters({ kernel: 3, in: 256, out: 384, bias: false })).toBe(884_736);
  });

  test('177 M where the 13×13×128×2 map is not pooled first', () => {
    const layers = layersOf(alexnet2012({ bias: false, pooled: false }));
    expect(layers.get('conv5')?.output).toEqual([1, 2 * 128, 13, 13]);
    expect(layers.get('fc6')?.params).toBe(177_209_344);
    expect(denseParameters({ in: 13 * 13 * 128 * 2, out: 4096, bias: false })).toBe(177_209_344);
  });

  test('60,965,224 with the biases', () => expect(summarize(alexnet2012()).params).toBe(60_965_224));

  test('maps of 55, 27 and 13 pixels from 227; from the 224 of the paper it would be 54', () => {
    const layers = layersOf(alexnet2012());
    expect(conv.map((name) => layers.get(name)?.output?.slice(1))).toEqual([
      [96, 55, 55],
      [256, 27, 27],
      [384, 13, 13],
      [384, 13, 13],
      [256, 13, 13],
    ]);
    expect(outputSize({ input: 224, kernel: 11, stride: 4 })).toBe(54);
  });

  test('multiply-accumulates of a layer are its weights times its positions', () => {
    const layers = layersOf(alexnet2012({ bias: false }));
    expect(layers.get('conv3')?.macs).toBe(884_736 * 13 * 13);
    expect(convMacs({ kernel: 3, in: 256, out: 384, output: 13 })).toBe(884_736 * 13 * 13);
  });
});

describe('receptive fields', () => {
  test('two 3×3 see 5×5, three see 7×7', () => {
    const filters = (count: number) => Array.from({ length: count }, () => [1, 1, 3, 3]);
    expect(last(stack([1, 1, 9, 9], filters(2))).receptiveField).toEqual([5, 5]);
    expect(last(stack([1, 1, 9, 9], filters(3))).receptiveField).toEqual([7, 7]);
    expect(receptiveField([{ kernel: 3 }, { kernel: 3 }])).toEqual({ size: 5, stride: 1, offset: 0 });
    expect(receptiveField([{ kernel: 3 }, { kernel: 3 }, { kernel: 3 }]).size).toBe(7);
  });

  test('by trying: exactly 25 pixels change what two 3×3 give', () => {
    const filter = array([1, 1, 3, 3], new Array(9).fill(1));
    const twice = (x: NdArray) => runNode({ op: 'Conv', inputs: [runNode({ op: 'Conv', inputs: [x, filter] }), filter] });
    const picture = array([1, 1, 5, 5]);
    const before = at(twice(picture).data, 0);
    const seen = Array.from(
      picture.data,
      (_, i) =>
        at(
          twice(
            array(
              picture.dims,
              picture.data.map((v, j) => (i === j ? 1 : v)),
            ),
          ).data,
          0,
        ) !== before,
    );
    expect(seen.filter(Boolean)).toHaveLength(25);
  });
});

test('a box blur of ninths is the mean', () => {
  const picture = random([1, 1, 7, 8], 3, 0, 255);
  const blurred = runNode({ op: 'Conv', inputs: [picture, array([1, 1, 3, 3], new Array(9).fill(1 / 9))] });
  const means = array([1, 1, 5, 6]);
  for (let y = 0; y < 5; y++) {
    for (let x = 0; x < 6; x++) {
      let sum = 0;
      for (let i = 0; i < 9; i++) sum += at(picture.data, (y + Math.floor(i / 3)) * 8 + x + (i % 3));
      means.data[y * 6 + x] = sum / 9;
    }
  }
  expect(maxError(blurred.data, means)).toBeLessThan(1e-4);
  // As a pool it is the same thing.
  const pooled = runNode({ op: 'AveragePool', inputs: [picture], attributes: { kernel_shape: [3, 3] } });
  expect(maxError(blurred.data, pooled)).toBeLessThan(1e-4);
});
