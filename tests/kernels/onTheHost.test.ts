// What runs between two stretches of the program or behind it: indices that are fed, and sizes that only a run tells.

import { Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { array, fromTensor, type NdArray, random, sizeOf, toTensor } from '../reference/index.ts';
import { gather, gatherElements } from '../reference/move.ts';
import { type NmsOptions, nonMaxSuppression } from '../reference/nonMaxSuppression.ts';
import { modelOf } from '../runtime/models.ts';
import { float32, type GraphSpec, int64, type NodeSpec } from './graph.ts';
import { floats, places, sizedTypes, taken, typedGraph, typedTensor } from './moves.ts';
import { expectTensor } from './run.ts';

const whole = (dims: readonly number[], values: readonly number[], type: 'int32' | 'int64' = 'int64'): Tensor =>
  type === 'int64' ? new Tensor(type, BigInt64Array.from(values, BigInt), dims) : new Tensor(type, Int32Array.from(values), dims);

describe('indices that are fed', () => {
  test.each(['Gather', 'GatherElements'])('%s, elements of every size, indices of either type', (op) => {
    for (const [dims, shape, axis] of [
      [[5], [3], 0],
      [[4, 7], [2, 3], 1],
      [[2, 5, 3], [2, 4, 3], 1],
      [[2, 5, 3, 4], [2, 5, 3, 1], -1],
      [[3, 2, 2], [0, 2, 2], 0],
      [[4, 3], [], 0],
    ] as const) {
      if (op === 'GatherElements' && shape.length !== dims.length) continue;
      const size = [...dims].at(axis) ?? 0;
      const values = Array.from(random([sizeOf(shape)], 3, -size, size).data, Math.floor);
      const reference = op === 'Gather' ? gather : gatherElements;
      const expected = reference(places(dims), array(shape, values), axis);
      for (const type of sizedTypes) {
        for (const indexType of ['int32', 'int64'] as const) {
          const x = typedTensor(type, dims);
          const graph = typedGraph(
            { inputs: { x: dims, i: shape }, nodes: [{ op, attributes: { axis }, inputs: ['x', 'i'], outputs: ['y'] }] },
            { x: type, i: indexType },
          );
          expectTensor(modelOf(graph).runSync({ x, i: whole(shape, values, indexType) }).y, taken(x, expected));
        }
      }
    }
  });

  test('between two stretches of the program', () => {
    const [x, w] = [random([1, 3, 4, 4], 1), random([3, 3, 1, 1], 2)];
    const nodes: NodeSpec[] = [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['a'] },
      { op: 'Gather', attributes: { axis: 1 }, inputs: ['a', 'i'], outputs: ['b'] },
      { op: 'Relu', inputs: ['b'], outputs: ['c'] },
      { op: 'Conv', inputs: ['c', 'w'], outputs: ['y'] },
    ];
    const spec = { inputs: { x: x.dims, i: [3] }, constants: { w }, nodes };
    const model = modelOf(typedGraph({ ...spec, outputs: ['a', 'b', 'y'] }, { i: 'int64' }));
    for (const list of [
      [0, 1, 2],
      [2, 2, -3],
    ]) {
      const { a, b, y } = model.runSync({ x: toTensor(x), i: whole([3], list) }) as Record<string, Tensor>;
      const chosen = gather(fromTensor(a as Tensor), array([3], list), 1);
      expectTensor(b, toTensor(chosen));
      const plain = modelOf(typedGraph({ inputs: { b: b?.dims ?? [] }, constants: { w }, nodes: nodes.slice(2) }));
      expectTensor(y, plain.runSync({ b: b as Tensor }).y as Tensor);
    }
  });

  test.each(['Gather', 'GatherElements'])('%s refuses indices outside', (op) => {
    const graph = typedGraph({ inputs: { x: [3, 2], i: [1, 2] }, nodes: [{ op, inputs: ['x', 'i'], outputs: ['y'] }] }, { i: 'int64' });
    const model = modelOf(graph);
    const x = typedTensor('float32', [3, 2]);
    for (const bad of [3, -4, 2 ** 53, -(2 ** 62)]) {
      expect(failure(() => model.runSync({ x, i: whole([1, 2], [0, bad]) }))).toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining(op),
      });
    }
    // And works on.
    expect(model.runSync({ x, i: whole([1, 2], [-1, 2]) }).y).toBeInstanceOf(Tensor);
  });

  test.each(['Gather', 'GatherElements'])('%s refuses known indices outside when it is loaded', (op) => {
    const constants = { i: { ...int64('i', [0, 3]), dims: [1, 2] } };
    const graph = typedGraph({ inputs: { x: [3, 2] }, constants, nodes: [{ op, inputs: ['x', 'i'] }] });
    expect(['INVALID_INPUT', 'INVALID_MODEL']).toContain(failure(() => modelOf(graph).runSync({ x: typedTensor('float32', [3, 2]) })).code);
  });

  test.each(['Gather', 'GatherElements'])('%s refuses indices that are no whole numbers', (op) => {
    for (const constants of [{}, { i: floats('i', [0.5]) }] as GraphSpec['constants'][]) {
      const inputs: GraphSpec['inputs'] = { x: [3], ...(constants?.i ? {} : { i: [1] }) };
      const graph = typedGraph({ inputs, constants: constants ?? {}, nodes: [{ op, inputs: ['x', 'i'] }] });
      const feeds = {
        x: typedTensor('float32', [3]),
        ...(constants?.i ? {} : { i: new Tensor('float32', Float32Array.of(0.5), [1]) }),
      };
      expect(failure(() => modelOf(graph).runSync(feeds)).code).toBe('INVALID_MODEL');
    }
  });
});

