// Types at a model's face that are others inside: float16, and float64 where some operator computes no such.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { summarize } from '../../src/analysis/index.ts';
import { load as loadCompiled } from '../../src/compiled/index.ts';
import { compileModel } from '../../src/compiled/write.ts';
import { readNpy, readOnnx, readSafetensors, writeNpy, writeOnnx, writeSafetensors } from '../../src/formats/index.ts';
import { float16Array, toFloat16, widenHalves } from '../../src/graph/halves.ts';
import { type LanewiseError, load, type Model, Tensor, type TensorType, toFloat32 } from '../../src/index.ts';
import { toPicture } from '../../src/vision/index.ts';
import { lanewise } from '../cli/lanewise.ts';
import { failure } from '../failure.ts';
import { encodeModel, encodeTensor, type OnnxType } from '../formats/onnx-writer.ts';

const refusal = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error as LanewiseError,
  );

const port = (name: string, type: OnnxType, dims: readonly (number | string)[]) => ({ name, type, dims });

/** y = relu(conv(x)) in one type, as exporters write it. */
const convolution = (type: OnnxType, dims: readonly (number | string)[] = [1, 3, 6, 5]) =>
  encodeModel({
    inputs: [port('x', type, dims)],
    outputs: [port('y', type, dims)],
    initializers: [
      { name: 'w', type, dims: [3, 3, 3, 3], data: Array.from({ length: 81 }, (_, i) => ((i * 37) % 23) / 8 - 1.25) },
      { name: 'b', type, dims: [3], data: [0.5, -0.25, 3] },
    ],
    nodes: [
      { op: 'Conv', name: 'conv', inputs: ['x', 'w', 'b'], outputs: ['c'], attributes: { pads: [1, 1, 1, 1] } },
      { op: 'Relu', inputs: ['c'], outputs: ['y'] },
    ],
  });

const elementwise = (op: string, count: number) =>
  encodeModel({
    inputs: [port('x', 'float16', [count])],
    outputs: [port('y', 'float16', [count])],
    nodes: [{ op, inputs: op === 'Mul' ? ['x', 'x'] : ['x'], outputs: ['y'] }],
  });

const bitsOf = ({ data }: Tensor) => new Uint16Array(data.buffer as ArrayBuffer, data.byteOffset, data.length);
const halves = (bits: ArrayLike<number>, dims?: readonly number[]) =>
  new Tensor('float16', float16Array(Uint16Array.from(bits)) as never, dims);
const values = (count: number, scale = 1) => Float32Array.from({ length: count }, (_, i) => (((i * 7919) % 1013) / 1013 - 0.5) * scale);
const types = (model: Model) => [model.inputs[0]?.type, model.outputs[0]?.type];

