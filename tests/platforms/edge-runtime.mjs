// Vercel's Edge Runtime: bundled under the condition edge-light, with `.wasm?module` as the compiled module that the platform has made of it,
// and run where nothing can be compiled.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { checkNoTexts } from './harness/setup.mjs';

export const name = 'Edge Runtime';

/** Most bytes of an edge function on the Hobby plan, gzipped. */
const HOBBY = 1e6;

/** What Vercel's and Next's builders do: the module is compiled at deployment, the code finds it under a name. */
const modules = (found) => ({
  name: 'wasm-module',
  setup(build) {
    build.onResolve({ filter: /\.wasm\?module$/ }, async ({ path, resolveDir }) => {
      const found = await build.resolve(path.replace(/\?module$/, ''), { resolveDir, kind: 'import-statement' });
      return { path: found.path, namespace: 'wasm-module' };
    });
    build.onLoad({ filter: /.*/, namespace: 'wasm-module' }, ({ path }) => {
      const id = `wasm_${found.size}`;
      found.set(id, readFileSync(path));
      return { contents: `export default globalThis.${id};` };
    });
  },
});

const gzipped = (files) => files.reduce((sum, bytes) => sum + gzipSync(bytes).length, 0);

/**
 * A runtime with a program in it, bundled.
 * @param url where the program takes its files from
 * @returns the runtime, and the bytes of the program, gzipped
 */
export async function start(contents, resolveDir, url) {
  const { EdgeVM } = await import('@edge-runtime/vm');
  const found = new Map();
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    minify: true,
    format: 'iife',
    conditions: ['edge-light'],
    target: 'es2022',
    define: { 'import.meta.url': JSON.stringify(url) },
    write: false,
    logLevel: 'error',
    plugins: [modules(found)],
  });
  if (found.size === 0) throw new Error('the bundle imports no module of WebAssembly');
  checkNoTexts(outputFiles[0].text, resolveDir);
  // The package lets WebAssembly be compiled unless it is told; the platform does not.
  const codeGeneration = { strings: false, wasm: false };
  const compiled = Object.fromEntries([...found].map(([id, bytes]) => [id, new WebAssembly.Module(bytes)]));
  const vm = new EdgeVM({ codeGeneration, extend: (context) => Object.assign(context, compiled) });
  vm.evaluate(outputFiles[0].text);
  return { vm, bytes: gzipped([outputFiles[0].contents, ...found.values()]) };
}

/** Bytes of this process as the runtime's own. */
const bytesIn = (vm, bytes) => vm.evaluate('(bytes) => Uint8Array.from(bytes)')(bytes);

async function tryExample(folder) {
  const server = createServer(({ url }, response) => response.end(readFileSync(join(folder, url)))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const url = `http://127.0.0.1:${server.address().port}/api/classify.js`;
    const { vm, bytes } = await start("import classify from './api/classify.js'; globalThis.classify = classify;", folder, url);
    const request = (body) => new vm.context.Request('https://edge.example/api/classify', { method: 'POST', body: bytesIn(vm, body) });
    const answer = await (await vm.context.classify(request(readFileSync(join(folder, 'cat.png'))))).text();
    if (JSON.parse(answer).label !== 'cat') throw new Error(`the edge function answers ${answer}`);
    const all = bytes + gzipped([readFileSync(join(folder, 'model.lanewise'))]);
    if (all > HOBBY) throw new Error(`the edge function has ${all} bytes, gzipped, more than the ${HOBBY} of the Hobby plan`);
    return all;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

export async function run({ project, models, example, exec }) {
  const folder = example('vercel-edge');
  await exec(process.execPath, ['node_modules/lanewise/bin/lanewise.mjs', 'compile', 'model.onnx', 'model.lanewise', '--weights', 'f16'], {
    cwd: folder,
  });
  const bytes = await tryExample(folder);
  // The models have rarer operators, too.
  const contents = `import { measure } from './bits.js'; import wasm from 'lanewise/wasm/strict-more.wasm?module';
    globalThis.answer = (read) => measure(() => import('lanewise'), read, { wasm });
    globalThis.blocked = () => WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then(() => false, () => true);`;
  const { vm } = await start(contents, project, 'https://edge.example/');
  if (!(await vm.context.blocked())) throw new Error('this runtime compiles WebAssembly, which the platform forbids');
  const found = await vm.context.answer(async (file) => bytesIn(vm, readFileSync(join(models, file))));
  return { ...found, note: `the example: ${Math.round(bytes / 1000)} KB, gzipped` };
}
