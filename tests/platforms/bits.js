// Runs unchanged on every platform: what the models of a folder answer, hashed, and how long the default one takes.

const CLASSES = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const RUNS = 20;

/**
 * From here to the first label is the cold start, so call it first thing in a fresh process, isolate or page.
 * @param {() => Promise<{ load: Function, Tensor: Function }>} importLanewise `() => import('lanewise')`
 * @param {(name: string) => Promise<Uint8Array>} read gives the bytes of a file of the folder that harness/models.mjs wrote
 * @param {object} [options] for every `load`: `{ wasm }`, say
 * @returns {Promise<{ hash: string, label: string, coldMs: number, warmMs: number, variant: string }>}
 */
export async function measure(importLanewise, read, options = {}) {
  const start = performance.now();
  const { load, Tensor } = await importLanewise();
  const model = await load(await read('default.onnx'), options);
  const feeds = feedsOf(Tensor, { input: { file: 'cat.f32', dims: [1, 3, 32, 32] } }, { 'cat.f32': await read('cat.f32') });
  const { logits } = await model.run(feeds);
  const label = CLASSES[logits.data.indexOf(Math.max(...logits.data))];
  const coldMs = performance.now() - start;
  const times = [];
  for (let i = 0; i < RUNS; i++) {
    const from = performance.now();
    await model.run(feeds);
    times.push(performance.now() - from);
  }
  const { variant } = model;
  model.dispose();
  return { hash: await hashOf({ load, Tensor }, read, options), label, coldMs, warmMs: times.sort((a, b) => a - b)[RUNS >> 1], variant };
}

/** SHA-256 over the names, types, shapes and bytes of all outputs of all models, in hexadecimal. */
export async function hashOf({ load, Tensor }, read, options = {}) {
  const parts = [];
  for (const { model: file, runs } of JSON.parse(new TextDecoder().decode(await read('list.json')))) {
    const model = await load(await read(file), options);
    for (const feeds of runs) {
      const files = {};
      for (const { file } of Object.values(feeds)) files[file] = await read(file);
      const outputs = await model.run(feedsOf(Tensor, feeds, files));
      for (const name of Object.keys(outputs).sort()) {
        const { type, dims, data } = outputs[name];
        const expected = type === 'float16' ? (globalThis.Float16Array ?? Uint16Array) : undefined;
        if (expected && !(data instanceof expected)) throw new Error(`${file} gives ${name} as ${data.constructor.name}`);
        parts.push(new TextEncoder().encode(`${file} ${name} ${type} ${dims} `));
        parts.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
      }
    }
    model.dispose();
  }
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const digest = await crypto.subtle.digest('SHA-256', bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Files of little-endian float32 to tensors. */
const feedsOf = (Tensor, feeds, files) =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { file, dims, type = 'float32' }]) => {
      // A copy, for a file's bytes may begin anywhere in their buffer.
      const floats = new Float32Array(files[file].slice().buffer);
      // As the engine rounds them, where it can.
      const halves = () => (globalThis.Float16Array ? new Float16Array(floats) : [...floats]);
      return [name, new Tensor(type, type === 'float16' ? halves() : floats, dims)];
    }),
  );