describe('tensors of float16', () => {
  test('hold a Float16Array where the engine has one, else bits', () => {
    const tensor = new Tensor('float16', [0.5, 1, -2], [3, 1]);
    const own = (globalThis as { Float16Array?: typeof Uint16Array }).Float16Array;
    expect(Object.prototype.toString.call(tensor.data)).toBe(`[object ${own ? 'Float16Array' : 'Uint16Array'}]`);
    expect([...bitsOf(tensor)]).toEqual([0x3800, 0x3c00, 0xc000]);
    expect(toFloat32(tensor)).toEqual(new Tensor('float32', [0.5, 1, -2], [3, 1]));
    expect(failure(() => new Tensor('float16', new Float32Array(1) as never)).message).toMatch(
      /^a float16 tensor holds a \w+16Array, got Float32Array$/,
    );
    expect(failure(() => new Tensor('float16', ['a' as never])).message).toMatch(/'a' does not fit a tensor of float16/);
    expect(failure(() => new Tensor('bfloat16' as never, [])).message).toMatch(
      /unknown tensor type 'bfloat16'; known: float32, .*float16$/,
    );
    expect(failure(() => toFloat32({} as never)).code).toBe('INVALID_INPUT');
    expect(toFloat32(new Tensor('int64', [3, -1])).data).toEqual(Float32Array.of(3, -1));
  });

  test('numbers are rounded once, to the nearest, ties to even', () => {
    const all = widenHalves(
      'float16',
      Uint16Array.from({ length: 0x7c00 }, (_, i) => i),
    );
    /** By looking at the neighbours. */
    const nearest = (x: number) => {
      const size = Math.abs(x);
      let [low, high] = [0, all.length];
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        if ((all[middle] as number) <= size) low = middle;
        else high = middle;
      }
      const next = all[low + 1] ?? 65536;
      const [down, up] = [size - (all[low] as number), next - size];
      return (x < 0 || Object.is(x, -0) ? 0x8000 : 0) + low + Number(up < down || (up === down && low % 2 === 1));
    };
    const numbers = [
      0,
      -0,
      65519.99,
      65520,
      -65520,
      1e300,
      -1e300,
      2 ** -25,
      2 ** -25 * (1 + 2 ** -40),
      5e-324,
      -1e-40,
      2 ** -14 - 2 ** -40,
    ];
    for (let i = 0; i < 0x7bff; i += 37) {
      // Halfway, and what a float32 would round to that.
      const half = ((all[i] as number) + (all[i + 1] as number)) / 2;
      numbers.push(half, half * (1 + 2 ** -40), half * (1 - 2 ** -40), -half, -half * (1 + 2 ** -40));
    }
    expect([...bitsOf(new Tensor('float16', numbers))]).toEqual(numbers.map(nearest));
    expect([...bitsOf(new Tensor('float16', [Number.NaN, Infinity, -Infinity]))]).toEqual([0x7e00, 0x7c00, 0xfc00]);
  });

  test('are written, read, and shown as pictures', () => {
    const tensor = new Tensor('float16', [0, 0.5, 1, 0.25], [2, 2]);
    const npy = writeNpy(tensor);
    expect(Buffer.from(npy).toString('latin1')).toContain("'descr': '<f2'");
    expect(readNpy(npy)).toEqual(toFloat32(tensor));
    const file = writeSafetensors(new Map([['t', tensor]]));
    expect(Buffer.from(file).toString('latin1')).toContain('"dtype":"F16"');
    expect(readSafetensors(file).tensors.get('t')?.read()).toEqual(toFloat32(tensor).data);
    expect(toPicture(tensor).data).toEqual(toPicture(toFloat32(tensor)).data);
  });
});

