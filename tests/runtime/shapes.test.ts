// Shapes that a network computes, shapes that change from call to call, element types, and what only a run can size.

import { Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { float32, graphOf, int64, type NodeSpec } from '../kernels/graph.ts';
import { array, random, toTensor } from '../reference/index.ts';
import { modelOf } from './models.ts';

const node = (op: string, inputs: string[], outputs: string[], attributes: NodeSpec['attributes'] = {}): NodeSpec => ({
  op,
  name: `/${outputs[0]}`,
  inputs,
  outputs,
  attributes,
});
const shaped = (...dims: number[]) => toTensor(random(dims, dims.length));
const list = (tensor: Tensor | undefined): number[] => Array.from(tensor?.data ?? [], Number);

describe('shapes that are computed', () => {
  /** view(x.size(0), -1), as PyTorch writes it for an open batch. */
  const view = [
    node('Shape', ['x'], ['shape']),
    node('Gather', ['shape', 'first'], ['batch'], { axis: 0 }),
    node('Unsqueeze', ['batch', 'zero'], ['row']),
    node('Concat', ['row', 'minus'], ['target'], { axis: 0 }),
    node('Reshape', ['x', 'target'], ['y']),
  ];
  const constants = {
    first: { name: 'first', type: 'int64' as const, dims: [], read: () => BigInt64Array.of(0n) },
    zero: int64('zero', [0]),
    minus: int64('minus', [-1]),
  };

  test('fold, whatever the shape of the call', () => {
    const model = modelOf(graphOf({ inputs: { x: ['N', 2, 'L'] }, constants, nodes: view }));
    for (const dims of [
      [1, 2, 3],
      [3, 2, 5],
      [1, 2, 3],
    ]) {
      const x = shaped(...dims);
      const { y } = model.runSync({ x });
      expect(y?.dims).toEqual([dims[0], 2 * (dims[2] ?? 0)]);
      expect(y?.data).toEqual(x.data);
    }
  });

  test('constants that depend on them belong to the plan, and do not outlive it', () => {
    // One more channel of ones, as large as the picture.
    const nodes = [
      node('Shape', ['x'], ['shape']),
      node('Slice', ['shape', 'two', 'four'], ['size']),
      node('Concat', ['front', 'size'], ['wanted'], { axis: 0 }),
      node('ConstantOfShape', ['wanted'], ['plane'], { value: float32('value', array([1], Float64Array.of(1))) }),
      node('Concat', ['x', 'plane'], ['y'], { axis: 1 }),
    ];
    const more = { two: int64('two', [2]), four: int64('four', [4]), front: int64('front', [1, 1]) };
    const model = modelOf(graphOf({ inputs: { x: [1, 2, 'H', 'W'] }, constants: more, nodes }));
    const totals = new Set<number>();
    for (let round = 0; round < 20; round++) {
      for (const [h, w] of [
        [2, 3],
        [5, 4],
        [1, 1],
      ] as const) {
        const x = shaped(1, 2, h, w);
        const { y } = model.runSync({ x });
        expect(y?.dims).toEqual([1, 3, h, w]);
        expect(list(y)).toEqual([...list(x), ...new Array(h * w).fill(1)]);
      }
      totals.add(model.memory.total);
    }
    expect(totals.size).toBe(1);
    expect(model.memory.weights).toBe(0);
  });

  test('from integers that are fed, by way of other nodes', () => {
    const nodes = [node('Concat', ['n', 'minus'], ['target'], { axis: 0 }), node('Reshape', ['x', 'target'], ['y'])];
    const inputs = { x: [12], n: { type: 'int64' as const, dims: [1] } };
    const model = modelOf(graphOf({ inputs, constants, nodes }));
    for (const rows of [3, 4, 3]) {
      expect(model.runSync({ x: shaped(12), n: new Tensor('int64', [rows]) }).y?.dims).toEqual([rows, 12 / rows]);
    }
    const error = failure(() => model.runSync({ x: shaped(12), n: new Tensor('int64', [5]) }));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining('does not reshape to [5, -1]') });
  });
});

