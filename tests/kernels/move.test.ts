// Transpose, Slice, Split, Concat, Expand, Tile, DepthToSpace, SpaceToDepth, Gather, Pad, Reshape and its relatives: elements that move.

import { Tensor } from '../../src/graph/tensor.ts';
import { array, flatten, type NdArray, reshape, transpose } from '../reference/index.ts';
import * as move from '../reference/move.ts';
import { int64 } from './graph.ts';
import { expectMove, isPicture, type MoveCase, places, sizedTypes, taken, typedGraph, typedTensor } from './moves.ts';
import { eachVariant, expectTensor, runTensors } from './run.ts';

const MAX = Number(2n ** 63n - 1n);
const MIN = -(2 ** 63);

/** Pictures that break loops over four or eight lanes. */
const allPictures: readonly (readonly number[])[] = [
  [1, 1, 1, 1],
  [2, 1, 3, 5],
  [1, 3, 1, 7],
  [1, 4, 4, 1],
  [2, 5, 3, 3],
  [1, 7, 5, 2],
  [3, 8, 2, 2],
  [2, 17, 3, 5],
  [2, 6, 1, 1],
  [1, 5, 9],
  [2, 17, 1],
];

const allRanks: readonly (readonly number[])[] = [
  [5],
  [4, 7],
  [3, 1, 5],
  [2, 3, 4, 5],
  [2, 1, 3, 2, 5],
  [2, 3, 1, 2, 2, 3],
  [2, 1, 3, 2, 2, 1, 3],
];

const empty: readonly (readonly number[])[] = [[0], [0, 3], [1, 0, 4], [2, 3, 0, 5]];

const permutations = (rank: number): number[][] =>
  rank === 0
    ? [[]]
    : permutations(rank - 1).flatMap((rest) => Array.from({ length: rank }, (_, i) => [...rest.slice(0, i), rank - 1, ...rest.slice(i)]));