describe('a model in float16', () => {
  test('takes and gives float16: the bits are those of float32, rounded', async () => {
    const file = convolution('float16');
    const dims = [1, 3, 6, 5];
    const bits = toFloat16(values(90, 4));
    const reference = await load(encodeFloat32Twin(file));
    const { y: expected } = reference.runSync({ x: new Tensor('float32', widenHalves('float16', bits), dims) });
    for (const options of [{}, { threads: 2 }, { worker: true }]) {
      const model = await load(file, options);
      expect(types(model)).toEqual(['float16', 'float16']);
      expect(model.warnings).toEqual([]);
      const { y } = await model.run({ x: halves(bits, dims) });
      expect(y).toMatchObject({ type: 'float16', dims });
      expect(bitsOf(y as Tensor)).toEqual(toFloat16((expected as Tensor).data as Float32Array));
      model.dispose();
    }
    const compiled = await compileModel(file);
    for (const model of [await load(compiled), await loadCompiled(compiled)]) {
      expect(types(model)).toEqual(['float16', 'float16']);
      const { y } = model.runSync({ x: halves(bits, dims) });
      expect(bitsOf(y as Tensor)).toEqual(toFloat16((expected as Tensor).data as Float32Array));
    }
  });

  test('takes float32 as it is, as before', async () => {
    const model = await load(elementwise('Mul', 2));
    const { y } = model.runSync({ x: new Tensor('float32', [1.0004, 300]) });
    // 1.0004 is no float16; its square is rounded once. 90,000 is beyond float16.
    expect([...bitsOf(y as Tensor)]).toEqual([...toFloat16([Math.fround(Math.fround(1.0004) ** 2), 90_000])]);
    expect([...bitsOf(y as Tensor)][1]).toBe(0x7c00);
    for (const type of ['float64', 'int32', 'uint16'] as const) {
      expect(failure(() => model.runSync({ x: new Tensor(type, [1, 2]) })).message).toBe(
        `input 'x' takes float16, got a tensor of ${type}`,
      );
    }
    expect(failure(() => model.runSync({})).message).toBe("input 'x' is missing; the model takes 'x' float16 [2]");
    // Of float32 models nothing has changed.
    const wide = await load(encodeFloat32Twin(elementwise('Mul', 2)));
    expect(failure(() => wide.runSync({ x: halves([0, 0]) })).message).toBe("input 'x' takes float32, got a tensor of float16");
  });

  test('every float16 comes back: infinities, subnormals, zeros, NaN as one', async () => {
    const every = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const model = await load(elementwise('Identity', 65536));
    const { y } = model.runSync({ x: halves(every) });
    const isNone = (bits: number) => (bits & 0x7fff) > 0x7c00;
    expect(bitsOf(y as Tensor)).toEqual(every.map((bits) => (isNone(bits) ? 0x7e00 : bits)));
    // A view into a larger array.
    const view = new Tensor('float16', halves(every).data.subarray(100, 104) as never);
    const four = await load(elementwise('Identity', 4));
    expect([...bitsOf(four.runSync({ x: view }).y as Tensor)]).toEqual([100, 101, 102, 103]);
  });

  test('runs that wait have their own numbers', async () => {
    const model = await load(elementwise('Mul', 2), { threads: 2 });
    const x = halves([0x4000, 0x4200]);
    const runs = [model.run({ x }), model.run({ x })];
    bitsOf(x).fill(0);
    for (const { y } of await Promise.all(runs)) expect([...bitsOf(y as Tensor)]).toEqual([0x4400, 0x4880]);
    model.dispose();
  });

  test('open dimensions, inputs that nobody reads, and outputs of other types', async () => {
    const model = await load(
      encodeModel({
        inputs: [port('x', 'float16', ['N', 2]), port('unread', 'float16', [3])],
        outputs: [port('y', 'float16', ['N', 2]), port('wide', 'float32', ['N', 2]), port('most', 'int64', ['N', 1])],
        nodes: [
          { op: 'Neg', inputs: ['x'], outputs: ['y'] },
          { op: 'Cast', inputs: ['x'], outputs: ['wide'], attributes: { to: 1 } },
          { op: 'ArgMax', inputs: ['x'], outputs: ['most'], attributes: { axis: 1 } },
        ],
      }),
    );
    expect(model.outputs.map(({ type }) => type)).toEqual(['float16', 'float32', 'int64']);
    const outputs = model.runSync({ x: halves([0x3c00, 0x4000, 0xc000, 0], [2, 2]) });
    expect([...bitsOf(outputs.y as Tensor)]).toEqual([0xbc00, 0xc000, 0x4000, 0x8000]);
    expect(outputs.wide).toEqual(new Tensor('float32', [1, 2, -2, 0], [2, 2]));
    expect(outputs.most).toEqual(new Tensor('int64', [1, 1], [2, 1]));
  });

  test('bfloat16 is float32 at the face, as before', async () => {
    const file = encodeModel({
      inputs: [port('x', 'bfloat16', [1])],
      outputs: [port('y', 'bfloat16', [1])],
      nodes: [{ op: 'Neg', inputs: ['x'], outputs: ['y'] }],
    });
    const model = await load(file);
    expect(types(model)).toEqual(['float32', 'float32']);
    expect(model.runSync({ x: new Tensor('float32', [1.5]) }).y).toEqual(new Tensor('float32', [-1.5]));
  });

  test('the graph and its summary say it; a file that is written of it is of float32', () => {
    const graph = readOnnx(convolution('float16'));
    expect(graph.inputs).toEqual([{ name: 'x', type: 'float32', face: 'float16', dims: [1, 3, 6, 5] }]);
    expect(graph.outputs[0]).toMatchObject({ type: 'float32', face: 'float16' });
    expect(summarize(graph).inputs).toEqual([{ name: 'x', type: 'float16', dims: [1, 3, 6, 5] }]);
    const again = readOnnx(writeOnnx(graph));
    expect(again.inputs).toEqual([{ name: 'x', type: 'float32', dims: [1, 3, 6, 5] }]);
    expect(failure(() => writeOnnx({ ...graph, inputs: [{ ...graph.inputs[0], face: 'int4' } as never] })).code).toBe('INVALID_INPUT');
  });
});

