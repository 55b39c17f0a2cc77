// Custom operators in models: what their `run` gets, where it runs, and what happens when it goes wrong.

import { compile } from '../../src/compiler/compile.ts';
import { arrayTypes, type DataType, Tensor } from '../../src/graph/tensor.ts';
import { createModel, type LoadOptions, load } from '../../src/load.ts';
import { type CustomOperator, defineOp } from '../../src/ops/custom.ts';
import type { Variant } from '../../src/runtime/wasm.ts';
import { failure } from '../failure.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { type GraphSpec, graphOf, type NodeSpec } from '../kernels/graph.ts';
import { typedTensor } from '../kernels/moves.ts';
import { opsOf } from '../kernels/plans.ts';
import { eachVariant, expectClose, runPlan } from '../kernels/run.ts';
import { array, conv, fromTensor, type NdArray, random, sizeOf, toTensor } from '../reference/index.ts';
import { modelOf, onlyOutput } from '../runtime/models.ts';
import { backwards, floatsOf, operator, ramp, rampReference } from './customOps.ts';

/** The outputs of a graph of custom operators, in memory that is watched. */
function run(spec: GraphSpec, feeds: Record<string, NdArray>, operators: readonly CustomOperator[] = [ramp], variant: Variant = 'strict') {
  const dims = new Map(Object.entries(feeds).map(([name, value]) => [name, value.dims]));
  return runPlan(compile(graphOf(spec), { dims, operators, verify: true }), feeds, variant);
}

const node = (op: string, inputs: string[], outputs: string[], attributes?: NodeSpec['attributes']): NodeSpec => ({
  op,
  domain: ['Ramp', 'Backwards', 'Test'].includes(op) ? 'my.ops' : '',
  name: outputs[0] ?? op,
  inputs,
  outputs,
  ...(attributes && { attributes }),
});

/** A model of one custom operator, of float32 [n] or what `x` says. */
const single = (op: CustomOperator, x: Tensor | readonly (number | string)[] = ['N'], options: LoadOptions = {}) => {
  const input = x instanceof Tensor ? { type: x.type, dims: x.dims } : { type: 'float32' as const, dims: x };
  const spec = { op: op.name, domain: op.domain, name: 'it', inputs: ['x'], outputs: ['y'] };
  return modelOf(graphOf({ inputs: { x: input }, nodes: [spec] }), { operators: [op], ...options });
};

const vector = (...values: number[]): Tensor => new Tensor('float32', values);

