// What a page downloads of the peers for a model in WebAssembly on one thread, gzipped: node bench/peers/sizes.mjs. Writes sizes.json, which
// README.md's table of sizes quotes.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { ensurePeers, machine } from './setup.mjs';

ensurePeers();
const here = fileURLToPath(new URL('.', import.meta.url));
const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;
const file = (path) => gzipped(readFileSync(`${here}node_modules/${path}`));

/** What a bundle of this code weighs. */
async function bundle(contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: here },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    logLevel: 'error',
  });
  return gzipped(outputFiles[0].contents);
}

// The least that loads and runs a converted model: no other backend, no layers.
const tfjs = `
  import { tensor } from '@tensorflow/tfjs-core';
  import { loadGraphModel } from '@tensorflow/tfjs-converter';
  import '@tensorflow/tfjs-backend-wasm';
  globalThis.tf = { tensor, loadGraphModel };`;
const bytes = {
  'onnxruntime-web': file('onnxruntime-web/dist/ort.wasm.bundle.min.mjs') + file('onnxruntime-web/dist/ort-wasm-simd-threaded.wasm'),
  '@tensorflow/tfjs-backend-wasm': (await bundle(tfjs)) + file('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm'),
};
const { versions } = machine();
const rows = Object.fromEntries(Object.entries(bytes).map(([name, size]) => [name, { version: versions[name], bytes: size }]));
writeFileSync(`${here}sizes.json`, `${JSON.stringify(rows, null, 2)}\n`);
for (const [name, { version, bytes: size }] of Object.entries(rows)) console.log(`${name} ${version}: ${Math.round(size / 1000)} KB`);
