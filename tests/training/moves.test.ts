import { int64 } from '../kernels/graph.ts';
import { expectClose, runPlan } from '../kernels/run.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import * as move from '../reference/move.ts';
import { cumSum } from '../reference/select.ts';
import { flatten, reshape, transpose } from '../reference/shape.ts';
import { backwardPlan, expectGradients } from './gradients.ts';
import { torchTests } from './torch.ts';

const list = (values: readonly number[]): NdArray => array([values.length], values);

/** The second input is a list of whole numbers. */
const listed = { constants: [1], types: { 1: 'int64' } } as const;

const shapes = [[7], [2, 3], [1, 3, 1, 1], [2, 5, 3, 4], [3, 17, 1, 5]];

test.each(shapes.map((dims) => [dims]))('Identity, Flatten, Dropout, Cast of %j', (dims) => {
  const x = random(dims, 1);
  const same = { inputs: [x], channelsLast: true, reference: ([x]: NdArray[]) => array(x!.dims, x!.data) };
  expectGradients({ op: 'Identity', ...same });
  expectGradients({ op: 'Dropout', ...same });
  expectGradients({ op: 'Cast', attributes: { to: 1 }, ...same });
  expectGradients({ op: 'Flatten', inputs: [x], channelsLast: true, reference: ([x]) => flatten(x!) });
});

test('Reshape, Squeeze, Unsqueeze', () => {
  expectGradients({
    op: 'Reshape',
    inputs: [random([2, 6, 4, 1], 1), list([0, 3, -1])],
    ...listed,
    channelsLast: true,
    reference: ([x]) => reshape(x!, [2, 3, 8]),
  });
  expectGradients({
    op: 'Squeeze',
    inputs: [random([2, 1, 3, 1], 1), list([1, -1])],
    ...listed,
    reference: ([x]) => move.squeeze(x!, [1, 3]),
  });
  expectGradients({
    op: 'Unsqueeze',
    inputs: [random([2, 3], 1), list([0, 2])],
    ...listed,
    reference: ([x]) => move.unsqueeze(x!, [0, 2]),
  });
});

test.each([
  [
    [2, 3],
    [1, 0],
  ],
  [
    [2, 3, 4],
    [2, 0, 1],
  ],
  [
    [2, 5, 3, 4],
    [0, 2, 3, 1],
  ],
  [
    [2, 5, 3, 4],
    [0, 3, 1, 2],
  ],
  [
    [2, 5, 3, 4],
    [3, 1, 0, 2],
  ],
  [
    [2, 3, 2, 4, 3],
    [0, 2, 1, 3, 4],
  ],
])('Transpose of %j by %j', (dims, perm) => {
  expectGradients({
    op: 'Transpose',
    attributes: { perm },
    inputs: [random(dims, 1)],
    channelsLast: true,
    reference: ([x]) => transpose(x!, perm),
  });
});

test('Transpose without perm', () => {
  expectGradients({ op: 'Transpose', inputs: [random([2, 3, 4], 1)], reference: ([x]) => transpose(x!) });
});

test.each([
  [[[3]], 0],
  [
    [
      [2, 3],
      [1, 3],
    ],
    0,
  ],
  [
    [
      [2, 3, 3, 2],
      [2, 5, 3, 2],
      [2, 1, 3, 2],
    ],
    1,
  ],
  [
    [
      [2, 4, 3, 2],
      [2, 8, 3, 2],
    ],
    1,
  ],
  [
    [
      [2, 3, 3, 2],
      [2, 3, 3, 1],
    ],
    -1,
  ],
  [
    [
      [1, 3, 2, 2],
      [2, 3, 2, 2],
    ],
    0,
  ],
] as [number[][], number][])('Concat of %j along %i', (dims, axis) => {
  expectGradients({
    op: 'Concat',
    attributes: { axis },
    inputs: dims.map((list, i) => random(list, i)),
    channelsLast: true,
    reference: (parts) => move.concat(parts, axis),
  });
});

test('Concat of a constant, which has no gradient', () => {
  expectGradients({
    op: 'Concat',
    attributes: { axis: 1 },
    inputs: [random([1, 2, 3], 1), random([1, 4, 3], 2), random([1, 1, 3], 3)],
    constants: [1],
    reference: (parts) => move.concat(parts, 1),
  });
});

test.each([
  [[6], [2, 4], 0, [0, 1]],
  [[2, 7, 3, 2], [3, 1, 3], 1, [0, 1, 2]],
  [[2, 7, 3, 2], [3, 1, 3], 1, [1]],
  [[2, 7, 3, 2], [3, 1, 3], 1, [0]],
  [[2, 4, 3, 5], [4, 1], -1, [1]],
])('Split of %j into %j along %i, of which %j count', (dims, lengths, axis, used) => {
  expectGradients({
    op: 'Split',
    attributes: { axis },
    inputs: [random(dims, 1), list(lengths)],
    ...listed,
    used,
    channelsLast: true,
    reference: ([x]) => move.split(x!, lengths, axis),
  });
});

