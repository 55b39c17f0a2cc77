import {
  array,
  at,
  groupNormalization,
  instanceNormalization,
  layerNormalization,
  meanVarianceNormalization,
  type NdArray,
  random,
} from '../reference/index.ts';
import { graphOf } from './graph.ts';
import { eachVariant, expectClose, expectNode, ROUNDING, runGraph, runNode } from './run.ts';

/**
 * How far y may be off: x - mean by some roundings of the mean's parts, and 1 / deviation (at most `largest`) makes that larger; scale and
 * bias, in [-1, 1], add a few.
 */
const tolerance = (largest = 4): number => 16 * ROUNDING * Math.max(1, largest);

/** One picture, a batch, single pixels, one and three spatial dimensions, sets of more elements than a partial sum has (256). */
const shapes = [
  [1, 4, 5, 6],
  [3, 6, 4, 3],
  [2, 12, 1, 3],
  [1, 8, 20, 19],
  [2, 4, 9],
  [1, 4, 300],
  [2, 4, 2, 3, 5],
];

eachVariant((variant) => {
  describe('InstanceNormalization', () => {
    function expectInstance(dims: number[], epsilon?: number, x = random(dims, 1)): void {
      const [scale, bias] = [random([dims[1] ?? 0], 2), random([dims[1] ?? 0], 3)];
      const node = { op: 'InstanceNormalization', attributes: { epsilon }, inputs: [x, scale, bias], constants: [1, 2], variant };
      expectNode(node, instanceNormalization({ x, scale, bias, epsilon }), tolerance(8));
    }

    test.each(shapes.map((dims) => [dims]))('%j', (dims) => {
      expectInstance(dims);
      expectInstance(dims, 0.25);
    });

    test.each([1, 3, 4, 5, 7, 8, 17])('%i channels', (channels) => {
      expectInstance([2, channels, 5, 4]);
      expectInstance([1, channels, 11]);
    });

    test('one pixel gives the bias', () => expectInstance([2, 5, 1, 1]));

    test('a mean that is large beside the deviation', () => {
      const x = random([1, 4, 16, 16], 1, 999, 1001);
      const [scale, bias] = [array([4], [1, 1, 1, 1]), array([4])];
      // The mean's rounding alone is 2^-15, in numbers whose deviation is 0.58.
      const node = { op: 'InstanceNormalization', inputs: [x, scale, bias], constants: [1, 2], variant };
      expectNode(node, instanceNormalization({ x, scale, bias }), 2 ** -13);
    });

    test('NaN and infinities stay in their channel', () => {
      const x = random([2, 3, 2, 4], 1);
      x.data[9] = Number.NaN;
      x.data[30] = Number.POSITIVE_INFINITY;
      const [scale, bias] = [random([3], 2), random([3], 3)];
      const y = runNode({ op: 'InstanceNormalization', inputs: [x, scale, bias], constants: [1, 2], variant });
      const broken = (i: number) => [1, 3].includes(Math.floor(i / 8));
      expect(Array.from(y.data, (value, i) => broken(i) || Number.isFinite(value))).not.toContain(false);
      expect(Array.from(y.data.subarray(8, 16), Number.isNaN)).not.toContain(false);
    });
  });

  describe('GroupNormalization', () => {
    function expectGroups(dims: number[], groups: number, epsilon?: number): void {
      const x = random(dims, 1);
      for (const perGroup of [true, false]) {
        const length = perGroup ? groups : (dims[1] ?? 0);
        const [scale, bias] = [random([length], 2), random([length], 3)];
        const node = {
          op: 'GroupNormalization',
          opset: perGroup ? 18 : 21,
          attributes: { num_groups: groups, epsilon },
          inputs: [x, scale, bias],
          constants: [1, 2],
          variant,
        };
        expectNode(node, groupNormalization({ x, scale, bias, groups, perGroup, epsilon }), tolerance());
      }
    }

    test.each(shapes.map((dims) => [dims]))('%j', (dims) => {
      for (const groups of [1, 2, dims[1] ?? 1]) expectGroups(dims, groups);
      expectGroups(dims, 2, 0.5);
    });

    test.each([
      [1, 1],
      [3, 3],
      [6, 3],
      [8, 2],
      [14, 2],
      [15, 3],
      [51, 3],
    ])('%i channels in %i groups', (channels, groups) => {
      expectGroups([2, channels, 5, 4], groups);
      expectGroups([1, channels, 3], groups);
    });

    test('groups that do not divide the channels, and scales of the wrong length', () => {
      const node = (groups: number, length: number, opset = 18) => ({
        op: 'GroupNormalization',
        opset,
        attributes: { num_groups: groups },
        inputs: [random([1, 6, 2, 2], 1), random([length], 2), random([length], 3)],
        variant,
      });
      for (const bad of [node(4, 4), node(0, 1), node(-2, 2), node(2, 6), node(2, 2, 21)]) {
        expect(() => runNode(bad)).toThrow(expect.objectContaining({ code: 'INVALID_MODEL' }));
      }
    });
  });

  describe('LayerNormalization', () => {
    function expectLayers(dims: number[], axis: number, affine: { scale: number[]; bias?: number[] }, epsilon?: number): void {
      const x = random(dims, 1);
      const [scale, bias] = [random(affine.scale, 2), affine.bias && random(affine.bias, 3)];
      const expected = layerNormalization({ x, scale, ...(bias ? { bias } : {}), axis, epsilon });
      const largest = Math.max(...expected.inverse.data);
      const attributes = { axis, epsilon };
      const node = { op: 'LayerNormalization', opset: 17, attributes, inputs: [x, scale, bias], constants: [1, 2], variant };
      expectNode(node, expected.y, tolerance(largest));
      const graph = graphOf({
        opset: 17,
        inputs: { x: dims },
        constants: { scale, ...(bias ? { bias } : {}) },
        nodes: [{ op: node.op, attributes, inputs: ['x', 'scale', ...(bias ? ['bias'] : [])], outputs: ['y', 'mean', 'inverse'] }],
        outputs: ['y', 'mean', 'inverse'],
      });
      const [y, mean, inverse] = runGraph(graph, { x }, { variant }) as [NdArray, NdArray, NdArray];
      expectClose(y, expected.y, tolerance(largest));
      expectClose(mean, expected.mean, 8 * ROUNDING);
      expectClose(inverse, expected.inverse, tolerance(largest) * largest);
      // The mean alone is asked for, or the third output and not the second.
      const two = runGraph({ ...graph, outputs: [{ name: 'mean' }] }, { x }, { variant }) as [NdArray];
      expect(two[0].data).toEqual(mean.data);
      const [node0] = graph.nodes;
      const gap = {
        ...graph,
        nodes: [{ ...(node0 as typeof node0 & object), outputs: ['y', '', 'inverse'] }],
        outputs: [{ name: 'inverse' }],
      };
      expect((runGraph(gap, { x }, { variant })[0] as NdArray).data).toEqual(inverse.data);
    }

    test.each(shapes.map((dims) => [dims]))('%j, every axis', (dims) => {
      for (let axis = 0; axis < dims.length; axis++) {
        const rest = dims.slice(axis);
        // A set of one element has a deviation of sqrt(epsilon).
        const epsilon = rest.every((dim) => dim === 1) ? 0.1 : undefined;
        expectLayers(dims, axis, { scale: rest, bias: rest }, epsilon);
        expectLayers(dims, axis - dims.length, { scale: rest }, epsilon);
      }
    });

    test.each([1, 3, 4, 5, 7, 8, 17, 255, 256, 257, 768])('rows of %i', (length) => {
      expectLayers([3, length], -1, { scale: [length], bias: [length] }, 0.01);
      expectLayers([2, 3, length], 2, { scale: [length] }, 0.01);
    });

    test('scale and bias that broadcast', () => {
      expectLayers([2, 3, 4, 5], 1, { scale: [4, 1], bias: [5] });
      expectLayers([2, 3, 4, 5], 2, { scale: [1], bias: [1, 5] });
      expectLayers([2, 3, 4, 5], 1, { scale: [], bias: [3, 1, 1] });
      expectLayers([2, 3, 4], 2, { scale: [1, 1, 4], bias: [1, 4] });
    });

    test('a vector', () => expectLayers([9], 0, { scale: [9], bias: [9] }));

    test('behind a convolution, over its channels', () => {
      const [x, w] = [random([1, 3, 4, 5], 1), random([6, 3, 1, 1], 2)];
      const [scale, bias] = [random([6], 3), random([6], 4)];
      const nodes = [
        { op: 'Conv', inputs: ['x', 'w'] },
        { op: 'Transpose', attributes: { perm: [0, 2, 3, 1] }, inputs: ['Conv_0'] },
        { op: 'LayerNormalization', inputs: ['Transpose_1', 'scale', 'bias'] },
        { op: 'Transpose', attributes: { perm: [0, 3, 1, 2] }, inputs: ['LayerNormalization_2'] },
      ];
      const graph = graphOf({ opset: 17, inputs: { x: x.dims }, constants: { w, scale, bias }, nodes });
      const [y] = runGraph(graph, { x }, { variant }) as [NdArray];
      const half = graphOf({ opset: 17, inputs: { x: x.dims }, constants: { w }, nodes: nodes.slice(0, 2) });
      const [middle] = runGraph(half, { x }, { variant }) as [NdArray];
      const normalized = layerNormalization({ x: middle, scale, bias });
      const expected = array([1, 6, 4, 5]);
      expected.data.forEach((_, i) => {
        expected.data[i] = at(normalized.y.data, (i % 20) * 6 + Math.floor(i / 20));
      });
      expectClose(y, expected, tolerance(Math.max(...normalized.inverse.data)));
    });

    test('scales that do not fit, axes outside', () => {
      const node = (scale: number[], axis = -1) => ({
        op: 'LayerNormalization',
        opset: 17,
        attributes: { axis },
        inputs: [random([2, 3, 4], 1), random(scale, 2)],
        variant,
      });
      for (const bad of [node([3]), node([2, 4]), node([2, 1, 4]), node([4], 3), node([4], -4)]) {
        expect(() => runNode(bad)).toThrow(expect.objectContaining({ code: 'INVALID_MODEL' }));
      }
    });
  });

  describe('MeanVarianceNormalization', () => {
    const expectMvn = (dims: number[], axes?: number[]) => {
      const x = random(dims, 1);
      expectNode(
        { op: 'MeanVarianceNormalization', attributes: { axes }, inputs: [x], variant },
        meanVarianceNormalization(x, axes),
        tolerance(),
      );
    };

    test.each([1, 3, 4, 5, 7, 8, 17])('%i channels', (channels) => {
      expectMvn([3, channels, 5, 4]);
      expectMvn([1, channels, 7, 9]);
      expectMvn([2, channels, 9], [0, 2]);
    });

    test.each([[[1]], [[2, 3]], [[1, 2, 3]], [[0, 1, 2, 3]], [[-1, -2]], [[0, -3]], [[0, 0, 2, 3]], [[3, -1]]])('axes %j', (axes) =>
      expectMvn([4, 6, 5, 7], axes),
    );

    test('axes outside', () => {
      const node = { op: 'MeanVarianceNormalization', inputs: [random([2, 3, 4], 1)], variant };
      expect(() => runNode(node)).toThrow(expect.objectContaining({ code: 'INVALID_MODEL' }));
    });
  });

  test('no elements', () => {
    const [scale, bias] = [random([3], 1), random([3], 2)];
    expect(runNode({ op: 'InstanceNormalization', inputs: [array([0, 3, 2, 2]), scale, bias], variant })).toEqual(array([0, 3, 2, 2]));
    expect(runNode({ op: 'LayerNormalization', opset: 17, inputs: [array([2, 0, 3]), scale, bias], variant })).toEqual(array([2, 0, 3]));
    expect(runNode({ op: 'MeanVarianceNormalization', inputs: [array([0, 3, 2, 2])], variant })).toEqual(array([0, 3, 2, 2]));
  });
});
