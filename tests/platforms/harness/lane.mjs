// A process that runs some of the platforms, one after the other, in folders of its own: run.mjs starts several. It is told files, and answers
// with a row for each of their platforms.

import { cpSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { copyExample, exec, repository, script, tool } from './setup.mjs';

/** Milliseconds that a platform may take, where it does not say otherwise. */
const PATIENCE = 180_000;

const { root, tarball, models, project: first, reference, all } = JSON.parse(process.argv[2]);
const temp = mkdtempSync(join(root, 'lane-'));
const project = join(temp, 'project');
cpSync(first, project, { recursive: true });
const context = {
  temp,
  project,
  tarball,
  models,
  repository,
  tool,
  script,
  exec,
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
  const seconds = () => (performance.now() - start) / 1000;
  try {
    const own = {
      ...context,
      signal: control.signal,
      exec: (program, args, more) => exec(program, args, { signal: control.signal, ...more }),
    };
    const result = await Promise.race([run(own), late]);
    return { name, ...result, ...verdict(result, reference), seconds: seconds() };
  } catch (error) {
    return { name, failed: error.stack ?? String(error), seconds: seconds() };
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

process.on('message', async (file) => {
  const module = await import(`../${file}.mjs`);
  const expected = (await module.reference?.(context)) ?? reference;
  for (const platform of module.platforms ?? [{ name: module.name, run: module.run, patience: module.patience }]) {
    process.send({ row: await attempt(platform, expected) });
  }
  process.send({ done: file });
});
// Although what a late platform has left still runs.
process.on('disconnect', () => process.exit());
