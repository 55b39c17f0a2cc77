// If, Loop and Scan, against what ONNX says of them (Operators.md, opset 16 where nothing else is said).

import { Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import type { ModelSpec, NodeSpec } from '../formats/onnx-writer.ts';
import { branch, floats, list, modelOf, rejection, scalar } from './graphs.ts';

describe('If', () => {
  const chosen: NodeSpec = {
    op: 'If',
    name: 'if',
    inputs: ['c'],
    outputs: ['z'],
    attributes: { then_branch: branch('Relu', ['x'], 't'), else_branch: branch('Neg', ['x'], 't') },
  };
  const x = floats([-1, 2, -3], [1, 3]);

  test('of a constant or a shape is the branch: its nodes are part of the plan, and another shape is another plan', async () => {
    const model = await modelOf({
      inputs: [{ name: 'x', dims: ['n', 3] }],
      initializers: [scalar('one', 'int64', 1), scalar('zero', 'int64', 0)],
      nodes: [
        { op: 'Shape', inputs: ['x'], outputs: ['s'] },
        { op: 'Gather', inputs: ['s', 'zero'], outputs: ['d'] },
        { op: 'Equal', inputs: ['d', 'one'], outputs: ['c'] },
        chosen,
        { op: 'Abs', inputs: ['z'], outputs: ['y'] },
      ],
      outputs: [{ name: 'y' }],
    });
    expect(list(model.runSync({ x }).y)).toEqual([0, 2, 0]);
    expect(list(model.runSync({ x: floats([-1, 2, -3, 1, 1, 1], [2, 3]) }).y)).toEqual([1, 2, 3, 1, 1, 1]);
    expect(model.profile({ x }).map(({ kernel }) => kernel)).toEqual(['f32_clamp', 'f32_unary']);
  });

  test('of a bool that is fed is part of the plan', async () => {
    const model = await modelOf({
      inputs: [
        { name: 'x', dims: [1, 3] },
        { name: 'c', type: 'bool', dims: [] },
      ],
      nodes: [chosen],
      outputs: [{ name: 'z' }],
    });
    for (const c of [1, 0, 1]) expect(list(model.runSync({ x, c: new Tensor('bool', [c], []) }).z)).toEqual(c ? [0, 2, 0] : [1, -2, 3]);
  });

  const computed: ModelSpec = {
    inputs: [{ name: 'x', dims: [1, 'n'] }],
    initializers: [scalar('zero', 'float32', 0)],
    nodes: [
      { op: 'ReduceSum', inputs: ['x'], outputs: ['sum'], attributes: { keepdims: 0 } },
      { op: 'Greater', inputs: ['sum', 'zero'], outputs: ['c'] },
      chosen,
      { op: 'Exp', inputs: ['z'], outputs: ['y'] },
    ],
    outputs: [{ name: 'y' }, { name: 'sum' }],
  };

  test.each([{}, { threads: 2 }, { worker: true }])('of a value that is computed runs the branch on kernels: %o', async (options) => {
    const model = await modelOf(computed, options);
    expect(list((await model.run({ x })).y)).toEqual([1, -2, 3].map((value) => Math.fround(Math.exp(value))));
    const { y, sum } = await model.run({ x: floats([5, -1], [1, 2]) });
    expect(list(y)).toEqual([Math.fround(Math.exp(5)), 1]);
    expect(list(sum)).toEqual([4]);
    model.dispose();
  });

  test('of a value that is computed has rows in the profile and counts in the memory', async () => {
    const model = await modelOf(computed);
    model.runSync({ x });
    expect(model.profile({ x }).map(({ node, kernel }) => `${node} ${kernel}`)).toEqual([
      'ReduceSum_0 f32_reduce',
      'Greater_1 host Greater',
      expect.stringMatching(/ f32_unary$/),
      expect.stringMatching(/ f32_unary$/),
    ]);
    expect(model.memory.activations).toBeGreaterThanOrEqual(3 * 4 * 2);
  });

  test('lies in another; both may use one name, and see what is around them', async () => {
    const inner: NodeSpec = {
      op: 'If',
      inputs: ['d'],
      outputs: ['t'],
      attributes: { then_branch: branch('Add', ['u', 'x'], 'v'), else_branch: branch('Sub', ['u', 'x'], 'v') },
    };
    const outer: NodeSpec = {
      op: 'If',
      inputs: ['c'],
      outputs: ['z'],
      attributes: {
        then_branch: { graph: { nodes: [{ op: 'Exp', inputs: ['x'], outputs: ['u'] }, inner], outputs: [{ name: 't', type: null }] } },
        else_branch: { graph: { nodes: [{ op: 'Abs', inputs: ['x'], outputs: ['u'] }, inner], outputs: [{ name: 't', type: null }] } },
      },
    };
    const bool = (name: string) => ({ name, type: 'bool' as const, dims: [] });
    const model = await modelOf({ inputs: [{ name: 'x', dims: [2] }, bool('c'), bool('d')], nodes: [outer], outputs: [{ name: 'z' }] });
    const run = (c: number, d: number) =>
      list(model.runSync({ x: floats([-2, 3]), c: new Tensor('bool', [c], []), d: new Tensor('bool', [d], []) }).z);
    expect(run(0, 1)).toEqual([0, 6]);
    expect(run(0, 0)).toEqual([4, 0]);
    expect(run(1, 0).map((value) => value.toFixed(4))).toEqual([Math.exp(-2) + 2, Math.exp(3) - 3].map((value) => value.toFixed(4)));
  });

  test('with a condition that is no single bool, and operators that are not there inside it, is refused by name', async () => {
    const wide = {
      inputs: [
        { name: 'x', dims: [1, 3] },
        { name: 'c', type: 'bool' as const, dims: [2] },
      ],
      nodes: [chosen],
      outputs: [{ name: 'z' }],
    };
    const model = await modelOf(wide);
    expect(failure(() => model.runSync({ x, c: new Tensor('bool', [1, 0]) })).message).toContain(
      "its condition 'c' is one bool, got bool [2]",
    );
    const attributes = { then_branch: branch('Nonsense', ['x'], 't'), else_branch: branch('Neg', ['x'], 't') };
    const error = await rejection(modelOf({ ...wide, nodes: [{ ...chosen, attributes }] }));
    expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringContaining('Nonsense') });
  });
});

