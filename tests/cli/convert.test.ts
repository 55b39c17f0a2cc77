import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOnnx, readSafetensors, writeSafetensors } from '../../src/formats/index.ts';
import { Tensor } from '../../src/index.ts';
import { checkpoint, saved } from '../formats/checkpoint-writer.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { lanewise } from './lanewise.ts';

const model = 'models/cifar10-resnet20/model.onnx';

const convert = (...args: string[]) => lanewise('convert', ...args);

let folder: string;
const at = (name: string) => join(folder, name);
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-convert-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const graphAt = (path: string) => readOnnx(readFileSync(path), path);
const tensorsAt = (path: string) => readSafetensors(readFileSync(path), path).tensors;
const hex = (data: ArrayBufferView) => Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex');
const bits = (tensors: ReadonlyMap<string, { dims: readonly number[]; read(): ArrayBufferView }>) =>
  new Map([...tensors].map(([name, { dims, read }]) => [name, [dims, hex(read())]]));

test('ONNX to ONNX: the same graph in one file, external data too', async () => {
  const { code, out } = await convert(model, at('copy.onnx'));
  expect([code, out]).toEqual([0, `${at('copy.onnx')}: 44 tensors, weights f32, 1.05 MiB`]);
  const copy = graphAt(at('copy.onnx'));
  expect(copy.nodes).toEqual(graphAt(model).nodes);
  expect(bits(copy.constants)).toEqual(bits(graphAt(model).constants));
  expect(copy.metadata).toEqual(new Map([['producer_name', 'lanewise']]));

  writeFileSync(at('weights.bin'), new Uint8Array(Float32Array.of(0, 1, 2).buffer));
  const initializers = [{ name: 'w', dims: [2], external: { location: 'weights.bin', offset: '4' } }];
  writeFileSync(at('external.onnx'), encodeModel({ outputs: [{ name: 'w' }], initializers, metadata: { author: 'someone' } }));
  expect((await convert(at('external.onnx'), at('whole.onnx'))).code).toBe(0);
  const whole = graphAt(at('whole.onnx'));
  expect([...(whole.constants.get('w')?.read() ?? [])]).toEqual([1, 2]);
  expect(whole.metadata.get('author')).toBe('someone');
});

test('a file may be written over itself', async () => {
  writeFileSync(at('self.onnx'), readFileSync(model));
  expect((await convert(at('self.onnx'), at('self.onnx'), '--weights', 'f16')).code).toBe(0);
  const once = readFileSync(at('self.onnx'));
  expect((await convert(at('self.onnx'), at('self.onnx'), '--weights', 'f16')).code).toBe(0);
  expect(readFileSync(at('self.onnx')).equals(once)).toBe(true);
});

test('--weights f16 takes little more than half', async () => {
  const { out } = await convert(model, at('half.onnx'), '--weights', 'f16');
  expect(out).toMatch(/half\.onnx: 44 tensors, weights f16, 5\d\d\.\d KiB$/);
  expect(statSync(at('half.onnx')).size / statSync(model).size).toBeLessThan(0.53);
});

test('ONNX to safetensors and back with --graph', async () => {
  expect((await convert(model, at('w.safetensors'))).out).toBe(`${at('w.safetensors')}: 44 tensors, weights f32, 1.04 MiB`);
  expect(bits(tensorsAt(at('w.safetensors')))).toEqual(bits(graphAt(model).constants));
  const { code } = await convert(at('w.safetensors'), at('back.onnx'), '--graph', model);
  expect(code).toBe(0);
  expect(graphAt(at('back.onnx')).nodes).toEqual(graphAt(model).nodes);
  expect(bits(graphAt(at('back.onnx')).constants)).toEqual(bits(graphAt(model).constants));
});

test('safetensors to safetensors, in half the space', async () => {
  const from = 'models/cifar10-resnet20.safetensors';
  expect((await convert(from, at('half.safetensors'), '--weights', 'f16')).code).toBe(0);
  expect(statSync(at('half.safetensors')).size / statSync(from).size).toBeLessThan(0.53);
  const { tensors, metadata } = readSafetensors(readFileSync(at('half.safetensors')), 'half');
  expect(metadata.get('architecture')).toBe('resnet20');
  expect([...tensors.keys()].sort()).toEqual([...tensorsAt(from).keys()].sort());
});

