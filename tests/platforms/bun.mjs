import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkLabel, lastJson } from './harness/setup.mjs';

export const name = 'Bun';

export async function run({ project, models, example, tool, exec }) {
  const bun = tool('bun');
  if (!bun) return { skipped: 'Bun is not installed' };
  checkLabel(await exec(bun, ['index.js'], { cwd: example('bun') }));
  copyFileSync(new URL('./entries/node.mjs', import.meta.url), join(project, 'bun.mjs'));
  return lastJson(await exec(bun, ['bun.mjs', models], { cwd: project }));
}
