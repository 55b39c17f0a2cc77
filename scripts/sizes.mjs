// What a browser downloads: the Wasm, the bundle of `import { load } from 'lanewise'` (JavaScript and the Wasm inside it) and other entries,
// held against their limits.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const KB = 1000;

const bundle = (contents) =>
  build({
    stdin: { contents, resolveDir: '.' },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    outdir: 'build/sizes',
    write: false,
    metafile: true,
  });
const { metafile, outputFiles } = await bundle("export { load, Tensor } from './dist/index.js';");
// Chunks that a browser without a wish for relaxed SIMD or threads never asks for.
const unasked = Object.entries(metafile.outputs).filter(([, { inputs }]) =>
  Object.keys(inputs).some((path) => /chunk-(relaxed|strict-threads|team|remote|file|read|worker-text)/.test(path)),
);
const downloaded = outputFiles.filter(({ path }) => !unasked.some(([name]) => path.endsWith(name.slice(name.lastIndexOf('/')))));
const gzipped = (files) => files.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);
/** All of an entry, its Wasm included. */
const entrySize = async (name) => {
  const { outputFiles } = await bundle(`export * from './dist/${name}.js';`);
  return gzipped(outputFiles.map(({ contents }) => contents));
};

const rows = [
  ['strict.wasm', readFileSync('dist/wasm/strict.wasm').length, 42 * KB],
  ['relaxed.wasm', readFileSync('dist/wasm/relaxed.wasm').length, 42 * KB],
  ['browser bundle, minified', downloaded.reduce((sum, { contents }) => sum + contents.length, 0), Number.POSITIVE_INFINITY],
  ['browser bundle, gzipped', gzipped(downloaded.map(({ contents }) => contents)), 68 * KB],
  // Engines used to refuse to compile more than 4 KiB at once, as pictures want it.
  ['vision.wasm', readFileSync('build/vision.wasm').length, 4096],
  ['vision, gzipped', await entrySize('vision'), 12 * KB],
  ['vision/labels, gzipped', await entrySize('vision-labels'), 8 * KB],
];
for (const [name, bytes, limit] of rows) {
  const within = bytes <= limit;
  console.log(
    `${name.padEnd(26)} ${(bytes / KB).toFixed(1).padStart(6)} KB${Number.isFinite(limit) ? ` of ${limit / KB} KB` : ''}${within ? '' : '  TOO LARGE'}`,
  );
  if (!within) process.exitCode = 1;
}
