// Builds dist/, the package, with the binaries of build/.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { build as bundle } from 'rolldown';
import { minified, unprinted } from './minify.mjs';
import { writeText } from './writeText.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
// For users that compile the kernels beforehand and give them to load(); platforms that forbid compiling need the pictures'
// kernels as a file, too.
mkdirSync('dist/wasm', { recursive: true });
const wasm = /^((strict|relaxed)(-threads)?(-training)?(-more)?|(strict|dots)(-threads)?-quantized|vision)\.wasm$/;
for (const file of readdirSync('build').filter((name) => wasm.test(name))) {
  copyFileSync(`build/${file}`, `dist/wasm/${file}`);
}

const { outputFiles } = await build({ entryPoints: ['src/runtime/worker.js'], minify: true, target: 'es2022', write: false });
writeText('worker-text', outputFiles[0].text, 'src/runtime/worker.js, minified.');

/**
 * The package that is bundled, so that a page without a bundler finds all that is imported, brings its licence along: a
 * comment that minifiers keep.
 */
const notice = `/*!\npbf\n\n${readFileSync('node_modules/pbf/LICENSE', 'utf8').trim()}\n*/`;
const isPbf = (id) => /[\\/]node_modules[\\/]pbf[\\/]/.test(id);

/**
 * What entries share, by files' or folders' paths in src/: the first that fits. Few, because each file is a request in a
 * page without a bundler, and a millisecond in Node. Modules that are imported dynamically (the binaries, threads, files)
 * get chunks of their own anyway.
 */
const chunks = {
  base: ['errors.ts', 'binary.ts', 'graph/tensor.ts', 'graph/halves.ts', 'graph/face.ts'],
  picture: ['vision/picture.ts', 'vision/simd.ts'],
  core: [
    ...['abort.ts', 'source.ts', 'graph/', 'formats/bytes.ts', 'compiled/format.ts'],
    ...['opcodes', 'opcodes-loops', 'opcodes-window'].map((name) => `../assembly/${name}.ts`),
    ...['instructions', 'packs', 'place', 'plan', 'program'].map((name) => `plan/${name}.ts`),
    ...['engine', 'loader', 'localMemory', 'model', 'options', 'running', 'wasm'].map((name) => `runtime/${name}.ts`),
  ],
  checkpoint: ['formats/checkpoint/'],
  read: ['compiled/read.ts', 'compiled/checksum.ts'],
  integers: [...['quantized/instructions.ts', 'quantized/pack.ts'], '../assembly/opcodes-quantized.ts'],
  compiler: ['ops/', 'compiler/', 'load.ts', ...['open', 'graph', 'wire', 'tensor.'].map((name) => `formats/onnx/${name}`)],
  // After those, because a chunk includes everything that its modules need and no chunk before it has.
  subgraphs: ['subgraphs', 'functions', 'disorder', 'external'].map((name) => `formats/onnx/${name}.ts`),
};
/**
 * What only few networks need; `src/load.ts` fetches it. Last, because a chunk includes everything that its modules need and
 * no chunk before it has.
 */
const more = ['ops/more/', 'compiler/passes/more/', 'compiler/operators.ts'];
const isIn = (id, paths) => paths.some((path) => relative('src', id).replaceAll('\\', '/').startsWith(path));
const chunkOf = ([name, paths], i, all) => ({
  name,
  priority: all.length - i,
  test: (id) => isIn(id, paths) && (paths === more || !isIn(id, more)),
});

const entries = {
  index: 'src/index.ts',
  analysis: 'src/analysis/index.ts',
  compile: 'src/compiled/write.ts',
  formats: 'src/formats/index.ts',
  layers: 'src/layers/index.ts',
  onnx: 'src/formats/onnx-entry.ts',
  quantize: 'src/quantize/index.ts',
  runtime: 'src/compiled/index.ts',
  train: 'src/training/index.ts',
  vision: 'src/vision/index.ts',
  'vision-node': 'src/vision/decode.ts',
  'vision-labels': 'src/vision/labels/index.ts',
  zoo: 'src/zoo/index.ts',
};

