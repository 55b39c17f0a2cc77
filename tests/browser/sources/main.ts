import { load, type Progress, type Source, Tensor } from '../../../src/index.ts';

const address = new URL('../../../models/cifar10-resnet20/model.onnx', import.meta.url);
const input = new Tensor(
  'float32',
  Float32Array.from({ length: 3072 }, (_, i) => (i % 255) / 255),
  [1, 3, 32, 32],
);

/** What a source gives, and what is told of it. */
async function loaded(source: Source, calls?: Progress[]): Promise<string> {
  const model = await load(source, calls ? { onProgress: (progress) => calls.push(progress) } : {});
  const { logits } = model.runSync({ input });
  model.dispose();
  return String(logits?.data);
}

/** For each kind of source: whether its bits are those of the bytes, the first call, the last, and their number. */
async function sources(): Promise<Record<string, unknown>> {
  const bytes = await (await fetch(address)).arrayBuffer();
  const expected = await loaded(bytes);
  const cache = await caches.open('models');
  await cache.put(address, new Response(bytes, { headers: { 'content-length': String(bytes.byteLength) } }));
  const kinds: Record<string, () => Source | Promise<Response>> = {
    url: () => address,
    promise: () => fetch(address),
    file: () => new File([bytes], 'model.onnx'),
    blob: () => new Blob([bytes]),
    stream: () => new Blob([bytes]).stream(),
    cached: () => cache.match(address) as Promise<Response>,
  };
  const results: Record<string, unknown> = {};
  for (const [name, make] of Object.entries(kinds)) {
    const calls: Progress[] = [];
    const same = [await loaded(make()), await loaded(make(), calls)].every((bits) => bits === expected);
    const share = ({ loaded = NaN, total }: Partial<Progress> = {}) => [loaded / bytes.byteLength, total && total / bytes.byteLength];
    results[name] = { same, first: share(calls[0]), last: share(calls.at(-1)) };
  }
  return results;
}

/** The errors of what was read before. */
async function readBefore(): Promise<string[]> {
  const used = await fetch(address);
  await used.arrayBuffer();
  const disturbed = new Blob(['model']).stream();
  const reader = disturbed.getReader();
  await reader.read();
  reader.releaseLock();
  const locked = new Blob(['model']).stream();
  locked.getReader();
  return Promise.all(
    [used, disturbed, locked].map((source) =>
      load(source).then(
        () => 'loaded',
        (error: Error) => error.message.replace(/^.*\//, ''),
      ),
    ),
  );
}

const page = { sources, readBefore };
export type SourcesPage = typeof page;
Object.assign(globalThis, page);
