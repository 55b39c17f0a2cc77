// Sources that are read as they arrive, and what onProgress is told.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { load as loadCompiled } from '../src/compiled/index.ts';
import { compileModel } from '../src/compiled/write.ts';
import { LanewiseError, load, type Model, type Progress, type Source, Tensor } from '../src/index.ts';
import { dense, input, model } from '../src/layers/index.ts';
import { openSource } from '../src/source.ts';
import { encodeModel } from './formats/onnx-writer.ts';

const path = 'models/cifar10-resnet20/model.onnx';
const bytes = new Uint8Array(readFileSync(path));
const size = bytes.length;
const feeds = {
  input: new Tensor(
    'float32',
    Float32Array.from({ length: 3072 }, (_, i) => Math.sin(i)),
    [1, 3, 32, 32],
  ),
};
const answer = (model: Model) => Array.from(model.runSync(feeds).logits?.data as Float32Array);
const whole = async (source: Source, onProgress?: (progress: Progress) => void) =>
  (await openSource(source, onProgress ? { onProgress } : {})).bytes as Uint8Array;

/** The file in chunks. */
const streamOf = (file: Uint8Array, chunk = 50_000, cancelled: (why: unknown) => void = () => {}) => {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(stream) {
      if (at >= file.length) return stream.close();
      stream.enqueue(file.slice(at, at + chunk));
      at += chunk;
    },
    cancel: cancelled,
  });
};

async function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (reason: unknown) => reason,
  );
}

let server: Server;
let url: string;
let folder: string;
const external = encodeModel({
  inputs: [{ name: 'x', dims: [1] }],
  outputs: [{ name: 'y', dims: [1] }],
  initializers: ['a', 'b'].map((name) => ({ name, dims: [1], external: { location: `${name}.bin`, offset: '0', length: '4' } })),
  nodes: [
    { op: 'Add', inputs: ['x', 'a'], outputs: ['t'] },
    { op: 'Add', inputs: ['t', 'b'], outputs: ['y'] },
  ],
});
const part = (value: number) => new Uint8Array(Float32Array.of(value, ...new Float32Array(99)).buffer);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-progress-'));
  const files: Record<string, Uint8Array> = { 'model.onnx': external, 'a.bin': part(1), 'b.bin': part(2) };
  for (const [name, file] of Object.entries(files)) writeFileSync(join(folder, name), file);
  server = createServer((request, response) => {
    const name = request.url ?? '';
    const file = files[name.slice(1)];
    if (file) response.writeHead(200, { 'content-length': file.length }).end(file);
    else if (name === '/length') response.writeHead(200, { 'content-length': size }).end(bytes);
    else if (name === '/chunked') response.write(bytes.subarray(0, 9), () => response.end(bytes.subarray(9)));
    else if (name === '/empty') response.writeHead(200, { 'content-length': 0 }).end();
    else if (name === '/gzip') {
      const small = gzipSync(bytes);
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': small.length }).end(small);
    } else response.writeHead(404).end('no');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

describe('sources', () => {
  test('a Blob, a File, a ReadableStream and promises of every kind give the same bits', async () => {
    const expected = answer(await load(bytes));
    const sources: Source[] = [
      new Blob([bytes]),
      new File([bytes], 'mine.onnx'),
      streamOf(bytes),
      streamOf(bytes, size),
      fetch(`${url}/length`),
      fetch(`${url}/gzip`),
      Promise.resolve(path),
      Promise.resolve(new URL(`${url}/chunked`)),
      Promise.resolve(bytes),
      Promise.resolve(new Blob([bytes])),
      Promise.resolve(streamOf(bytes)),
    ];
    for (const source of sources) expect(answer(await load(source))).toEqual(expected);
  });

  test('what was read before is refused, and so is what is being read', async () => {
    const locked = streamOf(bytes);
    locked.getReader();
    const disturbed = streamOf(bytes);
    const reader = disturbed.getReader();
    await reader.read();
    reader.releaseLock();
    const used = new Response(streamOf(bytes));
    await used.arrayBuffer();
    const busy = new Response(streamOf(bytes));
    busy.body?.getReader();
    for (const source of [locked, disturbed, used, busy]) {
      expect(await failure(load(source))).toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringMatching(/^the (model|response) was read before, or is being read: a stream gives its bytes only once$/),
      });
    }
  });

  test('a stream of something else is refused and told so', async () => {
    let why: unknown;
    const stream = new ReadableStream({
      start: (to) => to.enqueue('text'),
      cancel: (reason) => {
        why = reason;
      },
    });
    const error = await failure(load(stream));
    expect(error).toMatchObject({ code: 'INVALID_INPUT', message: "the model is no stream of Uint8Arrays: it has 'text'" });
    expect(why).toBe(error);
  });

  test('a promise that is rejected, and one of nothing that can be read', async () => {
    const cause = new TypeError('no way there');
    expect(await failure(load(Promise.reject(cause)))).toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: 'the model could not be read: no way there',
      cause,
    });
    // Anything may be thrown.
    for (const [odd, text] of [
      [Symbol('s'), 'Symbol(s)'],
      [Object.create(null), 'an object'],
      // Of a host that has two addresses, Node's fetch tells no more.
      [new TypeError('fetch failed', { cause: Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }) }), 'ECONNREFUSED'],
      [new TypeError('fetch failed', { cause: {} }), 'fetch failed'],
    ])
      expect(await failure(load(Promise.reject(odd)))).toMatchObject({
        code: 'FILE_NOT_FOUND',
        message: `the model could not be read: ${text}`,
      });
    // HTTP/2 has no texts of statuses.
    expect(await failure(load(new Response('', { status: 404 })))).toMatchObject({ message: 'the response could not be read: HTTP 404' });
    expect(await failure(load(Promise.resolve(42) as never))).toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/promise of one, got 42$/),
    });
    expect(await failure(load(fetch(`${url}/nothing`)))).toMatchObject({
      code: 'FILE_NOT_FOUND',
      message: `${url}/nothing could not be read: HTTP 404 Not Found`,
    });
  });

  test('an abort ends the wait for a promise', async () => {
    const controller = new AbortController();
    const loading = failure(load(new Promise<Source & string>(() => {}), { signal: controller.signal }));
    controller.abort();
    expect(await loading).toMatchObject({ code: 'ABORTED' });
  });

  test('errors name a File', async () => {
    expect(await failure(load(new File(['<html>'], 'mine.onnx')))).toMatchObject({ message: expect.stringMatching(/^mine\.onnx/) });
  });

  test('a stream that fails says why', async () => {
    const broken = new ReadableStream({ start: (to) => to.error(new Error('cut')) });
    expect(await failure(load(broken))).toMatchObject({ code: 'FILE_NOT_FOUND', message: 'the model could not be read: cut' });
  });
});