/** Writes the package's files for these entries into a folder. */
const bundled = (input, dir, plugins = []) =>
  bundle({
    input,
    plugins,
    external: [/^node:/, 'sharp', /\.wasm\?module$/],
    platform: 'neutral',
    // The binaries' paths are those of the package.
    makeAbsoluteExternalsRelative: false,
    treeshake: {
      moduleSideEffects: [
        { test: /[\\/]edge[\\/]/, sideEffects: true },
        { test: /./, sideEffects: false },
      ],
    },
    output: {
      dir,
      entryFileNames: '[name].js',
      chunkFileNames: 'chunk-[name].js',
      banner: ({ moduleIds }) => (moduleIds.some(isPbf) ? notice : ''),
      codeSplitting: { groups: Object.entries({ ...chunks, more }).map(chunkOf) },
    },
  });
await bundled(entries, 'dist');
// For platforms that forbid compiling (workerd, edge-light): the same, but the bundler imports the binary as a module, and
// there is no text of it.
const onEdge = {
  name: 'edge',
  resolveId: { filter: { id: /\/binaries\.ts$/ }, handler: () => fileURLToPath(new URL('../src/edge/binaries.ts', import.meta.url)) },
};
const { 'vision-node': _, ...everywhere } = entries;
await bundled({ ...everywhere, vision: 'src/edge/vision.ts' }, 'dist/edge', [onEdge]);
// What threads of pages load, under the name that webWorker.ts gives it.
for (const outdir of ['dist', 'dist/edge']) {
  await build({ entryPoints: ['src/runtime/worker.js'], outdir, minifySyntax: true, target: 'es2022' });
}
for (const file of readdirSync('dist', { recursive: true }).filter((name) => name.endsWith('.js'))) {
  writeFileSync(`dist/${file}`, await minified(readFileSync(`dist/${file}`, 'utf8')));
}
/** esbuild: in place of a binary with the core alone, the one with all kernels. */
function onlyMore({ onResolve }) {
  onResolve({ filter: /\/build\/(strict|relaxed)(-threads)?\.js$/ }, ({ path, resolveDir }) => ({
    path: resolve(resolveDir, path.replace('.js', '-more.js')),
  }));
}
/** esbuild: the commands are imported from a file of their own. */
function apart({ onResolve }) {
  onResolve({ filter: /\/start\.ts$/ }, () => ({ path: './cli-commands.js', external: true }));
}
// The command line in two files, because resolving a module takes Node longer than parsing it: help and the version come from
// a small one, all else from the other.
for (const [name, path, plugins] of [
  ['cli', 'index', [{ name: 'apart', setup: apart }]],
  // The binaries that run all models, and no others.
  ['cli-commands', 'start', [{ name: 'binaries', setup: onlyMore }]],
]) {
  await build({
    entryPoints: { [name]: `src/cli/${path}.ts` },
    outdir: 'dist',
    bundle: true,
    format: 'esm',
    target: 'es2022',
    platform: 'node',
    external: ['sharp'],
    plugins,
    minify: true,
    ...(name === 'cli' ? {} : { banner: { js: notice } }),
  });
  writeFileSync(`dist/${name}.js`, unprinted(readFileSync(`dist/${name}.js`, 'utf8')));
}
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
// A script to be started; it exports nothing.
writeFileSync('dist/types/src/runtime/worker.d.ts', 'export {};\n');
// Users of the types do not know AssemblyScript's i32; and the compiler omits the extensions that imports of types need.
for (const name of readdirSync('dist/types/assembly').filter((name) => name.startsWith('opcodes'))) {
  const file = `dist/types/assembly/${name}`;
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replaceAll('i32', 'number')
      .replace(/'(\.\/opcodes-[\w-]+)'/g, "'$1.ts'"),
  );
}
// Only what the entries' declarations import.
const declared = new Set();
function declare(path) {
  if (declared.has(path)) return;
  declared.add(path);
  const imports = readFileSync(path, 'utf8').matchAll(/(?:from |import\()["'](\.[^"']+)\.ts["']/g);
  for (const [, name] of imports) declare(join(dirname(path), `${name}.d.ts`));
}
for (const { types } of Object.values(JSON.parse(readFileSync('package.json', 'utf8')).exports)) if (types) declare(join(types));
for (const file of readdirSync('dist/types', { recursive: true })) {
  const path = join('dist/types', file);
  if (path.endsWith('.d.ts') && !declared.has(path)) rmSync(path);
}