describe('in a network', () => {
  eachVariant((variant) => {
    test.each([1, 3, 4, 8, 9])('between two convolutions of %i channels it sees NCHW', (channels) => {
      for (const [height, width] of [
        [5, 7],
        [4, 4],
        [1, 9],
        [1, 1],
      ] as const) {
        const x = random([2, channels, height, width], 1);
        const w = random([channels, channels, 1, 1], 2);
        const spec: GraphSpec = {
          inputs: { x: x.dims },
          constants: { w },
          nodes: [node('Conv', ['x', 'w'], ['a']), node('Ramp', ['a'], ['b']), node('Conv', ['b', 'w'], ['y'])],
          outputs: ['y'],
        };
        const expected = conv({ x: rampReference(conv({ x, w })), w });
        expectClose(run(spec, { x }, [ramp], variant)[0] as NdArray, expected, 1e-3);
      }
    });
  });

  test('the layout is changed before and behind it, and nowhere else', () => {
    const w = random([8, 8, 3, 3], 2);
    const nodes = [
      node('Conv', ['x', 'w'], ['a']),
      node('Conv', ['a', 'w'], ['b']),
      node('Ramp', ['b'], ['c']),
      node('Ramp', ['c'], ['d']),
      node('Conv', ['d', 'w'], ['y']),
    ];
    const graph = graphOf({ inputs: { x: [1, 8, 12, 12] }, constants: { w }, nodes });
    const kernels = opsOf(graph, { x: { dims: [1, 8, 12, 12] } }, { operators: [ramp] });
    const [change, convolution, host] = ['f32_transpose_4x4', 'f32_conv_igemm_4x8', 'my.ops.Ramp'];
    expect(kernels).toEqual([change, convolution, convolution, change, host, host, change, convolution, change]);
  });

  test('parts of concatenations and of splits come without gaps', () => {
    const [x, w] = [random([2, 4, 3, 5], 1), random([4, 4, 1, 1], 2)];
    const a = conv({ x, w });
    const rows = sizeOf(a.dims) / 2;
    /** Per picture: the channels of one, then of the other. */
    const joined = (one: NdArray, two: NdArray) =>
      array(
        [2, 8, 3, 5],
        [0, 1].flatMap((n) => [...one.data.slice(n * rows, (n + 1) * rows), ...two.data.slice(n * rows, (n + 1) * rows)]),
      );
    const w8 = random([8, 8, 1, 1], 3);
    const nodes = [
      node('Conv', ['x', 'w'], ['a']),
      node('Relu', ['a'], ['b']),
      // Reads what would lie in the concatenation, and is part of one.
      node('Ramp', ['b'], ['c']),
      node('Concat', ['b', 'c'], ['d'], { axis: 1 }),
      node('Conv', ['d', 'w8'], ['e']),
      // Half of the channels.
      node('Split', ['e'], ['f', 'g'], { axis: 1 }),
      node('Ramp', ['g'], ['y']),
      node('Conv', ['f', 'w'], ['z']),
    ];
    const relu = array(
      a.dims,
      a.data.map((value) => Math.max(0, value)),
    );
    const e = conv({ x: joined(relu, rampReference(relu)), w: w8 });
    const half = (from: number) =>
      array(
        [2, 4, 3, 5],
        [0, 1].flatMap((n) => [...e.data.slice((n * 8 + from) * 15, (n * 8 + from + 4) * 15)]),
      );
    const [y, z] = run({ inputs: { x: x.dims }, constants: { w, w8 }, nodes, outputs: ['y', 'z'] }, { x });
    expectClose(y as NdArray, rampReference(half(4)), 1e-4);
    expectClose(z as NdArray, conv({ x: half(0), w }), 1e-4);
  });

  test('inputs go in and outputs come out without anything between', () => {
    const x = random([2, 3, 4, 5], 1);
    const nodes = [node('Ramp', ['x'], ['a']), node('Identity', ['a'], ['b']), node('Ramp', ['b'], ['y'])];
    const [a, y] = run({ inputs: { x: x.dims }, nodes, outputs: ['a', 'y'] }, { x });
    expectClose(a as NdArray, rampReference(x), 1e-6);
    expectClose(y as NdArray, rampReference(rampReference(x)), 1e-6);
  });

  test.each(Object.keys(arrayTypes) as DataType[])('elements of %s, from inputs and from constants', (type) => {
    const x = typedTensor(type, [2, 3, 5]);
    const expected = x.data.slice().reverse();
    expect(single(backwards, x).runSync({ x }).y).toEqual(new Tensor(type, expected as never, x.dims));
    const constants = { c: { name: 'c', type, dims: x.dims, read: () => x.data } };
    const graph = graphOf({ inputs: {}, constants, nodes: [node('Backwards', ['c'], ['y'])] });
    expect(modelOf(graph, { operators: [backwards] }).runSync({}).y?.data).toEqual(expected);
  });

  test('what it gets are views of one memory, and the dimensions', () => {
    const seen: unknown[] = [];
    const op = operator(({ inputs: [x], outputs: [y], attributes }) => {
      seen.push(x.type, x.dims, y.dims, x.data.buffer === y.data.buffer, x.data.length, attributes);
      // A copy: nothing that is done to it matters.
      (x.dims as number[]).reverse();
      y.data.set([6, 5, 4, 3, 2, 1] as never);
    });
    const x = typedTensor('float32', [2, 3]);
    const model = single(op, x);
    expect(model.runSync({ x }).y).toEqual(new Tensor('float32', [6, 5, 4, 3, 2, 1], [2, 3]));
    expect(model.runSync({ x }).y?.dims).toEqual([2, 3]);
    expect(seen).toEqual([...Array(2)].flatMap(() => ['float32', [3, 2], [2, 3], true, 6, {}]));
  });

  test('a definition may be an object with a state of its own', () => {
    class Counter {
      readonly name = 'Test';
      readonly domain = 'my.ops';
      calls = 0;
      run({ outputs: [y] }: Parameters<Parameters<typeof defineOp>[0]['run']>[0]): void {
        this.calls++;
        y?.data.fill(this.calls as never);
      }
    }
    const model = single(defineOp(new Counter()));
    for (const calls of [1, 2]) expect(onlyOutput(model.runSync({ x: vector(0) }))).toEqual([calls]);
  });

  test('weights are decoded once, and are views too', () => {
    let reads = 0;
    const read = () => {
      reads++;
      return new Float32Array([1, 2, 3]);
    };
    const buffers = new Set<unknown>();
    const scale = defineOp({
      name: 'Test',
      domain: 'my.ops',
      inputs: 2,
      run({ inputs: [x, w], outputs: [y] }) {
        buffers.add(x.data.buffer === w.data.buffer);
        floatsOf(x).forEach((value, i) => {
          floatsOf(y)[i] = value * (floatsOf(w)[i % 3] ?? 0);
        });
      },
    });
    const constants = { w: { name: 'w', type: 'float32' as const, dims: [3], read } };
    const graph = graphOf({ inputs: { x: ['N', 3] }, constants, nodes: [node('Test', ['x', 'w'], ['y'])] });
    const model = modelOf(graph, { operators: [scale] });
    for (const n of [1, 2, 5, 1]) {
      const x = random([n, 3], n);
      const expected = Float32Array.from(toTensor(x).data, (value, i) => value * ((i % 3) + 1));
      expect(model.runSync({ x: toTensor(x) }).y?.data).toEqual(expected);
    }
    expect([reads, [...buffers]]).toEqual([1, [true]]);
  });

  test('several outputs, of other types and shapes; what nobody reads is made all the same', () => {
    const extremes = defineOp({
      name: 'Test',
      domain: 'my.ops',
      outputs: 3,
      inferShape: ([x]) => [{ dims: x.dims.slice(0, 1) }, { type: 'int64', dims: x.dims.slice(0, 1) }, { type: 'bool', dims: [] }],
      run({ inputs: [x], outputs: [most, place, negative] }) {
        const [rows = 0, columns = 0] = x.dims;
        for (let i = 0; i < rows; i++) {
          const row = floatsOf(x).subarray(i * columns, (i + 1) * columns);
          most.data[i] = Math.max(...row);
          place.data[i] = BigInt(row.indexOf(Math.max(...row)));
        }
        negative.data[0] = floatsOf(x).some((value) => value < 0) ? 1 : 0;
      },
    });
    const x = new Tensor('float32', [1, 5, 2, 9, -7, 3], [2, 3]);
    const [most, place, negative] = [vector(5, 9), new Tensor('int64', [1n, 0n]), new Tensor('bool', [1], [])];
    for (const outputs of [['m', 'p', 'n'], ['m', 'p'], ['m'], ['m', '', 'n']]) {
      const spec = { inputs: { x: [2, 3] }, nodes: [node('Test', ['x'], outputs)], outputs: outputs.filter((name) => name !== '') };
      const results = modelOf(graphOf(spec), { operators: [extremes] }).runSync({ x });
      const all = { m: most, p: place, n: negative };
      expect(results).toEqual(Object.fromEntries(spec.outputs.map((name) => [name, all[name as 'm']])));
    }
    const tooMany = graphOf({ inputs: { x: [2, 3] }, nodes: [node('Test', ['x'], ['m', 'p', 'n', 'o'])], outputs: ['o'] });
    expect(failure(() => modelOf(tooMany, { operators: [extremes] }))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/4 outputs; 3/),
    });
  });

  test('optional inputs', () => {
    const op = defineOp({
      name: 'Test',
      domain: 'my.ops',
      inputs: [1, 3],
      outputs: [1, 2],
      inferShape: (inputs) => inputs.flatMap((x) => (x ? [{ dims: [1] }] : [])).slice(0, 1),
      run({ inputs: [x, a, b], outputs: [y] }) {
        y?.data.fill(((x?.data[0] as number) + 10 * Number(a?.data[0] ?? 0) + 100 * Number(b?.data[0] ?? 0)) as never);
      },
    });
    const constants = { a: array([1], [2]), b: array([1], [3]) };
    for (const [inputs, expected] of [
      [['x'], 1],
      [['x', 'a'], 21],
      [['x', '', 'b'], 301],
      [['x', 'a', 'b'], 321],
    ] as const) {
      const graph = graphOf({ inputs: { x: [1] }, constants, nodes: [node('Test', [...inputs], ['y'])] });
      expect(onlyOutput(modelOf(graph, { operators: [op] }).runSync({ x: vector(1) }))).toEqual([expected]);
    }
    const refused = (inputs: string[], outputs = ['y']) =>
      failure(() =>
        modelOf(graphOf({ inputs: { x: [1] }, constants, nodes: [node('Test', inputs, outputs)], outputs }), { operators: [op] }),
      );
    expect(refused(['', 'x'])).toMatchObject({ code: 'INVALID_MODEL', message: expect.stringMatching(/leaves out its input 0/) });
    expect(refused(['x', 'a', 'b', 'b'])).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/my\.ops\.Test 'y' has 4 inputs; 3/),
    });
    expect(refused(['x'], ['y', 'z'])).toMatchObject({ code: 'INVALID_MODEL', message: expect.stringMatching(/2 outputs/) });
  });

  test('every shape of the inputs has its plan, and memory grows', () => {
    const w = random([4, 4, 3, 3], 2);
    const nodes = [
      node('Conv', ['x', 'w'], ['a'], { pads: [1, 1, 1, 1] }),
      node('Ramp', ['a'], ['b']),
      node('Conv', ['b', 'w'], ['y'], { pads: [1, 1, 1, 1] }),
    ];
    const model = modelOf(graphOf({ inputs: { x: ['N', 4, 'H', 'W'] }, constants: { w }, nodes }), { operators: [ramp] });
    const totals: number[] = [];
    for (const [n, size] of [
      [1, 6],
      [1, 70],
      [3, 9],
      [1, 6],
      [2, 70],
    ] as const) {
      const x = random([n, 4, size, size], size);
      const { y } = model.runSync({ x: toTensor(x) });
      const window = { w, pads: [1, 1, 1, 1] as [number, number, number, number] };
      const expected = conv({ x: rampReference(conv({ x, ...window })), ...window });
      const scale = Math.max(...expected.data.map(Math.abs));
      expectClose(fromTensor(y as Tensor), expected, scale * 1e-5);
      totals.push(model.memory.total);
    }
    expect(totals[4]).toBeGreaterThan(totals[1] as number);
    expect(totals[1]).toBeGreaterThan(totals[0] as number);
  });

  test('without elements', () => {
    const calls: number[] = [];
    const counted = operator(({ inputs: [x] }) => void calls.push(x.data.length));
    expect(single(counted).runSync({ x: vector() }).y).toEqual(vector());
    // Nothing to fill, so nobody is asked.
    expect(calls).toEqual([]);
    const count = defineOp({
      name: 'Test',
      domain: 'my.ops',
      inferShape: () => ({ type: 'int32', dims: [] }),
      run: ({ inputs: [x], outputs: [y] }) => void y.data.fill(x.data.length as never),
    });
    expect(single(count).runSync({ x: vector() }).y).toEqual(new Tensor('int32', [0], []));
    expect(single(count).runSync({ x: vector(1, 2) }).y).toEqual(new Tensor('int32', [2], []));
  });

  test('the profile names it', () => {
    const rows = single(ramp).profile({ x: vector(1, 2) });
    expect(rows).toEqual([{ node: 'it', kernel: 'host my.ops.Ramp', ms: expect.any(Number), macs: 0 }]);
  });

  test('behind sizes that only a run tells it is refused', () => {
    const constants = { most: { name: 'most', type: 'int64' as const, dims: [1], read: () => BigInt64Array.of(3n) } };
    const nodes = [node('NonMaxSuppression', ['b', 's', 'most'], ['i']), node('Backwards', ['i'], ['y'])];
    const graph = graphOf({ inputs: { b: [1, 5, 4], s: [1, 1, 5] }, constants, nodes });
    const error = failure(() => modelOf(graph, { operators: [backwards] }));
    expect(error).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/^my\.ops\.Backwards 'y' works on a shape that only a run/),
    });
  });
});

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

