// Custom operators for the nodes of files.

import { Tensor } from '../../src/graph/tensor.ts';
import { createModel, load } from '../../src/load.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { graphOf } from '../kernels/graph.ts';
import { modelOf, onlyOutput } from '../runtime/models.ts';
import { backwards, floatsOf, node, ramp, vector } from './customOps.ts';

describe('in a file', () => {
  const file = (op: string, domain: string, attributes = {}, opset = 13) =>
    encodeModel({
      opset,
      inputs: [{ name: 'x', type: 'float32', dims: ['N', 3] }],
      outputs: [{ name: 'y', type: 'float32', dims: ['N', 3] }],
      nodes: [{ op, domain, name: 'it', inputs: ['x'], outputs: ['y'], attributes }],
    });
  const x = new Tensor('float32', [-1, 2, -3, 4, -5, 6], [2, 3]);

  test('the option supplies it', async () => {
    const model = await load(file('Backwards', 'my.ops'), { operators: [ramp, backwards] });
    const { y } = await model.run({ x });
    expect(y?.data).toEqual(new Float32Array([6, -5, 4, -3, 2, -1]));
    await expect(load(file('Backwards', 'my.ops'), { operators: [ramp] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message:
        "the model (opset 13) has an unsupported operator: my.ops.Backwards (node 'it'); the option operators can supply those of other domains",
    });
  });

  test('what is missing is told at load, whatever is open, and the option only where it would help', async () => {
    const graph = (op: string) =>
      graphOf({
        inputs: { x: ['N', 'M'] },
        nodes: [node('Ramp', ['x'], ['a']), { op, name: 'late', inputs: ['a'], outputs: ['y'] }],
      });
    await createModel(graph('Relu'), { operators: [ramp] });
    await expect(createModel(graph('LSTM'), { operators: [ramp] })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: "the model (opset 13) has an unsupported operator: LSTM (node 'late')",
    });
  });

  test("one that stands in for ONNX's shapes nothing by its inputs", () => {
    const op = defineOp({ name: 'Reshape', domain: '', inputs: 2, run: ({ inputs: [a], outputs: [b] }) => b.data.set(a.data as never) });
    let plans = 0;
    const nodes = [{ op: 'Reshape', inputs: ['x', 's'], outputs: ['y'] }];
    const graph = graphOf({ inputs: { x: [2], s: { type: 'int64', dims: [1] } }, nodes });
    const model = modelOf(graph, { operators: [op] }, 'strict', () => plans++);
    for (const s of [1n, 2n, 3n]) expect(onlyOutput(model.runSync({ x: vector(1, 2), s: new Tensor('int64', [s]) }))).toEqual([1, 2]);
    expect(plans).toBe(1);
  });

  test.each(['', 'ai.onnx'])("it may stand in for one of ONNX's, domain '%s'", async (domain) => {
    const halve = (name: string) =>
      defineOp({ name, domain, run: ({ inputs: [a], outputs: [b] }) => floatsOf(b).set(floatsOf(a).map((value) => value / 2)) });
    for (const name of ['Relu', 'LSTM']) {
      const model = await load(file(name, domain, {}, 99), { operators: [halve(name)] });
      const expected = new Float32Array([-0.5, 1, -1.5, 2, -2.5, 3]);
      expect((await model.run({ x })).y?.data).toEqual(expected);
      expect(model.profile({ x })[0]?.kernel).toBe(`host ${name}`);
    }
    expect((await (await load(file('Relu', domain))).run({ x })).y?.data).toEqual(new Float32Array([0, 2, 0, 4, 0, 6]));
  });

  test('a domain of its own keeps it from being taken for one of ONNX', () => {
    // Reshape's second input would shape the network.
    const op = defineOp({
      name: 'Reshape',
      domain: 'my.ops',
      inputs: 2,
      run: ({ inputs: [a], outputs: [b] }) => b.data.set(a.data as never),
    });
    let plans = 0;
    const nodes = [{ op: 'Reshape', domain: 'my.ops', inputs: ['x', 's'], outputs: ['y'] }];
    const graph = graphOf({ inputs: { x: [2], s: { type: 'int64', dims: [1] } }, nodes });
    const model = modelOf(graph, { operators: [op] }, 'strict', () => plans++);
    for (const s of [1n, 2n, 3n]) expect(onlyOutput(model.runSync({ x: vector(1, 2), s: new Tensor('int64', [s]) }))).toEqual([1, 2]);
    expect(plans).toBe(1);
  });

  test('its attributes are read and checked', async () => {
    const got: unknown[] = [];
    const op = defineOp({
      name: 'Test',
      domain: 'my.ops',
      attributes: {
        size: { type: 'int' },
        strength: { type: 'float', default: 0.1 },
        mode: { type: 'string', default: 'fast' },
        sizes: { type: 'ints', default: [] },
        scales: { type: 'floats', default: [0.1, 2] },
        labels: { type: 'strings', default: ['a'] },
        kernel: { type: 'tensor', default: vector(1, 2) },
      },
      run: ({ inputs: [a], outputs: [b], attributes }) => {
        got.push(attributes);
        b.data.set(a.data as never);
      },
    });
    const attempt = async (attributes: object) => (await load(file('Test', 'my.ops', attributes), { operators: [op] })).runSync({ x });
    await attempt({ size: 3 });
    await attempt({
      size: -3,
      strength: { float: 2.5 },
      mode: 'slow',
      sizes: [1, 2],
      scales: { floats: [1, 0.25] },
      labels: ['b', 'c'],
      kernel: { tensor: { type: 'int64', dims: [2, 1], data: [7n, 8n] } },
    });
    const [tenth = 0] = new Float32Array([0.1]);
    expect(got).toEqual([
      { size: 3, strength: tenth, mode: 'fast', sizes: [], scales: [tenth, 2], labels: ['a'], kernel: vector(1, 2) },
      {
        size: -3,
        strength: 2.5,
        mode: 'slow',
        sizes: [1, 2],
        scales: [1, 0.25],
        labels: ['b', 'c'],
        kernel: new Tensor('int64', [7n, 8n], [2, 1]),
      },
    ]);
    for (const [attributes, problem] of [
      [{}, "'size' is missing"],
      [{ size: { float: 1.5 } }, "'size' is not a whole number"],
      [{ size: 'a' }, "'size' is not a whole number"],
      [{ size: [1] }, "'size' is not a whole number"],
      [{ size: 1, strength: { float: Number.NaN } }, "'strength' is not a finite number"],
      [{ size: 1, mode: 3 }, "'mode' is not a string"],
      [{ size: 1, sizes: 3 }, "'sizes' is not a list of whole numbers"],
      [{ size: 1, scales: ['a'] }, "'scales' is not a list of finite numbers"],
      [{ size: 1, labels: [1] }, "'labels' is not a list of strings"],
      [{ size: 1, kernel: 1 }, "'kernel' is not a tensor"],
    ] as const) {
      const error = { code: 'INVALID_MODEL', message: `my.ops.Test 'it': attribute ${problem}` };
      await expect(attempt(attributes)).rejects.toMatchObject(error);
    }
    await expect(attempt({ size: 1, colour: 1 })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/my\.ops\.Test 'it': attribute 'colour'/),
    });
  });

  test.each([
    ['no list', ramp],
    ['something else', [() => {}]],
    ['nothing', [undefined]],
    ['null', [null]],
    ['an empty place', new Array(2)],
    ['a name', 'Ramp'],
    ['null itself', null],
  ])('%s is refused', async (_, operators) => {
    await expect(load(file('Relu', ''), { operators: operators as never })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('two of one name are refused, one given twice is not', async () => {
    const other = defineOp({ name: 'Ramp', domain: 'my.ops', run() {} });
    const error = { code: 'INVALID_INPUT', message: 'option operators takes one definition of each operator, got two of my.ops.Ramp' };
    await expect(load(file('Relu', ''), { operators: [ramp, other] })).rejects.toMatchObject(error);
    await load(file('Ramp', 'my.ops'), { operators: [ramp, ramp, defineOp({ name: 'Ramp', domain: 'your.ops', run() {} })] });
  });
});
