import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastJson } from './harness/setup.mjs';

export const name = 'Deno';

export async function run({ project, models, tool, exec, temp }) {
  const deno = tool('deno');
  if (!deno) return { skipped: 'Deno is not installed' };
  copyFileSync(new URL('./entries/node.mjs', import.meta.url), join(project, 'deno.mjs'));
  const env = { DENO_DIR: join(temp, 'deno'), DENO_NO_UPDATE_CHECK: '1' };
  return lastJson(await exec(deno, ['run', '--no-prompt', '--allow-read', 'deno.mjs', models], { cwd: project, env }));
}