/** Adds `step` to a state and gives its square, as often as `n` says and `go` allows. */
const adding = (more: NodeSpec[] = [{ op: 'Identity', inputs: ['going'], outputs: ['again'] }]): NodeSpec => ({
  op: 'Loop',
  name: 'loop',
  inputs: ['n', '', 'x'],
  outputs: ['last', 'all'],
  attributes: {
    body: {
      graph: {
        inputs: [
          { name: 'i', type: 'int64', dims: [] },
          { name: 'going', type: 'bool', dims: [] },
          { name: 's', dims: [2] },
        ],
        nodes: [
          { op: 'Add', inputs: ['s', 'step'], outputs: ['next'] },
          { op: 'Mul', inputs: ['next', 'next'], outputs: ['square'] },
          ...more,
        ],
        outputs: [
          { name: 'again', type: 'bool' },
          { name: 'next', dims: [2] },
          { name: 'square', dims: [2] },
        ],
      },
    },
  },
});

describe('Loop', () => {
  const spec = (loop = adding()): ModelSpec => ({
    inputs: [
      { name: 'x', dims: [2] },
      { name: 'n', type: 'int64', dims: [] },
    ],
    initializers: [scalar('step', 'float32', 1), scalar('limit', 'float32', 5)],
    nodes: [loop, { op: 'Neg', inputs: ['last'], outputs: ['y'] }],
    outputs: [{ name: 'y' }, { name: 'all' }],
  });
  const times = (n: number) => new Tensor('int64', [n], []);

  test.each([{}, { threads: 2 }, { worker: true }])('carries states, collects rows, and may run no time: %o', async (options) => {
    const model = await modelOf(spec(), options);
    const x = floats([0, 1]);
    const three = await model.run({ x, n: times(3) });
    expect(list(three.y)).toEqual([-3, -4]);
    expect(three.all).toEqual(floats([1, 4, 4, 9, 9, 16], [3, 2]));
    const none = await model.run({ x, n: times(0) });
    expect(list(none.y)).toEqual([-0, -1]);
    expect(none.all?.dims).toEqual([0, 2]);
    expect(list(x)).toEqual([0, 1]);
    model.dispose();
  });

  test('reads what follows from the shape of an input, which the next run may change', async () => {
    const { inputs = [], nodes, ...rest } = spec();
    const model = await modelOf({
      ...rest,
      inputs: [...inputs, { name: 'other', dims: ['m'] }],
      initializers: [],
      nodes: [
        { op: 'Shape', inputs: ['other'], outputs: ['size'] },
        { op: 'Cast', inputs: ['size'], outputs: ['step'], attributes: { to: 1 } },
        ...(nodes ?? []),
      ],
    });
    for (const m of [3, 5, 3])
      expect(list(model.runSync({ x: floats([0, 1]), n: times(1), other: floats(new Array(m).fill(0)) }).y)).toEqual([-m, -1 - m]);
  });

  test('ends where its condition says so', async () => {
    const largest: NodeSpec[] = [
      { op: 'ReduceMax', inputs: ['next'], outputs: ['m'], attributes: { keepdims: 0 } },
      { op: 'Less', inputs: ['m', 'limit'], outputs: ['again'] },
    ];
    const model = await modelOf(spec(adding(largest)));
    expect(list(model.runSync({ x: floats([0, 1]), n: times(100) }).y)).toEqual([-4, -5]);
  });

  test('without an end is refused', async () => {
    const loop = adding();
    const model = await modelOf({ ...spec({ ...loop, inputs: ['', '', 'x'] }), inputs: [{ name: 'x', dims: [2] }] });
    expect(failure(() => model.runSync({ x: floats([0, 1]) })).message).toContain('never ends');
  });

  test('has states that change their shape', async () => {
    const grow: NodeSpec = {
      ...adding(),
      outputs: ['last'],
      attributes: {
        body: {
          graph: {
            inputs: [
              { name: 'i', type: 'int64', dims: [] },
              { name: 'going', type: 'bool', dims: [] },
              { name: 's', type: null },
            ],
            nodes: [
              { op: 'Concat', inputs: ['s', 'x'], outputs: ['next'], attributes: { axis: 0 } },
              { op: 'Identity', inputs: ['going'], outputs: ['again'] },
            ],
            outputs: [
              { name: 'again', type: 'bool' },
              { name: 'next', type: null },
            ],
          },
        },
      },
    };
    const model = await modelOf({ ...spec(grow), outputs: [{ name: 'y' }] });
    expect(list(model.runSync({ x: floats([1, 2]), n: times(3) }).y)).toEqual([-1, -2, -1, -2, -1, -2, -1, -2]);
  });

  test('runs the convolutions of its body on kernels, once a turn, with one row for each in the profile', async () => {
    const body = {
      inputs: [
        { name: 'i', type: 'int64' as const, dims: [] },
        { name: 'going', type: 'bool' as const, dims: [] },
        { name: 's', dims: [1, 4, 5, 5] },
      ],
      nodes: [
        { op: 'Conv', name: 'conv', inputs: ['s', 'w'], outputs: ['a'], attributes: { pads: [1, 1, 1, 1] } },
        { op: 'Relu', inputs: ['a'], outputs: ['b'] },
        { op: 'Identity', inputs: ['going'], outputs: ['again'] },
      ],
      outputs: [
        { name: 'again', type: 'bool' as const },
        { name: 'b', dims: [1, 4, 5, 5] },
      ],
    };
    const w = { name: 'w', dims: [4, 4, 3, 3], data: Array.from({ length: 144 }, (_, i) => Math.fround(Math.sin(i) / 6)) };
    const picture = { name: 'x', dims: [1, 4, 5, 5] };
    const looped = await modelOf({
      inputs: [picture],
      initializers: [w, scalar('n', 'int64', 4)],
      nodes: [{ op: 'Loop', inputs: ['n', '', 'x'], outputs: ['y'], attributes: { body: { graph: body } } }],
      outputs: [{ name: 'y' }],
    });
    const names = ['x', 'r0', 'r1', 'r2', 'y'];
    const unrolled = await modelOf({
      inputs: [picture],
      initializers: [w],
      nodes: [0, 1, 2, 3].flatMap((i) => [
        { op: 'Conv', inputs: [names[i] as string, 'w'], outputs: [`c${i}`], attributes: { pads: [1, 1, 1, 1] } },
        { op: 'Relu', inputs: [`c${i}`], outputs: [names[i + 1] as string] },
      ]),
      outputs: [{ name: 'y' }],
    });
    const x = floats(
      Array.from({ length: 100 }, (_, i) => Math.cos(i)),
      [1, 4, 5, 5],
    );
    expect(looped.runSync({ x }).y?.data).toEqual(unrolled.runSync({ x }).y?.data);
    // The first turn reads the caller's picture, which has a program of its own.
    expect(looped.profile({ x }).filter(({ node }) => node === 'conv').length).toBeLessThanOrEqual(2);
  });

  test('stops where the caller aborts', async () => {
    const model = await modelOf(spec(), { threads: 2 });
    const controller = new AbortController();
    const running = model.run({ x: floats([0, 1]), n: times(1e9) }, { signal: controller.signal });
    setTimeout(() => controller.abort(), 50);
    expect((await rejection(running)).code).toBe('ABORTED');
    expect(list((await model.run({ x: floats([0, 1]), n: times(1) })).y)).toEqual([-1, -2]);
    model.dispose();
  });

  test('collects no more than the memory limit allows', async () => {
    const model = await modelOf(spec(), { memoryLimit: 4096 });
    expect(failure(() => model.runSync({ x: floats([0, 1]), n: times(1e6) })).code).toBe('TOO_LARGE');
  });
});

