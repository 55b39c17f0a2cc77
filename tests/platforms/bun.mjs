import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastJson } from './harness/setup.mjs';

export const name = 'Bun';

export async function run({ project, models, tool, exec }) {
  const bun = tool('bun');
  if (!bun) return { skipped: 'Bun is not installed' };
  copyFileSync(new URL('./entries/node.mjs', import.meta.url), join(project, 'bun.mjs'));
  return lastJson(await exec(bun, ['bun.mjs', models], { cwd: project }));
}