test('Split whose last outputs nobody reads', () => {
  const x = random([2, 7, 3, 2], 1);
  const seed = random([2, 2, 3, 2], 2);
  const nodes = [{ op: 'Split', attributes: { axis: 1 }, inputs: ['x', 'lengths'], outputs: ['a', 'b', 'c', 'd'] }];
  const spec = { inputs: { x: x.dims }, constants: { lengths: int64('lengths', [1, 2, 3, 1]) }, nodes, outputs: ['b'] };
  const [made] = runPlan(backwardPlan(spec, { x }, ['x'], seed.dims), { x, seed });
  const zeros = (channels: number) => array([2, channels, 3, 2]);
  expectClose(made!, move.concat([zeros(1), seed, zeros(4)], 1), 0);
});

const slices: { dims: number[]; starts: number[]; ends: number[]; axes?: number[]; steps?: number[] }[] = [
  { dims: [7], starts: [2], ends: [6] },
  { dims: [7], starts: [-1], ends: [-100], steps: [-1] },
  { dims: [8], starts: [6], ends: [0], steps: [-3] },
  { dims: [2, 9, 4, 5], starts: [1], ends: [8], axes: [1] },
  { dims: [2, 9, 4, 5], starts: [1, 3, 0], ends: [9, -5, 5], axes: [1, 2, 3], steps: [3, -1, 2] },
  { dims: [2, 4, 6, 5], starts: [0, 1], ends: [6, 5], axes: [2, 3], steps: [2, 2] },
  { dims: [2, 4, 6, 5], starts: [0], ends: [4], axes: [1] },
];

test.each(slices)('Slice of $dims from $starts to $ends, axes $axes, steps $steps', ({ dims, ...options }) => {
  const { starts, ends, axes = starts.map((_, i) => i), steps = starts.map(() => 1) } = options;
  expectGradients({
    op: 'Slice',
    inputs: [random(dims, 1), list(starts), list(ends), list(axes), list(steps)],
    constants: [1, 2, 3, 4],
    types: { 1: 'int64', 2: 'int64', 3: 'int64', 4: 'int64' },
    channelsLast: true,
    reference: ([x]) => move.slice(x!, options),
  });
});

test.each([
  [[5, 3], array([4], [1, 1, -1, 1]), 0],
  [[5, 3], array([2, 2], [0, 4, 0, 2]), 0],
  [[2, 6, 3, 2], array([3], [5, 3, 1]), 1],
  [[2, 6, 3, 2], array([], [2]), 1],
  [[2, 6, 3, 2], array([7], [2, 0, 2, 2, 1, 5, 2]), 1],
  [[2, 3, 17], array([2, 3], [16, 0, 16, 5, -2, 0]), -1],
])('Gather of %j by $data along %i', (dims, indices, axis) => {
  for (const constants of [[1], []]) {
    expectGradients({
      op: 'Gather',
      attributes: { axis },
      inputs: [random(dims, 1), indices],
      constants,
      types: { 1: 'int64' },
      reference: ([x, rows]) => move.gather(x!, rows!, axis),
    });
  }
});

test.each([
  [[], [3, 2]],
  [
    [1, 5, 1, 1],
    [2, 5, 3, 4],
  ],
  [
    [3, 1],
    [2, 3, 4],
  ],
  [
    [2, 3],
    [2, 3],
  ],
  [
    [2, 5, 3, 1],
    [1, 1, 1, 4],
  ],
])('Expand of %j to %j', (dims, to) => {
  expectGradients({
    op: 'Expand',
    inputs: [random(dims, 1), list(to)],
    ...listed,
    channelsLast: true,
    reference: ([x]) => move.expand(x!, to),
  });
});

test.each([
  [[3], [1]],
  [[3], [4]],
  [
    [2, 3],
    [3, 2],
  ],
  [
    [2, 5, 3, 1],
    [1, 2, 1, 3],
  ],
  [
    [1, 2, 3, 2],
    [2, 2, 2, 2],
  ],
])('Tile of %j by %j', (dims, repeats) => {
  expectGradients({
    op: 'Tile',
    inputs: [random(dims, 1), list(repeats)],
    ...listed,
    channelsLast: true,
    reference: ([x]) => move.tile(x!, repeats),
  });
});

const modes = ['constant', 'reflect', 'edge', 'wrap'] as const;

describe.each(modes)('Pad by %s', (mode) => {
  test.each([
    [[5], [2, 3]],
    [
      [3, 4],
      [0, 2, 1, 0],
    ],
    [
      [2, 5, 4, 3],
      [0, 0, 1, 2, 0, 0, 3, 2],
    ],
    [
      [2, 5, 4, 3],
      [0, 1, 0, 0, 0, 2, 0, 0],
    ],
    [
      [1, 8, 2, 2],
      [0, 0, 1, 1, 0, 0, 1, 1],
    ],
    [
      [2, 3, 5, 6],
      [0, 0, -1, 2, 0, 0, 1, -3],
    ],
    [
      [2, 3, 5, 6],
      [0, 0, -1, -2, 0, 0, -1, 0],
    ],
    [
      [2, 3],
      [0, 0, 0, 0],
    ],
  ])('%j by %j', (dims, pads) => {
    expectGradients({
      op: 'Pad',
      attributes: { mode },
      inputs: [random(dims, 1), list(pads)],
      ...listed,
      channelsLast: true,
      reference: ([x]) => move.pad(x!, { pads, mode }),
    });
  });
});