test("PyTorch's checkpoint to safetensors, and to ONNX with --graph", async () => {
  const { constants } = graphAt(model);
  const weights = [...constants].map(([name, { dims, read }]) => [name, { dims, data: read() }] as const);
  const all = [...weights, ['bn1.num_batches_tracked', { dims: [], data: BigInt64Array.of(7n) }] as const];
  writeFileSync(at('w.pth'), checkpoint(...saved(all)));
  expect((await convert(at('w.pth'), at('p.safetensors'))).out).toBe(`${at('p.safetensors')}: 45 tensors, weights f32, 1.04 MiB`);
  const { 'bn1.num_batches_tracked': counter, ...rest } = Object.fromEntries(bits(tensorsAt(at('p.safetensors'))));
  expect(counter).toEqual([[], '0700000000000000']);
  expect(new Map(Object.entries(rest))).toEqual(bits(constants));
  expect((await convert(at('w.pth'), at('p.onnx'), '--graph', model)).code).toBe(0);
  expect(bits(graphAt(at('p.onnx')).constants)).toEqual(bits(constants));
  writeFileSync(at('old.pth'), 'version https://git-lfs.github.com/spec/v1');
  const { code, err } = await convert(at('old.pth'), at('no.safetensors'));
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(/old\.pth: not a checkpoint of PyTorch: it starts with "version https.*\[INVALID_FILE\]/),
  ]);
});

test('weights that do not fit the graph are all listed', async () => {
  const tensors = new Map([...graphAt(model).constants]);
  tensors.delete('fc.bias');
  tensors.delete('onnx::Conv_203');
  const other = new Map<string, Tensor | (typeof tensors extends Map<string, infer T> ? T : never)>(tensors);
  other.set('fc.weight', new Tensor('float32', new Float32Array(640), [64, 10]));
  other.set('onnx::Conv_204', new Tensor('int32', new Int32Array(16)));
  other.set('head', new Tensor('float32', [1]));
  writeFileSync(at('other.safetensors'), writeSafetensors(other));
  const { code, err } = await convert(at('other.safetensors'), at('no.onnx'), '--graph', model);
  expect(code).toBe(1);
  expect(err.split('\n').map((line) => line.replace(/^.*other\.safetensors does not fit .*model\.onnx:/, 'it does not fit:'))).toEqual([
    'it does not fit:',
    "  missing (2): 'fc.bias' float32 [10], 'onnx::Conv_203' float32 [16, 3, 3, 3]",
    "  unexpected (1): 'head' float32 [1]",
    "  of another shape (2): 'fc.weight' is float32 [64, 10] instead of float32 [10, 64], 'onnx::Conv_204' is int32 [16] instead of float32 [16] [INVALID_INPUT]",
  ]);
});

test('what is wrong is said in a sentence', async () => {
  const weights = 'models/cifar10-resnet20.safetensors';
  for (const [args, code, sentence] of [
    [[weights, at('no.onnx')], 1, /holds weights but no graph: give a model that has one with --graph BASE\.onnx \[INVALID_INPUT\]/],
    [['nothing.onnx', at('no.onnx')], 1, /nothing\.onnx could not be read: there is no such file \[FILE_NOT_FOUND\]/],
    [['models/cat.png', at('no.onnx')], 1, /not an ONNX model.*\[INVALID_FILE\]/],
    [[model, at('no/folder.onnx')], 1, /folder\.onnx could not be written: .*\[FILE_NOT_FOUND\]/],
    [[model], 2, /convert takes a file to read and one to write/],
    [[model, at('a.onnx'), at('b.onnx')], 2, /convert takes a file to read and one to write/],
    [[model, at('no.bin')], 2, /convert writes \.onnx and \.safetensors, not '.*no\.bin'/],
    [[model, at('no.onnx'), '--weights', 'int8'], 2, /--weights takes f32 or f16, got 'int8'/],
    [[model, at('no.onnx'), '--graph', model], 2, /--graph is for weights in \.safetensors or \.pth that become an \.onnx/],
  ] as const) {
    const result = await convert(...args);
    expect(result.err).toMatch(sentence);
    expect(result.code).toBe(code);
  }
});
