import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLabel, lastJson } from './harness/setup.mjs';

export const name = 'Deno';

export async function run({ project, models, example, tool, exec, temp }) {
  const deno = tool('deno');
  if (!deno) return { skipped: 'Deno is not installed' };
  const env = { DENO_DIR: join(temp, 'deno'), DENO_NO_UPDATE_CHECK: '1' };
  const start = (cwd, ...args) => exec(deno, ['run', '--no-prompt', '--allow-read', ...args], { cwd, env });
  checkLabel(await start(example('deno'), 'main.js'));
  copyFileSync(new URL('./entries/node.mjs', import.meta.url), join(project, 'deno.mjs'));
  return lastJson(await start(project, 'deno.mjs', models));
}