describe('element types', () => {
  test('go in and come out as the model has them, and run on the host between two stretches of the program', () => {
    const nodes = [
      node('Relu', ['x'], ['r']),
      node('ArgMax', ['r'], ['best'], { axis: 1, keepdims: 0 }),
      node('Add', ['best', 'offset'], ['shifted']),
      node('Greater', ['x', 'r'], ['never']),
      node('Cast', ['r'], ['bytes'], { to: 2 }),
      node('Exp', ['r'], ['e']),
    ];
    const inputs = { x: [2, 3], offset: { type: 'int64' as const, dims: [1] } };
    const model = modelOf(graphOf({ inputs, nodes, outputs: ['shifted', 'never', 'bytes', 'e', 'offset'] }));
    const x = new Tensor('float32', [-1, 5, 2, 7, -3, 6.9], [2, 3]);
    const outputs = model.runSync({ x, offset: new Tensor('int64', [2n ** 53n + 1n]) });
    expect(outputs.shifted).toEqual(new Tensor('int64', [2n ** 53n + 2n, 2n ** 53n + 1n]));
    expect(outputs.never).toEqual(new Tensor('bool', [0, 0, 0, 0, 0, 0], [2, 3]));
    expect(outputs.bytes).toEqual(new Tensor('uint8', [0, 5, 2, 7, 0, 6], [2, 3]));
    expect(outputs.offset?.data).toEqual(BigInt64Array.of(2n ** 53n + 1n));
    expect(list(outputs.e)[0]).toBe(1);
    const rows = model.profile({ x, offset: new Tensor('int64', [1]) });
    expect(rows.map(({ kernel }) => kernel)).toEqual(['f32_clamp', 'host ArgMax', 'host Add', 'host Greater', 'host Cast', 'f32_unary']);
  });

  test('an object that only looks like a tensor is made one', () => {
    const graph = graphOf({ inputs: { n: { type: 'int64', dims: [3] } }, nodes: [node('Neg', ['n'], ['y'])] });
    const like = { type: 'int64', dims: [3], data: [1, 2, 3] } as unknown as Tensor;
    expect(modelOf(graph).runSync({ n: like }).y).toEqual(new Tensor('int64', [-1, -2, -3]));
  });

  test('a power by integers that are fed, whatever the layout', () => {
    const nodes = [node('MaxPool', ['x'], ['p'], { kernel_shape: [1, 1] }), node('Pow', ['p', 'e'], ['q']), node('Relu', ['q'], ['y'])];
    const dims = [1, 3, 2, 2];
    const model = modelOf(graphOf({ inputs: { x: dims, e: { type: 'int64', dims } }, nodes }));
    const x = shaped(...dims);
    const powers = Array.from(x.data, (_, i) => i % 4);
    const { y } = model.runSync({ x, e: new Tensor('int64', powers, dims) });
    list(y).forEach((value, i) => {
      expect(value).toBeCloseTo(Math.max(0, Number(x.data[i]) ** (powers[i] ?? 0)), 6);
    });
  });

  test('zeros of any size are zeros after other plans, too', () => {
    const nodes = [
      node('Resize', ['x', '', 'twice'], ['r'], { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }),
      node('Pad', ['r', 'pads'], ['y']),
    ];
    const constants = { twice: float32('twice', array([1], Float64Array.of(2))), pads: int64('pads', [3, 3]) };
    const model = modelOf(graphOf({ inputs: { x: { type: 'uint8', dims: ['n'] } }, constants, nodes }));
    model.runSync({ x: new Tensor('uint8', new Array(200).fill(8)) });
    expect(list(model.runSync({ x: new Tensor('uint8', [7, 7, 7]) }).y)).toEqual([0, 0, 0, 7, 7, 7, 7, 7, 7, 0, 0, 0]);
  });

  test('an output may be a constant of any type', () => {
    const graph = graphOf({ inputs: { x: [1] }, constants: { n: int64('n', [3, 4]) }, nodes: [node('Identity', ['n'], ['m'])] });
    expect(modelOf(graph).runSync({}).m).toEqual(new Tensor('int64', [3, 4]));
  });

  test('an index that is fed and lies outside is an error that names the node', () => {
    const nodes = [node('Gather', ['x', 'i'], ['y'], { axis: 0 })];
    const model = modelOf(graphOf({ inputs: { x: [3], i: { type: 'int64', dims: [2] } }, nodes }));
    const run = (...indices: number[]) => model.runSync({ x: shaped(3), i: new Tensor('int64', indices) });
    expect(failure(() => run(1, 3))).toMatchObject({ code: 'INVALID_INPUT', message: expect.stringContaining("'/y'") });
    // And leaves the model usable.
    expect(list(run(-1, 0).y)).toEqual([shaped(3).data[2], shaped(3).data[0]]);
  });
});