test('Pad by more than there is', () => {
  for (const mode of ['edge', 'wrap'] as const) {
    const pads = [0, 7, 0, 9];
    expectGradients({
      op: 'Pad',
      opset: 19,
      attributes: { mode },
      inputs: [random([2, 3], 1), list(pads)],
      ...listed,
      reference: ([x]) => move.pad(x!, { pads, mode }),
    });
  }
});

test.each([[[1, 2, 0, 1]], [[1, -1, 0, 2]]])('Pad by a value that a run computes: %j', (pads) => {
  expectGradients({
    op: 'Pad',
    inputs: [random([3, 4], 1), list(pads), random([], 2)],
    ...listed,
    reference: ([x, , value]) => move.pad(x!, { pads, value: value!.data[0]! }),
  });
});

test.each([
  [[1, 4, 1, 1], 2],
  [[2, 12, 3, 5], 2],
  [[1, 18, 2, 1], 3],
])('DepthToSpace and SpaceToDepth: %j by %i', (dims, block) => {
  const attributes = { blocksize: block };
  for (const mode of ['DCR', 'CRD'] as const) {
    expectGradients({
      op: 'DepthToSpace',
      attributes: { ...attributes, mode },
      inputs: [random(dims, 1)],
      channelsLast: true,
      reference: ([x]) => move.depthToSpace(x!, block, mode),
    });
  }
  const [n = 1, c = 1, h = 1, w = 1] = dims;
  expectGradients({
    op: 'SpaceToDepth',
    attributes,
    inputs: [random([n, c / block ** 2, h * block, w * block], 1)],
    channelsLast: true,
    reference: ([x]) => move.spaceToDepth(x!, block),
  });
});

test('Where, broadcast', () => {
  const condition = array([2, 1, 3], [1, 0, 0, 1, 1, 0]);
  expectGradients({
    op: 'Where',
    inputs: [condition, random([4, 1], 1), random([2, 4, 3], 2)],
    types: { 0: 'bool' },
    reference: ([c, a, b]) => {
      const [x, y, z] = [c, a, b].map((value) => move.expand(value!, [2, 4, 3]).data) as [Float64Array, Float64Array, Float64Array];
      return array(
        [2, 4, 3],
        x.map((is, i) => (is ? y[i]! : z[i]!)),
      );
    },
  });
});

test.each([
  [false, false],
  [true, false],
  [false, true],
  [true, true],
])('CumSum, exclusive %s, reverse %s', (exclusive, reverse) => {
  expectGradients({
    op: 'CumSum',
    attributes: { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 },
    inputs: [random([2, 5, 3], 1), list([1])],
    ...listed,
    reference: ([x]) => cumSum(x!, 1, exclusive, reverse),
  });
});

const picture = random([1, 2, 4, 3], 1);
const pads = [0, 0, 2, 1, 0, 0, 3, 2];
const padded = random([1, 2, 9, 6], 2);

torchTests(
  'as PyTorch',
  [
    ...(['constant', 'reflect', 'edge', 'wrap'] as const).map((mode) => ({
      name: `pad by ${mode}`,
      code: `F.pad(x[0], (1, 2, 2, 3), mode='${{ constant: 'constant', reflect: 'reflect', edge: 'replicate', wrap: 'circular' }[mode]}')`,
      inputs: [picture],
      seeds: [padded],
      node: { op: 'Pad', opset: 19, attributes: { mode }, inputs: ['x', 'pads'] },
    })),
    {
      name: 'pixel_shuffle',
      code: 'F.pixel_shuffle(x[0], 2)',
      inputs: [random([1, 8, 2, 3], 3)],
      seeds: [random([1, 2, 4, 6], 4)],
      node: { op: 'DepthToSpace', attributes: { blocksize: 2, mode: 'CRD' }, inputs: ['x'] },
    },
    {
      name: 'repeated rows',
      code: 'x[0].index_select(2, torch.tensor([3, 0, 3, 3]))',
      inputs: [picture],
      seeds: [random([1, 2, 4, 3], 5)],
      node: { op: 'Gather', attributes: { axis: 2 }, inputs: ['x', 'rows'] },
    },
  ],
  ({ node, inputs: [x], seeds: [seed] }, { gradients }) => {
    const constants = { pads: int64('pads', pads), rows: int64('rows', [3, 0, 3, -1]) };
    const plan = backwardPlan({ opset: 19, inputs: { x: x!.dims }, constants, nodes: [node] }, { x: x! }, ['x'], seed!.dims);
    expectClose(runPlan(plan, { x: x!, seed: seed! })[0]!, gradients[0]!, 1e-6);
  },
);