describe('a model in float64', () => {
  test('runs in float64 where its operators can', async () => {
    const model = await load(
      encodeModel({
        inputs: [port('x', 'float64', [2])],
        outputs: [port('y', 'float64', [2])],
        initializers: [{ name: 'c', type: 'float64', dims: [1], data: [1e-12] }],
        nodes: [{ op: 'Add', inputs: ['x', 'c'], outputs: ['y'] }],
      }),
    );
    expect([types(model), model.warnings]).toEqual([['float64', 'float64'], []]);
    expect(model.runSync({ x: new Tensor('float64', [1, 2]) }).y).toEqual(new Tensor('float64', [1 + 1e-12, 2 + 1e-12]));
    expect(failure(() => model.runSync({ x: new Tensor('float32', [1, 2]) })).message).toMatch(/takes float64, got a tensor of float32/);
  });

  test('runs in float32 where one cannot, with a warning; float64 at the face', async () => {
    const dims = [1, 3, 6, 5];
    const x = Float64Array.from(values(90, 3));
    const reference = (await load(convolution('float32'))).runSync({ x: new Tensor('float32', Float32Array.from(x), dims) }).y as Tensor;
    const expected = new Tensor('float64', Float64Array.from(reference.data as Float32Array), dims);
    const file = convolution('float64');
    for (const model of [await load(file), await load(convolution('float64', ['N', 3, 6, 5])), await load(file, { threads: 2 })]) {
      expect(types(model)).toEqual(['float64', 'float64']);
      expect(model.warnings).toEqual([
        "the model computes in float64, which Conv 'conv' cannot: all of it runs in float32, to about 7 digits",
      ]);
      expect((await model.run({ x: new Tensor('float64', x, dims) })).y).toEqual(expected);
      // As pictures give it.
      expect((await model.run({ x: new Tensor('float32', Float32Array.from(x), dims) })).y).toEqual(expected);
      expect(failure(() => model.runSync({ x: new Tensor('int32', new Int32Array(90), dims) })).code).toBe('INVALID_INPUT');
      model.dispose();
    }
    const compiled = await loadCompiled(await compileModel(file));
    expect(types(compiled)).toEqual(['float64', 'float64']);
    expect(compiled.runSync({ x: new Tensor('float64', x, dims) }).y).toEqual(expected);
  });

  test('constants, casts and what is computed beside it become float32, and whole numbers stay', async () => {
    const model = await load(
      encodeModel({
        inputs: [port('x', 'float32', [1, 2]), port('places', 'int64', [2])],
        outputs: [
          port('y', 'float64', [1, 2]),
          port('plain', 'float32', [1, 2]),
          port('sum', 'int64', [2]),
          { name: 'untold', type: null },
        ],
        initializers: [{ name: 'w', type: 'float64', dims: [2, 2], data: [1, 2, 3, 4] }],
        nodes: [
          { op: 'Cast', inputs: ['x'], outputs: ['d'], attributes: { to: 11 } },
          { op: 'Constant', outputs: ['c'], attributes: { value: { tensor: { type: 'float64', dims: [], data: [0.1] } } } },
          { op: 'Mul', inputs: ['d', 'c'], outputs: ['m'] },
          { op: 'Gemm', name: 'dense', inputs: ['m', 'w'], outputs: ['y'] },
          { op: 'Gemm', inputs: ['m', 'w'], outputs: ['untold'] },
          { op: 'Cast', inputs: ['y'], outputs: ['plain'], attributes: { to: 1 } },
          { op: 'Add', inputs: ['places', 'places'], outputs: ['sum'] },
        ],
      }),
    );
    expect(model.warnings).toEqual([expect.stringMatching(/which Gemm 'dense' and 1 more cannot/)]);
    expect(model.outputs.map(({ type }) => type)).toEqual(['float64', 'float32', 'int64', 'float64']);
    const outputs = model.runSync({ x: new Tensor('float32', [10, 20], [1, 2]), places: new Tensor('int64', [1, 2]) });
    const tenth = (n: number) => Math.fround(n * Math.fround(0.1));
    const y = [Math.fround(tenth(10) + 3 * tenth(20)), Math.fround(2 * tenth(10) + 4 * tenth(20))];
    expect(outputs.y).toEqual(new Tensor('float64', y, [1, 2]));
    expect(outputs.untold).toEqual(outputs.y);
    expect(outputs.plain).toEqual(new Tensor('float32', y, [1, 2]));
    expect(outputs.sum).toEqual(new Tensor('int64', [2, 4]));
  });
});