describe('Scan', () => {
  const body = {
    inputs: [
      { name: 's', dims: [2] },
      { name: 'row', dims: [2] },
    ],
    nodes: [
      { op: 'Add', inputs: ['s', 'row'], outputs: ['t'] },
      { op: 'Identity', inputs: ['t'], outputs: ['u'] },
    ],
    outputs: [
      { name: 't', dims: [2] },
      { name: 'u', dims: [2] },
    ],
  };
  const scan = (attributes: NodeSpec['attributes'] = {}): ModelSpec => ({
    inputs: [
      { name: 'a', dims: [2] },
      { name: 'x', dims: [3, 2] },
    ],
    nodes: [
      { op: 'Scan', inputs: ['a', 'x'], outputs: ['y', 'z'], attributes: { num_scan_inputs: 1, body: { graph: body }, ...attributes } },
    ],
    outputs: [{ name: 'y' }, { name: 'z' }],
  });
  const feeds = { a: floats([0, 0]), x: floats([1, 2, 3, 4, 5, 6], [3, 2]) };

  test('goes along the first axis', async () => {
    const { y, z } = (await modelOf(scan())).runSync(feeds);
    expect(list(y)).toEqual([9, 12]);
    expect(z).toEqual(floats([1, 2, 4, 6, 9, 12], [3, 2]));
  });

  test('goes backwards and along other axes', async () => {
    const { z } = (await modelOf(scan({ scan_input_directions: [1], scan_output_directions: [1], scan_output_axes: [1] }))).runSync(feeds);
    expect(z).toEqual(
      floats(
        [9, 8, 5, 12, 10, 6].map((_, i) => [9, 8, 5, 12, 10, 6][i] as number),
        [2, 3],
      ),
    );
  });

  test('refuses inputs of different lengths and bodies that do not fit', async () => {
    const model = await modelOf(scan({ num_scan_inputs: 2 }));
    expect(failure(() => model.runSync({ ...feeds, a: floats([0, 0]) })).message).toContain('scans inputs of one length, got 2, 3');
    const odd = await modelOf(scan({ num_scan_inputs: 5 }));
    expect(failure(() => odd.runSync(feeds)).message).toContain('do not fit its 2 inputs, 5 of them scanned');
  });
});
