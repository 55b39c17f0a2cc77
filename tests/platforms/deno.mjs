import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLabel, lastJson } from './harness/setup.mjs';
import { THREADS } from './node.mjs';

async function run({ project, models, example, tool, exec, temp }, ...options) {
  const deno = tool('deno');
  if (!deno) return { skipped: 'Deno is not installed' };
  const env = { DENO_DIR: join(temp, 'deno'), DENO_NO_UPDATE_CHECK: '1' };
  const start = (cwd, ...args) => exec(deno, ['run', '--no-prompt', '--allow-read', ...args], { cwd, env });
  if (options.length === 0) checkLabel(await start(example('deno'), 'main.js'));
  copyFileSync(new URL('./entries/node.mjs', import.meta.url), join(project, 'deno.mjs'));
  return lastJson(await start(project, 'deno.mjs', models, ...options));
}

export const platforms = [
  { name: 'Deno', run: (context) => run(context) },
  { name: 'Deno, threads', run: (context) => run(context, THREADS) },
];
