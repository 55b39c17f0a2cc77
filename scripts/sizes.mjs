// What a browser downloads: the Wasm, and the bundle of `import { load } from 'lanewise'` (JavaScript and the Wasm inside it), held
// against their limits.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const KB = 1000;

const { metafile, outputFiles } = await build({
  stdin: { contents: "export { load, Tensor } from './dist/index.js';", resolveDir: '.' },
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  outdir: 'build/sizes',
  write: false,
  metafile: true,
});
// Chunks that an engine without a wish for relaxed SIMD never asks for.
const relaxed = Object.entries(metafile.outputs).filter(([, { inputs }]) => Object.keys(inputs).some((path) => /relaxed-/.test(path)));
const downloaded = outputFiles.filter(({ path }) => !relaxed.some(([name]) => path.endsWith(name.slice(name.lastIndexOf('/')))));
const gzipped = (files) => files.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);

const rows = [
  ['strict.wasm', readFileSync('dist/wasm/strict.wasm').length, 40 * KB],
  ['relaxed.wasm', readFileSync('dist/wasm/relaxed.wasm').length, 40 * KB],
  ['browser bundle, minified', downloaded.reduce((sum, { contents }) => sum + contents.length, 0), Number.POSITIVE_INFINITY],
  ['browser bundle, gzipped', gzipped(downloaded.map(({ contents }) => contents)), 60 * KB],
];
for (const [name, bytes, limit] of rows) {
  const within = bytes <= limit;
  console.log(
    `${name.padEnd(26)} ${(bytes / KB).toFixed(1).padStart(6)} KB${Number.isFinite(limit) ? ` of ${limit / KB} KB` : ''}${within ? '' : '  TOO LARGE'}`,
  );
  if (!within) process.exitCode = 1;
}