describe('onProgress', () => {
  const told = async (source: Source) => {
    const calls: Progress[] = [];
    const got = await whole(source, (progress) => calls.push(progress));
    if (ArrayBuffer.isView(got)) expect(Buffer.compare(got, bytes)).toBe(0);
    return calls;
  };
  const growing = (calls: readonly Progress[]) => calls.every(({ loaded }, i) => i === 0 || loaded >= (calls[i - 1] as Progress).loaded);

  test('the start, every chunk and the end, with the total where it is known', async () => {
    for (const [source, known] of [
      [`${url}/length`, true],
      [fetch(`${url}/length`), true],
      [new Blob([bytes]), true],
      [`${url}/chunked`, false],
      [`${url}/gzip`, false],
      [streamOf(bytes), false],
    ] as const) {
      const calls = await told(source);
      expect(calls[0]).toEqual({ loaded: 0, total: known ? size : undefined });
      expect(calls.at(-1)).toEqual({ loaded: size, total: size });
      expect(growing(calls)).toBe(true);
      expect(calls.length).toBeGreaterThan(1);
      expect(calls.filter(({ loaded, total }) => loaded === total)).toHaveLength(1);
      for (const { total } of calls.slice(0, -1)) expect(total).toBe(known ? size : undefined);
    }
    expect((await told(streamOf(bytes, 100_000))).map(({ loaded }) => loaded)).toEqual([
      ...Array.from({ length: Math.ceil(size / 100_000) }, (_, i) => i * 100_000),
      size,
      size,
    ]);
  });

  test('bytes and files are there already', async () => {
    for (const source of [bytes, bytes.slice().buffer, path, Promise.resolve(path)]) {
      const calls: Progress[] = [];
      await load(source, { onProgress: (progress) => calls.push(progress) });
      expect(calls).toEqual([{ loaded: size, total: size }]);
    }
  });

  test('nothing at all', async () => {
    const calls: Progress[] = [];
    expect(await failure(load(`${url}/empty`, { onProgress: (progress) => calls.push(progress) }))).toBeInstanceOf(LanewiseError);
    expect(calls).toEqual([{ loaded: 0, total: 0 }]);
  });

  test('a length that is wrong', async () => {
    const short = await told(new Response(streamOf(bytes), { headers: { 'content-length': '60000' } }));
    expect(short.slice(0, 3)).toEqual([
      { loaded: 0, total: 60_000 },
      { loaded: 50_000, total: 60_000 },
      { loaded: 100_000, total: undefined },
    ]);
    expect(short.at(-1)).toEqual({ loaded: size, total: size });
    const long = await told(new Response(streamOf(bytes), { headers: { 'content-length': String(size + 9) } }));
    expect(long.at(-1)).toEqual({ loaded: size, total: size });
    for (const length of ['-1', 'many', '']) {
      expect((await told(new Response(streamOf(bytes), { headers: { 'content-length': length } })))[0]).toEqual({
        loaded: 0,
        total: undefined,
      });
    }
    expect(await failure(load(new Response(streamOf(bytes), { headers: { 'content-length': '9000000000000000' } })))).toMatchObject({
      code: 'TOO_LARGE',
    });
  });

  test('bytes are held once, in a buffer of their size', async () => {
    for (const source of [`${url}/length`, new Blob([bytes]), streamOf(bytes)]) expect((await whole(source)).buffer.byteLength).toBe(size);
    // A single chunk is not copied.
    let chunk: Uint8Array | undefined;
    const one = new ReadableStream({
      start(to) {
        chunk = bytes.slice();
        to.enqueue(chunk);
        to.close();
      },
    });
    expect(await whole(one)).toBe(chunk);
  });

  test('is not called after an abort', async () => {
    for (const at of [0, 3, Math.ceil(size / 50_000)]) {
      const controller = new AbortController();
      let why: unknown;
      let calls = 0;
      const loading = load(
        streamOf(bytes, 50_000, (reason) => {
          why = reason;
        }),
        {
          signal: controller.signal,
          onProgress: () => {
            if (calls++ === at) controller.abort('enough');
          },
        },
      );
      expect(await failure(loading)).toMatchObject({ code: 'ABORTED', cause: 'enough' });
      expect(calls).toBe(at + 1);
      if (at < 4) expect(why).toBe('enough');
    }
  });

  test('what it throws ends reading and comes out as it is', async () => {
    const own = new Error('my own');
    for (const source of [path, bytes, streamOf(bytes), new Blob([bytes]), `${url}/length`, fetch(`${url}/length`)]) {
      const onProgress = () => {
        throw own;
      };
      expect(await failure(load(source, { onProgress }))).toBe(own);
    }
    let why: unknown;
    const cancelled = (reason: unknown) => {
      why = reason;
    };
    const late = ({ loaded }: Progress) => {
      if (loaded > 0) throw own;
    };
    expect(await failure(load(streamOf(bytes, 1000, cancelled), { onProgress: late }))).toBe(own);
    expect(why).toBe(own);
  });

  test('is a function', async () => {
    expect(await failure(load(path, { onProgress: true as never }))).toMatchObject({
      code: 'INVALID_INPUT',
      message: 'option onProgress takes a function, got true',
    });
  });
});

