// Lanewise in the places where people deploy: npm run test:platforms [-- [--all] NAME...], NAME a file of this folder without its ending.
// With --all a platform that is not installed has failed. Packs the package, installs it in an empty project, and has every platform run the
// same models and the examples. The README here tells how a platform is added.

import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { copyExample, emptyProject, ensureTools, exec, pack, repository, script, tool } from './harness/setup.mjs';
import { table } from './harness/table.mjs';
import { measureInNode } from './node.mjs';

/** Milliseconds that a platform may take, where it does not say otherwise. */
const PATIENCE = 180_000;

const here = fileURLToPath(new URL('.', import.meta.url));
const files = readdirSync(here)
  .filter((name) => name.endsWith('.mjs') && name !== 'run.mjs')
  .map((name) => name.slice(0, -4));
const all = process.argv.includes('--all');
const wanted = process.argv.slice(2).filter((name) => name !== '--all');
const unknown = wanted.filter((name) => !files.includes(name));
if (unknown.length > 0) {
  console.error(`there is no ${unknown.join(', ')}; there are ${files.join(', ')}`);
  process.exit(1);
}

ensureTools();
const temp = mkdtempSync(join(tmpdir(), 'lanewise-platforms-'));
process.on('exit', () => rmSync(temp, { recursive: true, force: true }));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const tarball = pack(temp);
const project = emptyProject(join(temp, 'project'), tarball);
const models = join(temp, 'models');
mkdirSync(models);
// In the project, where they find the package.
for (const file of ['harness/models.mjs', 'bits.js', 'quantized.js', 'trained.js'])
  copyFileSync(join(here, file), join(project, basename(file)));
await build({ entryPoints: [join(repository, 'tests/reference/functions.ts')], outfile: join(project, 'functions.mjs'), format: 'esm' });
const context = {
  temp,
  project,
  tarball,
  models,
  repository,
  tool,
  script,
  example: (name, ...more) => copyExample(name, temp, tarball, ...more),
};

/** Runs one platform; never fails and never hangs. */
async function attempt({ name, run, patience = PATIENCE }, reference) {
  const control = new AbortController();
  const start = performance.now();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => {
      control.abort();
      reject(new Error(`took longer than ${patience / 1000} s`));
    }, patience);
  });
  try {
    process.stderr.write(`${name} ...\n`);
    const own = {
      ...context,
      signal: control.signal,
      exec: (program, args, more) => exec(program, args, { signal: control.signal, ...more }),
    };
    const result = await Promise.race([run(own), late]);
    return { name, ...result, ...verdict(result, reference), seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    return { name, failed: error.stack ?? String(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** What is wrong with a result, if anything. */
function verdict({ skipped, unavailable, hash, label, note }, reference) {
  if (skipped) return all && !unavailable ? { skipped: undefined, failed: skipped } : {};
  if (hash === undefined && note === undefined) return { failed: 'it has neither a hash nor a note' };
  if (hash !== undefined && hash !== reference.hash) return { failed: `its bits differ from Node's, whose hash is ${reference.hash}` };
  if (label !== undefined && label !== 'cat') return { failed: `it takes the cat for ${label}` };
  return {};
}

await exec(process.execPath, ['models.mjs', repository, models], { cwd: project });
const reference = await measureInNode({ ...context, exec }, process.execPath);
const rows = [];
// Node first, for the others are held against it.
for (const file of files.sort((a, b) => Number(b === 'node') - Number(a === 'node') || a.localeCompare(b))) {
  if (wanted.length > 0 && !wanted.includes(file)) continue;
  const module = await import(`./${file}.mjs`);
  const expected = (await module.reference?.({ ...context, exec })) ?? reference;
  for (const platform of module.platforms ?? [{ name: module.name, run: module.run, patience: module.patience }]) {
    const row = await attempt(platform, expected);
    if (row.failed) process.stderr.write(`FAILED: ${row.name}: ${row.failed}\n`);
    rows.push(row);
  }
}
console.log(table(rows));
const failed = rows.filter((row) => row.failed).length;
const skipped = rows.filter((row) => row.skipped).length;
console.log(`${rows.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
