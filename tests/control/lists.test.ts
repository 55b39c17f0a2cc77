// Sequences and optionals, inside and at the face, and whose the results of models with control flow are.

import { toFloat32 } from '../../src/graph/face.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import type { ModelSpec, NodeSpec } from '../formats/onnx-writer.ts';
import { branch, floats, list, modelOf, scalar } from './graphs.ts';

describe('sequences and optionals', () => {
  test('are lists of tensors, inside and at the face', async () => {
    const model = await modelOf({
      inputs: [{ name: 'x', dims: [4] }],
      initializers: [scalar('two', 'int64', 2), scalar('last', 'int64', -1)],
      nodes: [
        { op: 'SplitToSequence', inputs: ['x', 'two'], outputs: ['s'] },
        { op: 'SequenceAt', inputs: ['s', 'last'], outputs: ['e'] },
        { op: 'Neg', inputs: ['e'], outputs: ['n'] },
        { op: 'SequenceInsert', inputs: ['s', 'n'], outputs: ['more'] },
        { op: 'ConcatFromSequence', inputs: ['more'], outputs: ['y'], attributes: { axis: 0 } },
        { op: 'SequenceLength', inputs: ['more'], outputs: ['count'] },
      ],
      outputs: [{ name: 'y' }, { name: 'count', type: 'int64' }, { name: 'more', type: null }],
    });
    const { y, count, more } = model.runSync<Tensor | readonly Tensor[]>({ x: floats([1, 2, 3, 4]) });
    expect(y).toEqual(floats([1, 2, 3, 4, -3, -4]));
    expect(count).toEqual(new Tensor('int64', [3], []));
    expect(more).toEqual([floats([1, 2]), floats([3, 4]), floats([-3, -4])]);
  });

  test('where a place is outside and an operator takes tensors only', async () => {
    const spec = (nodes: NodeSpec[]): ModelSpec => ({
      inputs: [{ name: 'x', dims: [4] }],
      initializers: [scalar('five', 'int64', 5)],
      nodes,
      outputs: [{ name: 'y' }],
    });
    const construct: NodeSpec = { op: 'SequenceConstruct', inputs: ['x'], outputs: ['s'] };
    const at = await modelOf(spec([construct, { op: 'SequenceAt', name: 'at', inputs: ['s', 'five'], outputs: ['y'] }]));
    expect(failure(() => at.runSync({ x: floats([1, 2, 3, 4]) })).message).toBe("SequenceAt 'at' takes place 5 of a sequence of 1");
    const relu = await modelOf(spec([construct, { op: 'Relu', name: 'relu', inputs: ['s'], outputs: ['y'] }]));
    expect(failure(() => relu.runSync({ x: floats([1, 2, 3, 4]) })).message).toContain("Relu 'relu' takes tensors; 's' is a sequence");
  });

  test('a negative place to insert at counts from the end', async () => {
    const places = { first: [-2], last: [-1], end: [2] } as Record<string, [number]>;
    for (const [name, order] of Object.entries({ first: [9, 1, 2], last: [1, 9, 2], end: [1, 2, 9] })) {
      const model = await modelOf({
        inputs: ['a', 'b', 'c'].map((input) => ({ name: input, dims: [1] })),
        initializers: [scalar('at', 'int64', (places[name] as [number])[0])],
        nodes: [
          { op: 'SequenceConstruct', inputs: ['a', 'b'], outputs: ['s'] },
          { op: 'SequenceInsert', inputs: ['s', 'c', 'at'], outputs: ['t'] },
          { op: 'ConcatFromSequence', inputs: ['t'], outputs: ['y'], attributes: { axis: 0 } },
        ],
        outputs: [{ name: 'y' }],
      });
      expect(list(model.runSync({ a: floats([1]), b: floats([2]), c: floats([9]) }).y)).toEqual(order);
    }
  });
});