test('inputs that nothing reads may be left out, or be anything', () => {
  const graph = graphOf({ inputs: { x: [2], unused: [7] }, nodes: [node('Relu', ['x'], ['y'])] });
  const model = modelOf(graph);
  const x = new Tensor('float32', [-1, 2]);
  expect(list(model.runSync({ x }).y)).toEqual([0, 2]);
  expect(list(model.runSync({ x, unused: shaped(1, 2, 3) }).y)).toEqual([0, 2]);
  expect(failure(() => model.runSync({ x, other: x } as never)).code).toBe('INVALID_INPUT');
});

describe('what only a run can size', () => {
  /** The boxes that are left, and how many there are. */
  const tail = [
    node('NonMaxSuppression', ['boxes', 'scores', 'most', 'overlap'], ['selected']),
    node('Slice', ['selected', 'two', 'three', 'one'], ['column']),
    node('Squeeze', ['column', 'one'], ['indices']),
    node('Squeeze', ['doubled', 'zero'], ['flat']),
    node('Gather', ['flat', 'indices'], ['kept'], { axis: 0 }),
    node('Shape', ['indices'], ['count']),
  ];
  const constants = {
    most: int64('most', [10]),
    overlap: float32('overlap', array([1], Float64Array.of(0.5))),
    zero: int64('zero', [0]),
    one: int64('one', [1]),
    two: int64('two', [2]),
    three: int64('three', [3]),
    factor: float32('factor', array([1], Float64Array.of(2))),
  };
  const spec = {
    inputs: { boxes: [1, 3, 4], scores: [1, 1, 3] },
    constants,
    nodes: [node('Mul', ['boxes', 'factor'], ['doubled']), ...tail],
    outputs: ['kept', 'count', 'doubled'],
  };
  const boxes = (...rows: number[][]) => new Tensor('float32', rows.flat(), [1, 3, 4]);

  test('runs behind the program, with other sizes every time', () => {
    const model = modelOf(graphOf(spec));
    const scores = new Tensor('float32', [0.5, 0.9, 0.7], [1, 1, 3]);
    const apart = model.runSync({ boxes: boxes([0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5]), scores });
    expect(apart.count).toEqual(new Tensor('int64', [3]));
    expect(list(apart.kept)).toEqual([4, 4, 6, 6, 8, 8, 10, 10, 0, 0, 2, 2]);
    const together = model.runSync({ boxes: boxes([0, 0, 1, 1], [0, 0, 1, 1], [4, 4, 5, 5]), scores });
    expect(list(together.kept)).toEqual([0, 0, 2, 2, 8, 8, 10, 10]);
    expect(together.doubled?.dims).toEqual([1, 3, 4]);
  });

  test('and blames the inputs where what follows does not fit them', () => {
    const nodes = [node('NonZero', ['x'], ['found']), node('Reshape', ['found', 'pairs'], ['y'])];
    const model = modelOf(graphOf({ inputs: { x: [3] }, constants: { pairs: int64('pairs', [2, -1]) }, nodes }));
    expect(model.runSync({ x: new Tensor('float32', [1, 0, 2]) }).y?.dims).toEqual([2, 1]);
    expect(failure(() => model.runSync({ x: new Tensor('float32', [1, 0, 0]) })).code).toBe('INVALID_INPUT');
  });

  test('and goes on with kernels', () => {
    const weights = float32('weights', array([3, 1, 1], Float64Array.of(1, 2, -1)));
    const rows = node('Unsqueeze', ['kept', 'one'], ['rows']);
    const behind = node('Conv', ['rows', 'weights'], ['late']);
    const graph = graphOf({ ...spec, constants: { ...constants, weights }, nodes: [...spec.nodes, rows, behind], outputs: ['late'] });
    const model = modelOf(graph);
    const scores = new Tensor('float32', [0.5, 0.9, 0.7], [1, 1, 3]);
    const { late } = model.runSync({ boxes: boxes([0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5]), scores });
    expect(late?.dims).toEqual([3, 3, 4]);
    expect(list(late).slice(0, 12)).toEqual([4, 4, 6, 6, 8, 8, 12, 12, -4, -4, -6, -6]);
    expect(model.profile({ boxes: boxes([0, 0, 1, 1], [2, 2, 3, 3], [4, 4, 5, 5]), scores }).map(({ node }) => node)).toContain('/late');
  });
});