eachVariant((variant) => {
  const check = (given: MoveCase) => expectMove(given, variant);
  // The binaries differ in how they multiply, not in how they move.
  const strict = variant === 'strict';
  const types = strict ? sizedTypes : (['float32'] as const);
  const [pictures, ranks] = strict ? [allPictures, allRanks] : [allPictures.slice(4, 6), allRanks.slice(3, 4)];
  const reversed = (dims: readonly number[]) => dims.map((_, axis) => axis).reverse();

  describe('Transpose', () => {
    test.each([...pictures, ...empty])('all permutations of [%j, ...]', (...dims) => {
      for (const perm of permutations(dims.length)) {
        check({ op: 'Transpose', attributes: { perm }, dims, expected: (x) => transpose(x, perm) });
      }
    });

    test.each(ranks)('rank of [%j, ...], reversed and turned', (...dims) => {
      check({ op: 'Transpose', dims, expected: (x) => transpose(x) });
      const turned = dims.map((_, axis) => (axis + 2) % dims.length);
      check({ op: 'Transpose', attributes: { perm: turned }, dims, expected: (x) => transpose(x, turned) });
      const swapped = dims.map((_, axis) => (axis % 2 === 0 ? Math.min(axis + 1, dims.length - 1) : axis - 1));
      if (new Set(swapped).size === dims.length) {
        check({ op: 'Transpose', attributes: { perm: swapped }, dims, expected: (x) => transpose(x, swapped) });
      }
    });

    test('long rows', () => {
      const perm = [1, 0];
      check({ op: 'Transpose', attributes: { perm }, dims: [3, 5001], expected: (x) => transpose(x, perm) });
      check({ op: 'Transpose', attributes: { perm: [0, 2, 1] }, dims: [40, 5, 3], expected: (x) => transpose(x, [0, 2, 1]) });
      check({ op: 'Transpose', attributes: { perm: [1, 3, 0, 2] }, dims: [33, 5, 3, 6], expected: (x) => transpose(x, [1, 3, 0, 2]) });
    });
  });

  describe('Slice', () => {
    const ways: readonly (readonly [start: number, end: number, step?: number])[] = [
      [0, MAX],
      [1, MAX],
      [0, -1],
      [-2, MAX],
      [1, 3],
      [MIN, MAX, 2],
      [-1, MIN, -1],
      [MAX, MIN, -2],
      [MAX, 0, -1],
      [-100, 100, 3],
      [3, 1],
      [100, MAX],
      [MIN, MIN],
      [-100, MIN, -1],
      [0, MAX, MAX],
      [-1, MIN, MIN],
    ];

    test.each([...pictures, ...ranks, ...empty])('[%j, ...] along each axis', (...dims) => {
      ways.forEach(([start, end, step], way) => {
        dims.forEach((_, axis) => {
          const a = (way + axis) % 2 === 0 ? axis : axis - dims.length;
          const lists = [[start], [end], [a], step === undefined ? undefined : [step]];
          const options = { starts: [start], ends: [end], axes: [a], steps: step === undefined ? undefined : [step] };
          check({ op: 'Slice', dims, lists, expected: (x) => move.slice(x, options) });
        });
      });
    });

    test('several axes at once, in any order, and axes and steps left out', () => {
      const dims = [2, 9, 5, 7];
      const all = { starts: [-1, 6, 1], ends: [MIN, 0, 5], axes: [3, 1, -2], steps: [-3, -2, 2] };
      check({ op: 'Slice', dims, lists: [all.starts, all.ends, all.axes, all.steps], expected: (x) => move.slice(x, all) });
      const first = { starts: [1, 2], ends: [2, 7] };
      check({ op: 'Slice', dims, lists: [first.starts, first.ends], expected: (x) => move.slice(x, first) });
      check({ op: 'Slice', opset: 9, attributes: first, dims, expected: (x) => move.slice(x, first) });
      const axes = { ...first, axes: [1, -1] };
      check({ op: 'Slice', opset: 9, attributes: axes, dims, expected: (x) => move.slice(x, axes) });
    });
  });

  describe('Split', () => {
    test.each([...pictures, ...ranks])('[%j, ...] along each axis', (...dims) => {
      dims.forEach((size, axis) => {
        const first = Math.floor(size / 3);
        for (const lengths of [[size], [1, size - 1], [first, 0, size - first], Array.from({ length: size }, () => 1)]) {
          const expected = (x: NdArray) => move.split(x, lengths, axis);
          check({ op: 'Split', attributes: { axis }, dims, lists: [lengths], expected });
          check({ op: 'Split', opset: 12, attributes: { axis: axis - dims.length, split: lengths }, dims, expected });
        }
      });
    });

    test('even parts, the last of which is shorter', () => {
      check({ op: 'Split', dims: [6, 5], expected: (x) => move.split(x, [2, 2, 2]) });
      check({
        op: 'Split',
        opset: 18,
        attributes: { axis: 1, num_outputs: 3 },
        dims: [2, 7, 3],
        expected: (x) => move.split(x, [3, 3, 1], 1),
      });
      check({ op: 'Split', dims: [0, 5], expected: (x) => move.split(x, [0, 0]) });
    });
  });

  describe('Concat', () => {
    test.each([...pictures, ...ranks, ...empty])('[%j, ...] with others along each axis', (...dims) => {
      dims.forEach((size, axis) => {
        for (const a of [axis, axis - dims.length]) {
          for (const type of a < 0 ? (['float32'] as const) : types) {
            const sizes = [size, 1, 0, size + 2];
            const inputs = sizes.map((length, i) => typedTensor(type, dims.with(axis, length), i + 1));
            const feeds = Object.fromEntries(inputs.map((tensor, i) => [`x${i}`, tensor]));
            const names = Object.keys(feeds);
            const shapes = Object.fromEntries(names.map((name, i) => [name, inputs[i]?.dims ?? []]));
            const graph = typedGraph(
              { inputs: shapes, nodes: [{ op: 'Concat', attributes: { axis: a }, inputs: [...names, 'x0'] }] },
              Object.fromEntries(names.map((name) => [name, type])),
            );
            const [y] = runTensors(graph, feeds, { variant });
            // The places of all inputs' elements, one after the other.
            let next = 0;
            const parts = [...inputs].map(({ dims }) =>
              array(
                dims,
                Float64Array.from({ length: dims.reduce((p, d) => p * d, 1) }, () => next++),
              ),
            );
            const whole = typedTensor(type, [next]);
            inputs.reduce((at, { data }) => {
              whole.data.set(data as never, at);
              return at + data.length;
            }, 0);
            expectTensor(y, taken(whole, move.concat([...parts, parts[0] as NdArray], axis)));
          }
        }
      });
    });
  });

  describe('Expand', () => {
    test.each([
      [[1], [5]],
      [
        [3, 1],
        [3, 4],
      ],
      [
        [3, 1],
        [2, 1, 6],
      ],
      [
        [1, 5, 1, 1],
        [2, 5, 3, 7],
      ],
      [
        [1, 1, 3, 5],
        [4, 17, 1, 1],
      ],
      [[2, 3, 4, 5], [1]],
      [[2, 3, 4, 5], []],
      [[], [2, 3]],
      [
        [1, 4, 1],
        [0, 4, 3],
      ],
      [
        [1, 3, 1, 2, 1, 2, 1],
        [2, 1, 2, 2, 3, 1, 2],
      ],
    ])('%j to %j', (dims, shape) => {
      check({ op: 'Expand', dims, lists: [shape], expected: (x) => move.expand(x, shape) });
    });
  });

  describe('Tile', () => {
    test.each([
      [[3], [4]],
      [
        [2, 3],
        [1, 1],
      ],
      [
        [2, 3],
        [2, 3],
      ],
      [
        [1, 1],
        [3, 5],
      ],
      [
        [2, 5, 3, 3],
        [1, 2, 1, 2],
      ],
      [
        [2, 5, 3, 3],
        [2, 1, 2, 1],
      ],
      [
        [1, 3, 2, 5],
        [2, 2, 3, 2],
      ],
      [
        [2, 3, 1, 5],
        [1, 0, 2, 1],
      ],
      [
        [2, 1, 2, 1, 3, 1, 2],
        [1, 2, 1, 3, 1, 2, 2],
      ],
    ])('%j times %j', (dims, repeats) => {
      check({ op: 'Tile', dims, lists: [repeats], expected: (x) => move.tile(x, repeats) });
    });
  });

  describe('DepthToSpace and SpaceToDepth', () => {
    test.each([1, 2, 3])('blocks of %i', (blocksize) => {
      for (const depth of [1, 3, 4, 5]) {
        for (const [n, h, w] of [
          [1, 1, 1],
          [2, 3, 5],
          [1, 4, 1],
          [3, 0, 2],
        ] as const) {
          const deep = [n, depth * blocksize ** 2, h, w];
          for (const mode of ['DCR', 'CRD'] as const) {
            const expected = (x: NdArray) => move.depthToSpace(x, blocksize, mode);
            check({ op: 'DepthToSpace', attributes: { blocksize, mode }, dims: deep, expected });
          }
          check({ op: 'DepthToSpace', opset: 10, attributes: { blocksize }, dims: deep, expected: (x) => move.depthToSpace(x, blocksize) });
          const wide = [n, depth, h * blocksize, w * blocksize];
          check({ op: 'SpaceToDepth', attributes: { blocksize }, dims: wide, expected: (x) => move.spaceToDepth(x, blocksize) });
        }
      }
    });
  });

  describe('Reshape, Flatten, Squeeze, Unsqueeze', () => {
    test.each([...pictures, ...ranks])('[%j, ...]', (...dims) => {
      for (const shape of [[-1], [0, -1], [1, -1, 1], [...reversed(dims).map((axis) => dims[axis] ?? 1)], [...dims, 1, 1]]) {
        if (shape[0] === 0 && dims.length === 1) continue;
        check({ op: 'Reshape', dims, lists: [shape], expected: (x) => reshape(x, shape) });
      }
      for (let axis = -dims.length; axis <= dims.length; axis++) {
        check({ op: 'Flatten', attributes: { axis }, dims, expected: (x) => flatten(x, axis) });
      }
      check({ op: 'Squeeze', dims, expected: (x) => move.squeeze(x) });
      dims.forEach((size, axis) => {
        const unsqueezed = [axis, axis - dims.length];
        check({ op: 'Unsqueeze', dims, lists: [unsqueezed], expected: (x) => move.unsqueeze(x, unsqueezed) });
        check({ op: 'Unsqueeze', opset: 12, attributes: { axes: [axis] }, dims, expected: (x) => move.unsqueeze(x, [axis]) });
        if (size !== 1) return;
        check({ op: 'Squeeze', dims, lists: [[axis - dims.length]], expected: (x) => move.squeeze(x, [axis]) });
        check({ op: 'Squeeze', opset: 12, attributes: { axes: [axis] }, dims, expected: (x) => move.squeeze(x, [axis]) });
      });
    });

    test('of nothing', () => {
      check({
        op: 'Reshape',
        dims: [0, 3],
        lists: [[3, 0]],
        attributes: { allowzero: 1 },
        opset: 14,
        expected: (x) => reshape(x, [3, 0], true),
      });
      check({ op: 'Reshape', dims: [0, 3, 4], lists: [[0, -1]], expected: (x) => array([0, 12], x.data) });
      check({ op: 'Flatten', dims: [2, 0, 3], expected: (x) => flatten(x) });
    });
  });

  describe('Gather by indices that are known', () => {
    const lists = [[0], [-1], [0, 0], [1, 0], [-1, -2, 0, 1], [0, 1], [1, 1, 0]];

    test.each([...pictures, ...ranks])('[%j, ...] along each axis', (...dims) => {
      dims.forEach((size, axis) => {
        for (const list of lists.filter((l) => l.every((i) => i >= -size && i < size))) {
          for (const shape of [[list.length], [1, list.length], [list.length, 1, 1], ...(list.length === 1 ? [[]] : [])]) {
            const indices = array(shape, list);
            const constant = { ...int64('i', list), dims: shape };
            for (const type of types) {
              const x = typedTensor(type, dims);
              const nodes = [{ op: 'Gather', attributes: { axis: axis - dims.length }, inputs: ['x', 'i'] }];
              const graph = typedGraph({ inputs: { x: dims }, constants: { i: constant }, nodes }, { x: type });
              const expected = move.gather(places(dims), indices, axis);
              expectTensor(runTensors(graph, { x }, { variant })[0], taken(x, expected));
              if (type !== 'float32' || !isPicture(dims)) continue;
              const behind = [{ op: 'MaxPool', attributes: { kernel_shape: dims.slice(2).map(() => 1) }, inputs: ['x'], outputs: ['p'] }];
              const pooled = [...behind, { ...nodes[0], op: 'Gather', inputs: ['p', 'i'] }];
              const after = typedGraph({ inputs: { x: dims }, constants: { i: constant }, nodes: pooled });
              expectTensor(runTensors(after, { x }, { variant })[0], taken(x, expected));
            }
          }
        }
      });
    });
  });

  describe('Pad', () => {
    const modes = ['constant', 'reflect', 'edge', 'wrap'] as const;

    test.each([...pictures, ...ranks])('[%j, ...]', (...dims) => {
      const none = dims.map(() => 0);
      const lists = dims.flatMap((size, axis) => [
        [...none.with(axis, 1), ...none],
        [...none, ...none.with(axis, Math.max(1, size - 1))],
        [...none.with(axis, -1), ...none.with(axis, 1)],
        [...none, ...none.with(axis, -1)],
      ]);
      lists.push([...dims.map((_, axis) => axis % 2), ...dims.map((_, axis) => (axis + 1) % 2)], [...none, ...none]);
      for (const mode of modes) {
        for (const pads of lists) {
          const tooFar = dims.some((size, axis) => Math.max(pads[axis] ?? 0, pads[axis + dims.length] ?? 0) >= size);
          if (mode === 'reflect' && tooFar) continue;
          const opset = mode === 'wrap' ? 19 : 13;
          const expected = (x: NdArray) => move.pad(x, { pads, mode, value: -1 });
          check({ op: 'Pad', opset, attributes: { mode }, dims, lists: [pads], expected });
        }
      }
    });

    test('the value, known or fed, of every type; axes; pads that take everything', () => {
      for (const type of sizedTypes) {
        const value = typedTensor(type, [1], 9);
        for (const dims of [
          [2, 3],
          [1, 5, 3, 4],
          [0, 2],
        ]) {
          for (const pads of [
            [2, 1],
            [-7, 9],
            [0, -1],
          ]) {
            const padded = { pads, axes: [-1], value: -1 };
            if ((dims.at(-1) ?? 0) + (pads[0] ?? 0) + (pads[1] ?? 0) < 0) continue;
            const x = typedTensor(type, dims);
            const nodes = [{ op: 'Pad', inputs: ['x', 'pads', 'value', 'axes'] }];
            const lists = { pads: int64('pads', pads), axes: int64('axes', [-1]) };
            const expected = taken(x, move.pad(places(dims), padded), value.data[0]);
            const fed = typedGraph({ opset: 18, inputs: { x: dims, value: [] }, constants: lists, nodes }, { x: type, value: type });
            expectTensor(runTensors(fed, { x, value: new Tensor(type, value.data as never, []) }, { variant })[0], expected);
            const constants = { ...lists, value: { name: 'value', type, dims: [], read: () => value.data } };
            expectTensor(
              runTensors(typedGraph({ opset: 18, inputs: { x: dims }, constants, nodes }, { x: type }), { x }, { variant })[0],
              expected,
            );
          }
        }
      }
    });

    test('opset 10, whose pads and value are attributes', () => {
      for (const dims of [[2, 5, 3, 3], [4]]) {
        const pads = [...dims.map((_, i) => i % 2), ...dims.map(() => 1)];
        const x = typedTensor('float32', dims);
        const graph = typedGraph({
          opset: 10,
          inputs: { x: dims },
          nodes: [{ op: 'Pad', attributes: { pads, value: 0.375 }, inputs: ['x'] }],
        });
        expectTensor(runTensors(graph, { x }, { variant })[0], taken(x, move.pad(places(dims), { pads, value: -1 }), 0.375));
      }
    });
  });
});
