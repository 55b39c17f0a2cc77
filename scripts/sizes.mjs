// What a browser downloads, gzipped, held against its limits: the Wasm of each variant, `lanewise/runtime` with one of them,
// the bundle of `import { load, Tensor } from 'lanewise'` (JavaScript and the Wasm inside it), and other entries.

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build as esbuild } from 'esbuild';
import { minify, build as vite } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
process.chdir(root);
const KB = 1000;
/** Files that a browser downloads only for relaxed SIMD, threads or models in several files, or for what few files have. */
const unasked =
  /^chunk-(relaxed|strict-more|strict-training|strict-training-more|(strict|dots)(-threads)?-quantized|quantized|integers|strict-threads|threads|team|workerMemory|file|stream|external|read|control|subgraphs|contrib|more|narrow|unrecognised|worker-text|rare|blame|recompute|saved|trained|warnings|writer)-/;
/** As `unasked`, for a page that trains: it has the binary with the pack *training*. */
const learning = new RegExp(unasked.source.replace('strict-training|', ''));
const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;
const sum = (list) => list.reduce((total, value) => total + value, 0);

/** A module bundled by Vite's Rolldown and minified by its Oxc, file by file, without what Vite adds to pages. */
async function viteFiles(contents, others = unasked) {
  const entry = `${root}entry.js`;
  const [{ output }] = await vite({
    configFile: false,
    root,
    logLevel: 'error',
    plugins: [
      {
        name: 'entry',
        enforce: 'pre',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) => (id === entry ? contents : undefined),
      },
    ],
    // A library: pages also get Vite's own code that loads chunks ahead.
    build: {
      write: false,
      minify: false,
      lib: { entry, formats: ['es'], fileName: 'entry' },
      // As for a page, whose entry nobody imports.
      rolldownOptions: { external: [/^node:/], preserveEntrySignatures: false },
    },
  });
  // What the entry imports, and of what it may fetch later only what a page asks for.
  const asked = new Set();
  const ask = (name) => {
    const file = output.find(({ type, fileName }) => type === 'chunk' && fileName === name);
    if (!file || asked.has(file)) return;
    asked.add(file);
    file.imports.forEach(ask);
    for (const next of file.dynamicImports) if (!others.test(next.replace(/^.*\//, ''))) ask(next);
  };
  ask('entry.js');
  const files = [...asked];
  return Promise.all(files.map(async ({ fileName, code }) => (await minify(fileName, code, { module: true })).code));
}

/** The same with esbuild. */
async function esbuildFiles(contents) {
  const { outputFiles, metafile } = await esbuild({
    stdin: { contents, resolveDir: root },
    bundle: true,
    splitting: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    outdir: 'build/sizes',
    write: false,
    metafile: true,
  });
  // Shared chunks have names that say nothing, so the files are found from the entry's imports.
  const asked = new Set();
  const ask = (path) => {
    if (asked.has(path)) return;
    asked.add(path);
    for (const { path: next, kind } of metafile.outputs[path].imports)
      if (next in metafile.outputs && (kind === 'import-statement' || !unasked.test(next.replace(/^.*\//, '')))) ask(next);
  };
  ask(Object.keys(metafile.outputs).find((path) => metafile.outputs[path].entryPoint === '<stdin>'));
  return outputFiles.filter(({ path }) => asked.has(path.slice(root.length))).map((file) => file.contents);
}

const total = (files) => sum(files.map(gzipped));
// Nothing is left out because it is unused.
const core = "import { load, Tensor } from './dist/index.js'; globalThis.lanewise = { load, Tensor };";
const all = (name) => `import * as all from './dist/${name}.js'; globalThis.lanewise = all;`;

const train = `import { cosine, crossEntropy, inBatches, sgd, trainer } from './dist/train.js';
globalThis.training = { cosine, crossEntropy, inBatches, sgd, trainer };`;

const variants = ['strict', 'relaxed', 'strict-threads', 'relaxed-threads'].flatMap((name) => [name, `${name}-more`]);
const wasm = (name) => gzipped(readFileSync(`dist/wasm/${name}.wasm`));
const rows = [
  ...variants.map((name) => [`${name}.wasm`, wasm(name), 15 * KB]),
  // What integers take beyond all kernels of floats.
  ...['strict', 'dots'].map((name) => [`${name}-quantized, beyond more`, wasm(`${name}-quantized`) - wasm('strict-more'), 6 * KB]),
  [
    'lanewise/runtime, strict',
    total(
      await viteFiles(
        all('runtime'),
        /^chunk-(relaxed|strict-more|strict-training|strict-training-more|(strict|dots)(-threads)?-quantized|compiled|strict-threads|threads|team|workerMemory|file|stream|external|more|narrow|unrecognised|worker-text)-/,
      ),
    ),
    35 * KB,
  ],
  ['full bundle by Vite', total(await viteFiles(core)), 60 * KB],
  ['full bundle by esbuild', total(await esbuildFiles(core)), 64 * KB],
  ['control flow, functions', sum(['control', 'subgraphs'].map((name) => gzipped(readFileSync(`dist/chunk-${name}.js`)))), 10 * KB],
  ['operators of integers', sum(['quantized', 'integers'].map((name) => gzipped(readFileSync(`dist/chunk-${name}.js`)))), 18 * KB],
  ['rare operators', gzipped(readFileSync('dist/chunk-more.js')), 12 * KB],
  // What a page that trains a CNN downloads beyond one that infers, whose binary is another.
  ['lanewise/train, its binary', total(await viteFiles(`${core} ${train}`, learning)) - total(await viteFiles(core)), 40 * KB],
  // Beyond what a page has that runs models.
  [
    'lanewise/quantize',
    total(await viteFiles(`${core} import { quantize } from './dist/quantize.js'; globalThis.quantize = quantize;`)) -
      total(await viteFiles(core)),
    16 * KB,
  ],
  ['vision', total(await viteFiles(all('vision'))), 12 * KB],
  ['vision/labels', total(await viteFiles(all('vision-labels'))), 8 * KB],
  // Engines used to refuse to compile more than 4 KiB at once, as pictures want it.
  ['vision.wasm, not gzipped', readFileSync('build/vision.wasm').length, 4096],
];
for (const [name, bytes, limit] of rows) {
  const within = bytes <= limit;
  console.log(`${name.padEnd(26)} ${(bytes / KB).toFixed(1).padStart(6)} KB of ${limit / KB} KB${within ? '' : '  TOO LARGE'}`);
  if (!within) process.exitCode = 1;
}
