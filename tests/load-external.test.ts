import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readModel } from '../src/cli/files.ts';
import { LanewiseError, type LoadOptions, load, Tensor } from '../src/index.ts';
import type { Source } from '../src/source.ts';
import { encodeModel } from './formats/onnx-writer.ts';

/** y = x + w, with w in another file. */
const modelWith = (location: string) =>
  encodeModel({
    inputs: [{ name: 'x', dims: [2] }],
    outputs: [{ name: 'y', dims: [2] }],
    initializers: [{ name: 'w', dims: [2], external: { location, offset: '4', length: '8' } }],
    nodes: [{ op: 'Add', inputs: ['x', 'w'], outputs: ['y'] }],
  });
const weights = new Uint8Array(Float32Array.of(0, 10, 20).buffer);

async function answer(source: Source, options?: LoadOptions): Promise<number[]> {
  const model = await load(source, options);
  const { y } = model.runSync({ x: new Tensor('float32', [1, 2]) });
  model.dispose();
  return Array.from((y as Tensor<'float32'>).data);
}

async function refusal(source: Source, options?: LoadOptions): Promise<LanewiseError> {
  const error = await load(source, options).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LanewiseError);
  return error as LanewiseError;
}

let root: string;
let server: Server;
let url: string;
const requested: string[] = [];
const at = (...parts: string[]) => join(root, ...parts);

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'lanewise-external-'));
  mkdirSync(at('models/parts'), { recursive: true });
  writeFileSync(at('secret'), weights);
  writeFileSync(at('models/weights.bin'), weights);
  writeFileSync(at('models/parts/größe 1%2e.bin'), weights);
  for (const [name, location] of [
    ['model', 'weights.bin'],
    ['deep', './parts/größe 1%2e.bin'],
    ['missing', 'nothing.bin'],
    ['folder', 'parts'],
    ['escape', '../secret'],
    ['absolute', at('secret')],
    ['link', 'link.bin'],
    ['linkedFolder', 'up/secret'],
  ] as const) {
    writeFileSync(at('models', `${name}.onnx`), modelWith(location));
  }
  symlinkSync('../secret', at('models/link.bin'));
  symlinkSync('..', at('models/up'));
  server = createServer((request, response) => {
    requested.push(request.url ?? '');
    const files: Record<string, Uint8Array> = {
      '/a/model.onnx?v=1': modelWith('weights.bin'),
      '/a/weights.bin': weights,
      '/a/deep.onnx': modelWith('parts/größe 1%2e.bin'),
      [`/a/parts/${encodeURIComponent('größe 1%2e.bin')}`]: weights,
      '/a/host.onnx': modelWith('http:evil'),
      '/a/escape.onnx': modelWith('../weights.bin'),
      '/a/missing.onnx': modelWith('nothing.bin'),
    };
    const file = files[request.url ?? ''];
    if (file) response.end(file);
    else response.writeHead(404).end('no');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a`;
});
afterAll(async () => {
  rmSync(root, { recursive: true });
  await new Promise((resolve) => server.close(resolve));
});

test('from beside a path, a file URL, a URL and a Response', async () => {
  const sources = [
    at('models/model.onnx'),
    at('models/deep.onnx'),
    pathToFileURL(at('models/model.onnx')),
    pathToFileURL(at('models/deep.onnx')).href,
    `${url}/model.onnx?v=1`,
    new URL(`${url}/deep.onnx`),
    await fetch(`${url}/deep.onnx`),
  ];
  for (const source of sources) expect(await answer(source)).toEqual([11, 22]);
});

test('from the option, before any file', async () => {
  const other = Float32Array.of(0, 100, 200);
  const bytes = modelWith('./weights.bin');
  for (const file of [other.buffer, new Uint8Array(other.buffer)]) {
    expect(await answer(bytes, { externalData: { 'weights.bin': file } })).toEqual([101, 202]);
    expect(await answer(at('models/model.onnx'), { externalData: { './weights.bin': file } })).toEqual([101, 202]);
  }
  requested.length = 0;
  expect(await answer(`${url}/model.onnx?v=1`, { externalData: { 'weights.bin': other.buffer } })).toEqual([101, 202]);
  expect(requested).toEqual(['/a/model.onnx?v=1']);
});

test('a file that the model does not name is refused, and both sides are listed', async () => {
  const files = { 'weights.bin': weights, 'weight.bin': weights };
  expect(await refusal(modelWith('./weights.bin'), { externalData: files })).toMatchObject({
    code: 'INVALID_INPUT',
    message: "option externalData gives 'weights.bin', 'weight.bin', but the model names 'weights.bin'",
  });
  // Also where it names none.
  const whole = encodeModel({
    inputs: [{ name: 'x', dims: [2] }],
    outputs: [{ name: 'y', dims: [2] }],
    nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }],
  });
  expect((await refusal(whole, { externalData: { w: weights } })).message).toBe(
    "option externalData gives 'w', but the model names no files",
  );
  expect(await answer(whole, { externalData: {} })).toEqual([1, 2]);
});

test('a link is followed in the folder, and in the one that the model is linked from', async () => {
  mkdirSync(at('cache/blobs'), { recursive: true });
  mkdirSync(at('cache/snapshot'));
  writeFileSync(at('cache/blobs/1'), modelWith('weights.bin'));
  writeFileSync(at('cache/blobs/2'), weights);
  symlinkSync('../blobs/1', at('cache/snapshot/model.onnx'));
  symlinkSync('../blobs/2', at('cache/snapshot/weights.bin'));
  expect(await answer(at('cache/snapshot/model.onnx'))).toEqual([11, 22]);
  symlinkSync(at('models'), at('linked'));
  expect(await answer(at('linked/model.onnx'))).toEqual([11, 22]);
});

test('a model names no file outside its folder', async () => {
  for (const name of ['escape', 'absolute', 'link', 'linkedFolder']) {
    const path = at('models', `${name}.onnx`);
    const error = await refusal(path);
    expect(error.code).toBe('INVALID_MODEL');
    expect(error.message).toMatch(
      /the initializer 'w' has its data in '.*', (which is not inside|but .* is a link to .*, outside) the model's folder$/,
    );
    await expect(readModel(path)).rejects.toThrow(error.message);
  }
  requested.length = 0;
  expect((await refusal(`${url}/escape.onnx`)).code).toBe('INVALID_MODEL');
  // Not another server, but a file of that name.
  expect((await refusal(`${url}/host.onnx`)).message).toMatch(/\/a\/http%3Aevil could not be read: HTTP 404/);
  expect(requested).toEqual(['/a/escape.onnx', '/a/host.onnx', '/a/http%3Aevil']);
  // Not even where the bytes are given.
  const error = await refusal(modelWith('../secret'), { externalData: { '../secret': weights } });
  expect(error.code).toBe('INVALID_MODEL');
});

test('what is missing is named', async () => {
  for (const [source, sentence] of [
    [
      at('models/missing.onnx'),
      /missing\.onnx: the initializer 'w' has its data in 'nothing\.bin', but .*nothing\.bin could not be read: there is no such file$/,
    ],
    [at('models/folder.onnx'), /'parts', but .* could not be read: it is a folder$/],
    [`${url}/missing.onnx`, /'nothing\.bin', but http.*\/a\/nothing\.bin could not be read: HTTP 404/],
    [modelWith('w'), /^the model: the initializer 'w' has its data in 'w', but only a model from a path or URL has files beside it/],
    [`data:application/octet-stream;base64,${Buffer.from(modelWith('w')).toString('base64')}`, /but only a model from a path or URL/],
  ] as const) {
    const error = await refusal(source);
    expect(error.message).toMatch(sentence);
    expect(error.code).toBe('FILE_NOT_FOUND');
  }
  await expect(readModel(at('models/missing.onnx'))).rejects.toThrow(/there is no such file$/);
  await expect(readModel(at('models/folder.onnx'))).rejects.toThrow(/it is a folder$/);
});

test('a file that is too short is named', async () => {
  const error = await refusal(modelWith('w'), { externalData: { w: weights.subarray(0, 11) } });
  expect(error.code).toBe('TRUNCATED_FILE');
  expect(error.message).toMatch(/'w' has its data in 8 bytes from byte 4 on of 'w', which ends at byte 11/);
});

test('an option of the wrong kind is refused, an aborted load says so', async () => {
  for (const externalData of [5, null, { w: 'text' }, { w: [1, 2] }]) {
    const error = await refusal(modelWith('w'), { externalData } as never);
    expect([error.code, error.message]).toEqual([
      'INVALID_INPUT',
      expect.stringMatching(/^option externalData takes an object of Uint8Arrays or ArrayBuffers by file name, got ./),
    ]);
  }
  const controller = new AbortController();
  const loading = refusal(at('models/model.onnx'), { signal: controller.signal });
  controller.abort();
  expect((await loading).code).toBe('ABORTED');
});