describe('strings', () => {
  const sentence =
    /^.* holds strings, which are not supported: take the part of the model that works on them off .*, and do it in JavaScript$/;
  const node = { op: 'Identity', inputs: ['x'], outputs: ['y'] };
  const text: readonly [string, Parameters<typeof encodeModel>[0], RegExp][] = [
    ['an input', { inputs: [port('x', 'string', [1])], outputs: [{ name: 'y' }], nodes: [node] }, /the input 'x'/],
    ['an output', { inputs: [port('x', 'float32', [1])], outputs: [port('y', 'string', [1])], nodes: [node] }, /the output 'y'/],
    [
      'an initializer',
      { inputs: [], outputs: [{ name: 'y' }], initializers: [{ name: 'x', type: 'string', dims: [1] }], nodes: [node] },
      /the initializer 'x'/,
    ],
  ];
  test.each(text)('%s', async (_, spec, where) => {
    const file = encodeModel(spec);
    for (const error of [failure(() => readOnnx(file)), (await refusal(load(file))) as LanewiseError]) {
      expect(error).toMatchObject({ code: 'UNSUPPORTED', message: expect.stringMatching(sentence) });
      expect(error.message).toMatch(where);
    }
  });

  test('a cast', async () => {
    const cast = { op: 'Cast', inputs: ['x'], outputs: ['y'], attributes: { to: 8 } };
    const file = encodeModel({ inputs: [port('x', 'float32', [1])], outputs: [{ name: 'y', type: null }], nodes: [cast] });
    expect(await refusal(load(file))).toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringMatching(/a cast to string is not supported$/),
    });
  });
});

describe('the command line', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'lanewise-face-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('shows types as they are at the face, and warns', async () => {
    const dims = [1, 3, 6, 5];
    const input = join(folder, 'x.npy');
    writeFileSync(input, writeNpy(new Tensor('float32', values(90), dims)));
    for (const [type, warning] of [
      ['float16', ''],
      ['float64', "lanewise: the model computes in float64, which Conv 'conv' cannot: all of it runs in float32, to about 7 digits"],
    ] as const) {
      const path = join(folder, `${type}.onnx`);
      writeFileSync(path, convolution(type));
      const run = await lanewise('run', path, input);
      expect(run).toMatchObject({ code: 0, err: warning, out: expect.stringContaining(`y: ${type} [1, 3, 6, 5] = `) });
      const [json] = JSON.parse((await lanewise('run', path, input, '--json')).out).outputs;
      expect(json).toMatchObject({ name: 'y', type, dims });
      expect(json.data.every((x: number) => Number.isFinite(x) && x < 100)).toBe(true);
      expect(await lanewise('summary', path)).toMatchObject({
        code: 0,
        err: warning,
        out: expect.stringMatching(new RegExp(`^x +input ${type} `, 'm')),
      });
      expect(await lanewise('bench', path, '--runs', '1')).toMatchObject({ code: 0, err: warning });
      const compiled = join(folder, `${type}.lanewise`);
      expect(await lanewise('compile', path, compiled)).toMatchObject({ code: 0, err: warning });
      expect((await lanewise('run', compiled, input)).out).toContain(`y: ${type} [1, 3, 6, 5] = `);
    }
  });

  test('verify compares float16 as numbers', async () => {
    for (const [name, expected, code] of [
      ['right', [1, 4], 0],
      ['wrong', [1, 5], 1],
    ] as const) {
      const set = join(folder, name, 'test_data_set_0');
      mkdirSync(set, { recursive: true });
      writeFileSync(join(folder, name, 'model.onnx'), elementwise('Mul', 2));
      writeFileSync(join(set, 'input_0.pb'), encodeTensor({ name: 'x', type: 'float16', data: [1, 2] }));
      writeFileSync(join(set, 'output_0.pb'), encodeTensor({ name: 'y', type: 'float16', data: [...expected] }));
      expect((await lanewise('verify', join(folder, name))).code).toBe(code);
    }
  });
});

/** The file with float32 in place of float16 at its face; its weights are widened when they are read. */
function encodeFloat32Twin(file: Uint8Array): Uint8Array {
  const graph = readOnnx(file);
  expect(graph.inputs[0]?.face).toBe('float16' satisfies TensorType);
  return writeOnnx(graph);
}
