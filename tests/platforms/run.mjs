// Lanewise in the places where people deploy: npm run test:platforms [-- [--all] NAME...], NAME a file of this folder without its ending.
// With --all a platform that is not installed has failed. Packs the package, installs it in an empty project, and has every platform run the
// same models and the examples. The README here tells how a platform is added.

import { fork } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { emptyProject, ensureTools, exec, pack, repository } from './harness/setup.mjs';
import { table } from './harness/table.mjs';
import { measureInNode } from './node.mjs';

/** Files that run at the same time, each in a process and folders of its own: most of them are busy on one core, or wait. */
const AT_ONCE = Math.min(2, availableParallelism());
/** Those that take longest, which begin first. */
const LONG = ['training', 'newcomer', 'quantized', 'node', 'single-files', 'bundlers', 'pages'];

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
const lanes = new Set();
process.on('exit', () => {
  for (const child of lanes) child.kill('SIGKILL');
  // Retried, because what they have started may still write.
  rmSync(temp, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

const tarball = pack(temp);
const project = emptyProject(join(temp, 'project'), tarball);
const models = join(temp, 'models');
mkdirSync(models);
// In the project, where they find the package.
for (const file of ['harness/models.mjs', 'bits.js', 'quantized.js', 'trained.js'])
  copyFileSync(join(here, file), join(project, basename(file)));
await build({ entryPoints: [join(repository, 'tests/reference/functions.ts')], outfile: join(project, 'functions.mjs'), format: 'esm' });
await exec(process.execPath, ['models.mjs', repository, models], { cwd: project });
const reference = await measureInNode({ project, models, exec }, process.execPath);
const waiting = [...new Set([...LONG, ...files])].filter((file) => wanted.length === 0 || wanted.includes(file));
const found = new Map(waiting.map((file) => [file, []]));

/** A process that takes one file after the other from those that wait. */
function lane() {
  const given = { root: temp, tarball, models, project, reference, all };
  const child = fork(join(here, 'harness/lane.mjs'), [JSON.stringify(given)]);
  lanes.add(child);
  let file;
  const next = () => {
    file = waiting.shift();
    if (file) child.send(file);
    else child.disconnect();
  };
  child.on('message', ({ row }) => {
    if (!row) return next();
    process.stderr.write(`${row.name}: ${row.seconds.toFixed(1)} s\n${row.failed ? `FAILED: ${row.name}: ${row.failed}\n` : ''}`);
    found.get(file).push(row);
  });
  next();
  // Where it has died; `exit` follows.
  child.on('error', () => {});
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      lanes.delete(child);
      if (file) found.get(file).push({ name: file, failed: `its process ended (${signal ?? `exit code ${code}`})` });
      resolve();
    });
  });
}
// A lane that dies is followed by another.
while (waiting.length > 0) await Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, lane));
const rows = [...found.entries()]
  .sort(([a], [b]) => Number(b === 'node') - Number(a === 'node') || a.localeCompare(b))
  .flatMap(([, rows]) => rows);
console.log(table(rows));
const failed = rows.filter((row) => row.failed).length;
const skipped = rows.filter((row) => row.skipped).length;
console.log(`${rows.length - failed - skipped} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