describe('what a run gives', () => {
  const constants = (values: number[]) => ({
    graph: { initializers: [{ name: 'k', data: values }], outputs: [{ name: 'k', type: null }] },
  });
  const chosen: ModelSpec = {
    inputs: [{ name: 'x', dims: [2] }],
    initializers: [scalar('zero', 'float32', 0)],
    nodes: [
      { op: 'ReduceSum', inputs: ['x'], outputs: ['sum'], attributes: { keepdims: 0 } },
      { op: 'Greater', inputs: ['sum', 'zero'], outputs: ['c'] },
      { op: 'If', inputs: ['c'], outputs: ['y'], attributes: { then_branch: constants([1, 2]), else_branch: constants([3, 4]) } },
    ],
    outputs: [{ name: 'y' }],
  };

  test('is the caller’s, constants of branches too', async () => {
    const model = await modelOf(chosen);
    const x = floats([1, 1]);
    const { y } = model.runSync({ x }) as { y: Tensor };
    (y.data as Float32Array).fill(77);
    expect(list(model.runSync({ x }).y)).toEqual([1, 2]);
    expect(list(model.runSync({ x: floats([-1, 0]) }).y)).toEqual([3, 4]);
  });

  test.each([{ threads: 2 }, { worker: true }])('does not hang on what happens to the inputs after the call: %o', async (options) => {
    const model = await modelOf(
      {
        ...chosen,
        nodes: [
          ...(chosen.nodes ?? []).slice(0, 2),
          {
            op: 'If',
            inputs: ['c'],
            outputs: ['y'],
            attributes: { then_branch: branch('Neg', ['x'], 't'), else_branch: branch('Exp', ['x'], 't') },
          },
        ],
      },
      options,
    );
    const x = floats([1, 2]);
    const running = model.run({ x });
    (x.data as Float32Array).fill(-9);
    expect(list((await running).y)).toEqual([-1, -2]);
    model.dispose();
  });
});

describe('sequences and optionals at the face', () => {
  const listed = (type: 'float16' | 'float32', list: 'sequence' | 'optional') => ({ name: 's', type, dims: [2], list });

  test('have the type of the file, float16 too, and no other', async () => {
    const model = await modelOf({
      inputs: [listed('float16', 'sequence')],
      initializers: [scalar('at', 'int64', 0)],
      nodes: [
        { op: 'SequenceAt', inputs: ['s', 'at'], outputs: ['a'] },
        { op: 'Add', inputs: ['a', 'a'], outputs: ['b'] },
        { op: 'SequenceInsert', inputs: ['s', 'b'], outputs: ['more'] },
      ],
      outputs: [{ ...listed('float16', 'sequence'), name: 'more' }],
    });
    const half = (numbers: number[]) => new Tensor('float16', numbers, [2]);
    const { more } = model.runSync<readonly Tensor[]>({ s: [half([1, 2])] });
    expect(more?.map(({ type }) => type)).toEqual(['float16', 'float16']);
    expect(more?.map((tensor) => [...toFloat32(tensor).data])).toEqual([
      [1, 2],
      [2, 4],
    ]);
    expect(failure(() => model.runSync({ s: [new Tensor('int64', [1, 2], [2])] })).message).toContain(
      "input 's' takes float16, got a tensor of int64",
    );
    expect(failure(() => model.runSync({ s: half([1, 2]) })).message).toContain("input 's' takes a list of tensors");
  });

  test('an empty optional goes through as null', async () => {
    const model = await modelOf({
      inputs: [listed('float32', 'optional')],
      nodes: [{ op: 'Identity', inputs: ['s'], outputs: ['o'] }],
      outputs: [{ ...listed('float32', 'optional'), name: 'o' }],
    });
    expect(model.runSync<Tensor | null>({ s: null }).o).toBeNull();
    expect(model.runSync({}).o).toBeNull();
    expect(list(model.runSync({ s: floats([1, 2]) }).o)).toEqual([1, 2]);
  });
});