describe('what goes wrong', () => {
  test.each([
    ['an Error', new Error('out of swirls'), 'out of swirls'],
    ['a text', 'out of swirls', 'it threw out of swirls'],
    ['nothing', undefined, 'it threw undefined'],
    ['null', null, 'it threw object'],
    ['an object', Object.create(null), 'it threw object'],
    ['a symbol', Symbol('out'), 'it threw symbol'],
  ])('%s that run throws names the operator, and the model works on', (_, thrown, said) => {
    let broken = true;
    const op = operator(({ inputs: [x], outputs: [y] }) => {
      y.data.fill(99 as never);
      if (broken) throw thrown;
      y.data.set(x.data as never);
    });
    const w = random([2, 2, 1, 1], 1);
    const nodes = [node('Conv', ['x', 'w'], ['a']), node('Test', ['a'], ['b']), node('Conv', ['b', 'w'], ['y'])];
    const model = modelOf(graphOf({ inputs: { x: ['N', 2, 3, 3] }, constants: { w }, nodes }), { operators: [op] });
    for (const n of [1, 2]) {
      const x = random([n, 2, 3, 3], n);
      broken = true;
      const error = failure(() => model.runSync({ x: toTensor(x) }));
      expect(error).toMatchObject({ code: 'OPERATOR_FAILED', message: `my.ops.Test 'b': ${said}` });
      expect(error.cause).toBe(thrown);
      expect(failure(() => model.profile({ x: toTensor(x) })).code).toBe('OPERATOR_FAILED');
      broken = false;
      expectClose(fromTensor(model.runSync({ x: toTensor(x) }).y as Tensor), conv({ x: conv({ x, w }), w }), 1e-5);
    }
  });

  test('a promise is refused, also one that fails', async () => {
    for (const body of [async () => {}, async () => Promise.reject(new Error('later'))]) {
      const model = single(operator(body as never));
      await expect(model.run({ x: vector(1) })).rejects.toMatchObject({
        code: 'OPERATOR_FAILED',
        message: "my.ops.Test 'it': run gave a promise; it has to be done when it returns",
      });
    }
  });

  test('an inferShape that throws, at load and later', () => {
    const op = defineOp({
      name: 'Test',
      domain: 'my.ops',
      inferShape([{ dims }]) {
        if (dims[0] === 3) throw new RangeError('no threes');
        return { dims };
      },
      run: ({ inputs: [x], outputs: [y] }) => y.data.set(x.data as never),
    });
    expect(failure(() => single(op, [3]))).toMatchObject({ code: 'OPERATOR_FAILED', message: "my.ops.Test 'it': no threes" });
    const model = single(op);
    expect(onlyOutput(model.runSync({ x: vector(1, 2) }))).toEqual([1, 2]);
    expect(failure(() => model.runSync({ x: vector(1, 2, 3) })).cause).toBeInstanceOf(RangeError);
    expect(onlyOutput(model.runSync({ x: vector(3, 4) }))).toEqual([3, 4]);
  });

  test.each([
    ['nothing', undefined, /needs its dimensions as a list, got undefined/],
    ['null', null, /needs its dimensions as a list/],
    ['a number', 3, /needs its dimensions as a list/],
    ['dimensions alone', [2, 3], /gave 2 outputs instead of 1/],
    ['none', [], /gave 0 outputs instead of 1/],
    ['a half', { dims: [1.5] }, /dimension 1\.5/],
    ['a negative one', { dims: [-1] }, /dimension -1/],
    ['NaN', { dims: [Number.NaN] }, /dimension NaN/],
    ['a hole', { dims: new Array(1) }, /dimension undefined/],
    ['a text', { dims: 'ab' }, /as a list, got ab/],
    ['too many', { dims: [2 ** 40, 2 ** 40] }, /more elements than can be counted/],
    ['an unknown type', { type: 'float8', dims: [1] }, /unknown type 'float8'/],
    ["a property of every object's", { type: 'toString', dims: [1] }, /unknown type 'toString'/],
    ['a promise', Promise.resolve(), /as a list, got undefined/],
  ])('an inferShape that gives %s', (_, given, message) => {
    const op = defineOp({ name: 'Test', domain: 'my.ops', inferShape: () => given as never, run() {} });
    expect(failure(() => single(op, [2]))).toMatchObject({ code: 'OPERATOR_FAILED', message: expect.stringMatching(message) });
  });

  test('outputs over the limit of memory', () => {
    const op = defineOp({ name: 'Test', domain: 'my.ops', inferShape: () => ({ dims: [2 ** 30] }), run() {} });
    expect(failure(() => single(op, [2]))).toMatchObject({ code: 'TOO_LARGE', message: expect.stringMatching(/my\.ops|'y'/) });
  });

  test('an operator cannot run its own model, but another', () => {
    const other = single(ramp);
    let again: (() => unknown) | undefined;
    const op = operator(({ inputs: [x], outputs: [y] }) => {
      y.data.set(other.runSync({ x: vector(...floatsOf(x)) }).y?.data as never);
      again?.();
    });
    const model = single(op);
    for (const call of [() => model.runSync({ x: vector(5, 6, 7) }), () => model.profile({ x: vector(5) })]) {
      again = call;
      const error = failure(() => model.runSync({ x: vector(1, 2) }));
      expect(error).toMatchObject({
        code: 'OPERATOR_FAILED',
        message: "my.ops.Test 'it': the model is running: its operators cannot run it again",
      });
      again = undefined;
      expect(onlyOutput(model.runSync({ x: vector(1, 2) }))).toEqual([1, 2.0625]);
    }
    // A call that is refused leaves the run that it would have disturbed alone.
    again = () => void model.run({ x: vector(5, 6, 7) }).catch(() => {});
    expect(onlyOutput(model.runSync({ x: vector(1, 2) }))).toEqual([1, 2.0625]);
  });

  test('a model that is disposed of by its operator finishes the run', () => {
    const op = operator(({ inputs: [x], outputs: [y] }) => {
      model.dispose();
      y.data.set(x.data as never);
    });
    const model = single(op);
    expect(onlyOutput(model.runSync({ x: vector(1, 2) }))).toEqual([1, 2]);
    expect(failure(() => model.runSync({ x: vector(1, 2) })).code).toBe('DISPOSED');
  });
});