/** Boxes that overlap, [batch, count, 4], and scores [batch, classes, count] without ties. */
function detections(batch: number, classes: number, count: number, seed: number): { boxes: NdArray; scores: NdArray } {
  const [corner, size] = [random([batch * count, 2], seed, 0, 10), random([batch * count, 2], seed + 1, 1, 6)];
  const boxes = array([batch, count, 4]);
  boxes.data.forEach((_, i) => {
    const [box, k] = [Math.floor(i / 4), i % 4];
    const start = corner.data[box * 2 + (k % 2)] as number;
    boxes.data[i] = Math.fround(k < 2 ? start : start + (size.data[box * 2 + (k % 2)] as number));
  });
  return { boxes, scores: random([batch, classes, count], seed + 2, 0, 1) };
}

describe('NonMaxSuppression', () => {
  const inputs = (boxes: NdArray, scores: NdArray) => ({ boxes: boxes.dims, scores: scores.dims });
  const settings = ({ most, iou, score }: NmsOptions) => ({
    ...(most === undefined ? {} : { most: int64('most', [most]) }),
    ...(iou === undefined ? {} : { iou: floats('iou', [iou]) }),
    ...(score === undefined ? {} : { score: floats('score', [score]) }),
  });

  test('against the reference', () => {
    for (const [batch, classes, count] of [
      [1, 1, 1],
      [1, 1, 20],
      [2, 3, 17],
      [1, 2, 0],
      [0, 1, 5],
    ] as const) {
      for (const options of [
        {},
        { most: 3 },
        { most: 100, iou: 0.25 },
        { most: 5, iou: 0.5, score: 0.5 },
        { most: 100, iou: 1, score: 0.75 },
      ]) {
        for (const centered of [false, true]) {
          const { boxes, scores } = detections(batch, classes, count, 1 + count);
          const constants = settings(options);
          const names = ['most', 'iou', 'score'].map((name) => (name in constants ? name : ''));
          const nodes = [
            {
              op: 'NonMaxSuppression',
              attributes: { center_point_box: centered ? 1 : 0 },
              inputs: ['boxes', 'scores', ...names],
              outputs: ['y'],
            },
          ];
          const model = modelOf(typedGraph({ inputs: inputs(boxes, scores), constants, nodes }));
          const y = model.runSync({ boxes: toTensor(boxes), scores: toTensor(scores) }).y as Tensor;
          const expected = nonMaxSuppression(boxes, scores, { ...options, centered });
          expectTensor(y, whole(expected.dims, [...expected.data]));
        }
      }
    }
  });

  const { boxes, scores } = detections(1, 2, 12, 5);
  const options = { most: 4, iou: 0.3, score: 0.2 };
  const selected = nonMaxSuppression(boxes, scores, options);
  const nms: NodeSpec = { op: 'NonMaxSuppression', inputs: ['boxes', 'scores', 'most', 'iou', 'score'], outputs: ['selected'] };
  const constants = {
    ...settings(options),
    one: int64('one', [1]),
    two: int64('two', [2]),
    three: int64('three', [3]),
    minus: int64('minus', [-1]),
    pair: int64('pair', [-1, 2]),
    column: { ...int64('column', [2]), dims: [] },
  };
  const behind = (nodes: NodeSpec[], outputs: string[]) =>
    typedGraph({ inputs: inputs(boxes, scores), constants, nodes: [nms, ...nodes], outputs });
  const run = (nodes: NodeSpec[], outputs: string[]) =>
    modelOf(behind(nodes, outputs)).runSync({ boxes: toTensor(boxes), scores: toTensor(scores) }) as Record<string, Tensor>;
  const indices = Array.from({ length: selected.dims[0] ?? 0 }, (_, i) => selected.data[3 * i + 2] as number);
  const count = indices.length;

  test('what detectors do with it', () => {
    expect(count).toBeGreaterThan(2);
    const results = run(
      [
        { op: 'Slice', inputs: ['selected', 'two', 'three', 'one'], outputs: ['last'] },
        { op: 'Squeeze', inputs: ['last', 'one'], outputs: ['index'] },
        { op: 'Gather', attributes: { axis: 1 }, inputs: ['boxes', 'index'], outputs: ['kept'] },
        { op: 'Gather', attributes: { axis: 1 }, inputs: ['selected', 'column'], outputs: ['again'] },
        { op: 'Cast', attributes: { to: 1 }, inputs: ['last'], outputs: ['floats'] },
        { op: 'Squeeze', inputs: ['kept'], outputs: ['flat'] },
        { op: 'Concat', attributes: { axis: -1 }, inputs: ['flat', 'floats'], outputs: ['rows'] },
        { op: 'Shape', inputs: ['rows'], outputs: ['shape'] },
        { op: 'Reshape', inputs: ['selected', 'minus'], outputs: ['list'] },
        { op: 'Unsqueeze', inputs: ['index', 'one'], outputs: ['back'] },
        { op: 'Transpose', inputs: ['selected'], outputs: ['turned'] },
      ],
      ['selected', 'last', 'index', 'again', 'kept', 'floats', 'rows', 'shape', 'list', 'back', 'turned'],
    );
    expectTensor(results.selected, whole(selected.dims, [...selected.data]));
    expectTensor(results.last, whole([count, 1], indices));
    expectTensor(results.index, whole([count], indices));
    expectTensor(results.again, whole([count], indices));
    const kept = gather(boxes, array([count], indices), 1);
    expectTensor(results.kept, toTensor(kept));
    expectTensor(results.floats, toTensor(array([count, 1], indices)));
    const rows = indices.flatMap((index, i) => [...kept.data.slice(4 * i, 4 * i + 4), index]);
    expectTensor(results.rows, toTensor(array([count, 5], rows)));
    expectTensor(results.shape, whole([2], [count, 5]));
    expectTensor(results.list, whole([3 * count], [...selected.data]));
    expectTensor(results.back, whole([count, 1], indices));
    expectTensor(
      results.turned,
      whole(
        [3, count],
        [0, 1, 2].flatMap((k) => Array.from({ length: count }, (_, i) => selected.data[3 * i + k] as number)),
      ),
    );
  });

  test('nothing selected', () => {
    const model = modelOf(
      behind(
        [
          { op: 'Gather', attributes: { axis: 1 }, inputs: ['selected', 'column'], outputs: ['index'] },
          { op: 'Gather', attributes: { axis: 1 }, inputs: ['boxes', 'index'], outputs: ['kept'] },
        ],
        ['selected', 'kept'],
      ),
    );
    const none = toTensor(array(scores.dims));
    const { selected: empty, kept } = model.runSync({ boxes: toTensor(boxes), scores: none }) as Record<string, Tensor>;
    expect(empty?.dims).toEqual([0, 3]);
    expect(kept?.dims).toEqual([1, 0, 4]);
  });

  test('behind a network, whose other outputs stay as they are', () => {
    const w = random([1, 2, 1, 1], 8);
    const nodes: NodeSpec[] = [
      { op: 'Sigmoid', inputs: ['scores'], outputs: ['s'] },
      { ...nms, inputs: ['boxes', 's', 'most', 'iou'] },
      { op: 'Gather', attributes: { axis: 1 }, inputs: ['selected', 'column'], outputs: ['index'] },
      { op: 'Relu', inputs: ['boxes'], outputs: ['r'] },
      { op: 'Gather', attributes: { axis: 1 }, inputs: ['r', 'index'], outputs: ['kept'] },
    ];
    const graph = typedGraph({
      inputs: inputs(boxes, scores),
      constants: { ...constants, w: float32('w', w) },
      nodes,
      outputs: ['kept', 's'],
    });
    const { kept, s } = modelOf(graph).runSync({ boxes: toTensor(boxes), scores: toTensor(scores) }) as Record<string, Tensor>;
    const own = nonMaxSuppression(boxes, fromTensor(s as Tensor), { most: 4, iou: Math.fround(0.3) });
    const list = Array.from({ length: own.dims[0] ?? 0 }, (_, i) => own.data[3 * i + 2] as number);
    expectTensor(kept, toTensor(gather(boxes, array([list.length], list), 1)));
  });

  // A reshaped feed is still the feed.
  test('outputs are the caller’s, not the feeds under another name', () => {
    const feeds = { boxes: toTensor(boxes), scores: toTensor(scores) };
    const nodes: NodeSpec[] = [
      { op: 'Shape', inputs: ['selected'], outputs: ['shape'] },
      { op: 'Gather', inputs: ['shape', 'one'], outputs: ['n'] },
      { op: 'Reshape', inputs: ['boxes', 'n2'], outputs: ['y'] },
    ];
    const late: NodeSpec = { op: 'Concat', attributes: { axis: 0 }, inputs: ['n', 'minus'], outputs: ['n2'] };
    const y = modelOf(behind([...nodes.slice(0, 2), late, ...nodes.slice(2)], ['y'])).runSync(feeds).y as Tensor;
    expect(y.dims).toEqual([3, 16]);
    expect(y.data.buffer).not.toBe(feeds.boxes.data.buffer);
  });

  test('an operator that only kernels run goes on by a plan of its own', () => {
    const nodes: NodeSpec[] = [
      { op: 'Cast', attributes: { to: 1 }, inputs: ['selected'], outputs: ['f'] },
      { op: 'Unsqueeze', inputs: ['f', 'one'], outputs: ['g'] },
      { op: 'Conv', inputs: ['g', 'k'], outputs: ['y'] },
    ];
    const graph = typedGraph({
      inputs: inputs(boxes, scores),
      constants: { ...constants, k: float32('k', random([1, 1, 1], 1)) },
      nodes: [nms, ...nodes],
      outputs: ['y', 'selected'],
    });
    const { y, selected } = modelOf(graph).runSync({ boxes: toTensor(boxes), scores: toTensor(scores) });
    expect(y?.dims).toEqual([selected?.dims[0], 1, 3]);
  });

  test('indices outside, that only the run finds', () => {
    const nodes: NodeSpec[] = [{ op: 'Gather', attributes: { axis: 0 }, inputs: ['boxes', 'selected'], outputs: ['y'] }];
    expect(failure(() => run(nodes, ['y'])).code).toBe('INVALID_INPUT');
  });
});
