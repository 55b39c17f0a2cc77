import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL } from 'node:url';
import { LanewiseError, load, type Model, Tensor } from '../src/index.ts';
import { encodeModel } from './formats/onnx-writer.ts';

const path = 'models/cifar10-resnet20/model.onnx';
const bytes = new Uint8Array(readFileSync(path));
const input = new Tensor(
  'float32',
  Float32Array.from({ length: 3072 }, (_, i) => Math.sin(i)),
  [1, 3, 32, 32],
);

const hash = (model: Model) =>
  createHash('sha256')
    .update(model.runSync({ input }).logits?.data ?? '')
    .digest('hex');

async function failure(promise: Promise<unknown>): Promise<LanewiseError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LanewiseError);
  return error as LanewiseError;
}

describe('sources', () => {
  let server: Server;
  let url: string;

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.url === '/model.onnx') response.end(bytes);
      else response.writeHead(404).end('no');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('path, file URL, bytes, buffer, view, URL and Response give the same bits', async () => {
    const padded = new Uint8Array(bytes.length + 7);
    padded.set(bytes, 3);
    const sources = [
      path,
      pathToFileURL(path),
      pathToFileURL(path).href,
      bytes,
      bytes.slice().buffer,
      padded.subarray(3, 3 + bytes.length),
      `${url}/model.onnx`,
      new URL(`${url}/model.onnx`),
      await fetch(`${url}/model.onnx`),
    ];
    const hashes = new Set<string>();
    for (const source of sources) hashes.add(hash(await load(source)));
    expect(hashes.size).toBe(1);
  });

  test('a missing file, a folder, a 404 and a dead server are named', async () => {
    for (const [source, sentence] of [
      ['models/nothing.onnx', /models\/nothing\.onnx could not be read: there is no such file/],
      ['models', /it is a folder/],
      [`${url}/other.onnx`, /other\.onnx could not be read: HTTP 404/],
      ['http://127.0.0.1:9/model.onnx', /could not be read/],
    ] as const) {
      const error = await failure(load(source));
      expect(error.code).toBe('FILE_NOT_FOUND');
      expect(error.message).toMatch(sentence);
    }
  });

  test('what is no source is refused', async () => {
    const error = await failure(load(42 as never));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toMatch(
      /path, URL, Response, Blob, File, ReadableStream, ArrayBuffer or typed array, or a promise of one, got 42/,
    );
  });

  test('an aborted load says so', async () => {
    const error = await failure(load(path, { signal: AbortSignal.abort() }));
    expect(error.code).toBe('ABORTED');
  });

  test('an abort ends a load whose file is still arriving, and tells the sender', async () => {
    const reason = new Error('enough');
    for (const kind of ['Response', 'URL']) {
      const controller = new AbortController();
      let hungUp: (value: unknown) => void;
      const ended = new Promise((resolve) => {
        hungUp = resolve;
      });
      const slow = createServer((request, response) => {
        request.on('close', hungUp);
        response.write(bytes.subarray(0, 100));
      });
      await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
      const body = new ReadableStream({ start: (stream) => stream.enqueue(bytes.subarray(0, 100)), cancel: (why) => hungUp(why) });
      const source = kind === 'URL' ? `http://127.0.0.1:${(slow.address() as AddressInfo).port}/` : new Response(body);
      const loading = failure(load(source, { signal: controller.signal }));
      await new Promise((resolve) => setTimeout(resolve, 50));
      controller.abort(reason);
      expect(await loading).toMatchObject({ code: 'ABORTED', cause: reason });
      const why = await ended;
      if (kind === 'Response') expect(why).toBe(reason);
      slow.closeAllConnections();
      await new Promise((resolve) => slow.close(resolve));
    }
  });

  test('a signal that does not fire changes nothing', async () => {
    const { signal } = new AbortController();
    const body = new ReadableStream({
      start(stream) {
        for (let at = 0; at < bytes.length; at += 99_999) stream.enqueue(bytes.slice(at, at + 99_999));
        stream.close();
      },
    });
    const hashes = [new Response(body), `${url}/model.onnx`, path].map(async (source) => hash(await load(source, { signal })));
    expect(new Set([...(await Promise.all(hashes)), hash(await load(path))]).size).toBe(1);
    const broken = new ReadableStream({ start: (stream) => stream.error(new Error('cut')) });
    expect(await failure(load(new Response(broken), { signal }))).toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: 'the response could not be read: cut',
    });
  });
});

test('an engine that refuses to compile says what the page needs, and is asked again', async () => {
  const compile = WebAssembly.compile;
  const { compileModule } = await import('../src/runtime/wasm.ts');
  WebAssembly.compile = () => Promise.reject(new WebAssembly.CompileError('blocked by policy'));
  try {
    const error = await failure(compileModule('relaxed'));
    expect(error.code).toBe('WASM_BLOCKED');
    expect(error.message).toMatch(/blocked by policy.*wasm-unsafe-eval/);
  } finally {
    WebAssembly.compile = compile;
  }
  const again = await compileModule('relaxed').catch((reason: unknown) => reason);
  expect(again).not.toMatchObject({ code: 'WASM_BLOCKED', message: expect.stringContaining('blocked by policy') });
});

describe('bad files', () => {
  test('what is not ONNX', async () => {
    for (const text of ['', '<!doctype html><html></html>', 'hello']) {
      const error = await failure(load(new TextEncoder().encode(text)));
      expect(error.code).toBe('INVALID_FILE');
      expect(error.message).toMatch(/ONNX/);
    }
  });

  test('half a file', async () => {
    const error = await failure(load(bytes.subarray(0, bytes.length >> 1)));
    expect(error.code).toBe('TRUNCATED_FILE');
  });

  test('every unsupported operator is named at once, with its node and the opset', async () => {
    const model = encodeModel({
      opset: 13,
      inputs: [{ name: 'x', type: 'float32', dims: [1, 4] }],
      outputs: [{ name: 'y', type: 'float32', dims: [1, 4] }],
      nodes: [
        { op: 'Foo', name: 'first', inputs: ['x'], outputs: ['a'] },
        { op: 'Relu', name: 'fine', inputs: ['a'], outputs: ['b'] },
        { op: 'Bar', name: 'second', domain: 'com.example', inputs: ['b'], outputs: ['c'] },
        { op: 'Foo', name: 'third', inputs: ['c'], outputs: ['d'] },
        { op: 'Baz', name: 'fourth', inputs: ['d'], outputs: ['y'] },
      ],
    });
    const error = await failure(load(model));
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toBe(
      "the model (opset 13) has 3 unsupported operators: Foo (nodes 'first', 'third'); com.example.Bar (node 'second'); Baz (node 'fourth'); the option operators can supply those of other domains",
    );
  });

  test('dimensions that overflow are refused before anything is allocated', async () => {
    for (const dims of [
      [1, 3, 2 ** 27, 2 ** 27],
      [2 ** 31, 3, 32, 32],
      [2 ** 52, 3, 32, 32],
    ]) {
      const error = await failure(load(path, { inputShapes: { input: dims } }));
      expect(['TOO_LARGE', 'INVALID_INPUT']).toContain(error.code);
    }
    for (const batch of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1.5]) {
      const error = await failure(load(path, { inputShapes: { input: [batch, 3, 32, 32] } }));
      expect(error.code).toBe('INVALID_INPUT');
      expect(error.message).toContain(String(batch));
    }
  });
});
