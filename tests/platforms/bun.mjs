import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLabel, lastJson } from './harness/setup.mjs';
import { THREADS } from './node.mjs';

async function run({ project, models, example, tool, exec }, ...options) {
  const bun = tool('bun');
  if (!bun) return { skipped: 'Bun is not installed' };
  if (options.length === 0) checkLabel(await exec(bun, ['index.js'], { cwd: example('bun') }));
  copyFileSync(new URL('./entries/node.mjs', import.meta.url), join(project, 'bun.mjs'));
  return lastJson(await exec(bun, ['bun.mjs', models, ...options], { cwd: project }));
}

export const platforms = [
  { name: 'Bun', run: (context) => run(context) },
  { name: 'Bun, threads', run: (context) => run(context, THREADS) },
];
