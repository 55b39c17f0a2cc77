// Custom operators in networks: what their `run` gets, and where it runs.

import { arrayTypes, type DataType, Tensor } from '../../src/graph/tensor.ts';
import { defineOp } from '../../src/ops/custom.ts';
import { failure } from '../failure.ts';
import { type GraphSpec, graphOf } from '../kernels/graph.ts';
import { typedTensor } from '../kernels/moves.ts';
import { opsOf } from '../kernels/plans.ts';
import { eachVariant, expectClose } from '../kernels/run.ts';
import { array, conv, fromTensor, type NdArray, random, sizeOf, toTensor } from '../reference/index.ts';
import { modelOf, onlyOutput } from '../runtime/models.ts';
import { backwards, floatsOf, node, operator, ramp, rampReference, run, single, vector } from './customOps.ts';

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

  test('behind sizes that only a run tells it runs, too', () => {
    const constants = { most: { name: 'most', type: 'int64' as const, dims: [1], read: () => BigInt64Array.of(3n) } };
    const nodes = [node('NonMaxSuppression', ['b', 's', 'most'], ['i']), node('Backwards', ['i'], ['y'])];
    const graph = graphOf({ inputs: { b: [1, 5, 4], s: [1, 1, 5] }, constants, nodes });
    const model = modelOf(graph, { operators: [backwards] });
    const b = new Tensor('float32', [0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9], [1, 5, 4]);
    const { y } = model.runSync({ b, s: new Tensor('float32', [1, 5, 2, 4, 3], [1, 1, 5]) });
    expect(y).toEqual(new Tensor('int64', [0, 0, 1, 0, 0, 3, 0, 0, 4].reverse(), [3, 3]));
  });
});
