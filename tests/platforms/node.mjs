// Node, as a module and by require().

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { armNode, missingArm } from './harness/arm.mjs';
import { checkLabel, lastJson } from './harness/setup.mjs';

/** Options of `load`; the program has to end although its workers wait. */
export const THREADS = JSON.stringify({ threads: 2 });

const entries = { import: 'node.mjs', require: 'node.cjs' };
const examples = { import: 'index.js', require: 'index.cjs' };

/** What bits.js measures in a process of its own. */
export function measureInNode(context, node, kind = 'import', ...options) {
  return measureBy(context, [node], kind, options);
}

/** @param command the program and its arguments before the script */
async function measureBy({ project, models, exec }, [program, ...before], kind, options = []) {
  const file = entries[kind];
  copyFileSync(new URL(`./entries/${file}`, import.meta.url), join(project, file));
  return lastJson(await exec(program, [...before, file, models, ...options], { cwd: project }));
}

let folder;

async function run(context, version, kind) {
  const node = context.tool(`node${version}`);
  if (!node) return { skipped: `Node ${version} is not installed` };
  folder ??= context.example('node');
  checkLabel(await context.exec(node, [examples[kind]], { cwd: folder }));
  return measureInNode(context, node, kind);
}

export const platforms = [
  ...[20, 22, 24, 26].flatMap((version) =>
    Object.keys(entries).map((kind) => ({ name: `Node ${version}, ${kind}`, run: (context) => run(context, version, kind) })),
  ),
  { name: 'Node, threads', run: (context) => measureInNode(context, process.execPath, 'import', THREADS) },
  // Slow, because ARM64 is emulated.
  { name: 'Node 24 on ARM64', run: (context) => missingArm ?? measureBy(context, armNode(context), 'import'), patience: 400_000 },
];