describe('onProgress with external data', () => {
  const sizes = external.length + 800;
  const run = (model: Model) => Array.from(model.runSync({ x: new Tensor('float32', [1]) }).y?.data as Float32Array);

  test('the files beside a model count', async () => {
    for (const source of [`${url}/model.onnx`, join(folder, 'model.onnx')]) {
      const calls: Progress[] = [];
      expect(run(await load(source, { onProgress: (progress) => calls.push(progress) }))).toEqual([4]);
      expect(calls.at(-1)).toEqual({ loaded: sizes, total: sizes });
      expect(calls.every(({ loaded, total = Infinity }, i) => loaded >= (calls[i - 1]?.loaded ?? 0) && total >= loaded)).toBe(true);
      expect(calls.some(({ loaded, total }) => loaded === external.length && total === external.length)).toBe(true);
    }
  });

  test('files that are given are there already', async () => {
    const calls: Progress[] = [];
    const externalData = { 'a.bin': part(1), 'b.bin': part(2) };
    await load(external, { externalData, onProgress: (progress) => calls.push(progress) });
    expect(calls).toEqual([{ loaded: external.length, total: external.length }]);
  });

  test('what it throws comes out as it is, and it is not called again', async () => {
    for (const own of [new Error('my own'), new LanewiseError('INVALID_INPUT', 'my own')]) {
      let calls = 0;
      const onProgress = ({ loaded }: Progress) => {
        if (loaded <= external.length) return;
        calls++;
        throw own;
      };
      for (const source of [`${url}/model.onnx`, join(folder, 'model.onnx')]) expect(await failure(load(source, { onProgress }))).toBe(own);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(calls).toBe(2);
    }
  });
});

describe('other readers', () => {
  test('lanewise/runtime', async () => {
    const compiled = await compileModel(fetch(`${url}/length`), { onProgress: () => {} });
    const calls: Progress[] = [];
    const model = await loadCompiled(Promise.resolve(new Blob([compiled as Uint8Array<ArrayBuffer>])), {
      onProgress: (progress) => calls.push(progress),
    });
    expect(answer(model)).toEqual(answer(await load(path)));
    expect(calls[0]).toEqual({ loaded: 0, total: compiled.length });
    expect(calls.at(-1)).toEqual({ loaded: compiled.length, total: compiled.length });
  });

  test('loadWeights', async () => {
    const make = () => {
      const x = input([3]);
      return model(x, dense(x, 2));
    };
    const file = make().toSafetensors();
    const calls: Progress[] = [];
    const net = make();
    await net.loadWeights(Promise.resolve(streamOf(file, 10)), { onProgress: (progress) => calls.push(progress) });
    expect(net.toSafetensors()).toEqual(file);
    expect(calls.at(-1)).toEqual({ loaded: file.length, total: file.length });
    expect(await failure(net.loadWeights(streamOf(file), { signal: AbortSignal.abort() }))).toMatchObject({ code: 'ABORTED' });
    expect(await failure(net.loadWeights(Promise.resolve(42) as never))).toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('a disposed model', async () => {
    const one = await load(path);
    expect(typeof one[Symbol.dispose]).toBe('function');
    one[Symbol.dispose]();
    expect(() => one.runSync(feeds)).toThrow(expect.objectContaining({ code: 'DISPOSED' }));
  });
});
