// Programs in one file, bundles and executables, with workers: in a folder of their own, where only a file of another program's lies.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { lastJson } from './harness/setup.mjs';

const suffix = process.platform === 'win32' ? '.exe' : '';

/** Bundles the program of `entries/single-file.js` by esbuild. */
async function bundle({ project }, folder, format) {
  const outfile = join(folder, format === 'cjs' ? 'program.cjs' : 'program.mjs');
  await build({ entryPoints: [entryIn(project)], bundle: true, minify: true, platform: 'node', format, outfile, logLevel: 'error' });
  return outfile;
}

function entryIn(project) {
  const path = join(project, 'single-file.js');
  copyFileSync(new URL('./entries/single-file.js', import.meta.url), path);
  return path;
}

/** What bits.js measures on two threads; with one worker, the bits have to be the same. */
async function measure({ exec, models }, folder, program, ...args) {
  const run = async (options) => {
    const found = lastJson(await exec(program, [...args, models, JSON.stringify(options)], { cwd: folder }));
    if (found.variant !== 'strict-threads') throw new Error(`${JSON.stringify(options)} ran on ${found.variant}`);
    return found;
  };
  const found = await run({ threads: 2 });
  const { hash } = await run({ worker: true });
  if (hash !== found.hash) throw new Error(`the bits of worker: true are ${hash}, those of threads: 2 ${found.hash}`);
  return found;
}

/** @param make writes the program into a folder; gives the program to run and its first arguments, or `{ skipped }` */
const platform = (name, make) => ({
  name: `one file: ${name}`,
  patience: 300_000,
  async run(context) {
    const folder = mkdtempSync(join(context.temp, 'single-file-'));
    writeFileSync(join(folder, 'worker.js'), "throw new Error('a worker of another program');\n");
    const made = await make(context, folder);
    return made.skipped ? made : measure(context, folder, ...made);
  },
});

const bundled = (version, format) =>
  platform(`esbuild, ${format}, Node ${version}`, async (context, folder) => {
    const node = context.tool(`node${version}`);
    return node ? [node, await bundle(context, folder, format)] : { skipped: `Node ${version} is not installed` };
  });

/** Of Node's documentation on single executable applications. */
const FUSE = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2';

const executable = (version) =>
  platform(`executable of Node ${version}`, async (context, folder) => {
    const { exec, script, tool } = context;
    const node = tool(`node${version}`);
    const postject = script('postject');
    if (!node || !postject) return { skipped: `${node ? 'postject' : `Node ${version}`} is not installed` };
    if (process.platform === 'darwin') return { skipped: 'macOS wants executables signed', unavailable: true };
    await bundle(context, folder, 'cjs');
    writeFileSync(
      join(folder, 'sea.json'),
      JSON.stringify({ main: 'program.cjs', output: 'program.blob', disableExperimentalSEAWarning: true }),
    );
    await exec(node, ['--experimental-sea-config', 'sea.json'], { cwd: folder });
    const program = join(folder, `program${suffix}`);
    copyFileSync(node, program);
    await exec(process.execPath, [postject, program, 'NODE_SEA_BLOB', join(folder, 'program.blob'), '--sentinel-fuse', FUSE]);
    return [program];
  });

const ofBun = (name, program, ...args) =>
  platform(name, async ({ exec, project, tool }, folder) => {
    const bun = tool('bun');
    if (!bun) return { skipped: 'Bun is not installed' };
    const outfile = join(folder, program);
    await exec(bun, ['build', entryIn(project), ...args, `--outfile=${outfile}`], { cwd: project });
    return program.endsWith('.js') ? [bun, outfile] : [outfile];
  });

/** A program that has its model in it, over 1 MiB. */
const modelInside = {
  name: 'one file: bun build --compile, the model inside',
  async run({ exec, models, project, temp, tool }) {
    const bun = tool('bun');
    if (!bun) return { skipped: 'Bun is not installed' };
    const folder = mkdtempSync(join(temp, 'single-file-'));
    const entry = join(project, 'model-inside.js');
    const program = join(folder, `program${suffix}`);
    copyFileSync(join(models, 'default.onnx'), join(project, 'inside.onnx'));
    writeFileSync(
      entry,
      `import { load, Tensor } from 'lanewise';
import path from './inside.onnx' with { type: 'file' };
const model = await load(path, { threads: 2 });
const data = new Float32Array(await Bun.file(process.argv[2]).arrayBuffer());
const { logits } = await model.run({ input: new Tensor('float32', data, [1, 3, 32, 32]) });
console.log(logits.data.indexOf(Math.max(...logits.data)));
`,
    );
    await exec(bun, ['build', entry, '--compile', `--outfile=${program}`], { cwd: project });
    rmSync(join(project, 'inside.onnx'));
    const printed = await exec(program, [join(models, 'cat.f32')], { cwd: folder });
    if (printed.trim() !== '3') throw new Error(`it takes the cat for class ${printed}`);
    return { note: 'cat' };
  },
};

const ofDeno = platform('deno compile', async ({ exec, project, temp, tool }, folder) => {
  const deno = tool('deno');
  if (!deno) return { skipped: 'Deno is not installed' };
  const program = join(folder, `program${suffix}`);
  const env = { DENO_DIR: join(temp, 'deno'), DENO_NO_UPDATE_CHECK: '1', NO_COLOR: '1' };
  try {
    await exec(deno, ['compile', '--no-check', '--allow-read', `--output=${program}`, entryIn(project)], { cwd: project, env });
  } catch (error) {
    // It downloads the runtime that it puts into the executable.
    if (/denort.*\n(.*\n)*.*error sending request/.test(error.message))
      return { skipped: "Deno's runtime for executables cannot be had", unavailable: true };
    throw error;
  }
  return [program];
});

export const platforms = [
  ...[20, 22, 24, 26].flatMap((version) => ['cjs', 'esm'].map((format) => bundled(version, format))),
  ...[20, 24, 26].map(executable),
  ofBun('bun build', 'program.js', '--target=bun'),
  ofBun('bun build --compile', `program${suffix}`, '--compile'),
  modelInside,
  ofDeno,
];
