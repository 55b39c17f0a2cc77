// A quantised MobileNetV2 in Cloudflare Workers: what the bundle weighs, what a request takes.

import { readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { lastJson } from './harness/setup.mjs';

export const name = 'Cloudflare Workers, quantised MobileNetV2';
export const patience = 300_000;

/** The free plan's: MB of a bundle, gzipped, and of an isolate's memory. */
const BUNDLE = 3;
const MEMORY = 128;

export async function run({ example, tool, script, exec, temp }) {
  if (process.platform !== 'linux') return { skipped: 'the CPU time of workerd is read from Linux’s /proc' };
  const node = tool('node22') ?? tool('node24');
  const wrangler = script('wrangler');
  if (!node || !wrangler) return { skipped: 'Wrangler, or a Node that it takes, is not installed' };
  const env = { WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: join(temp, 'wrangler'), CI: '1' };
  const worker = example('cloudflare-workers', '.', ['--omit=dev']);
  await exec(process.execPath, ['quantize.mjs'], { cwd: worker });
  await exec(node, [wrangler, 'deploy', '--dry-run', '--outdir', 'mobilenet', '--config', 'wrangler.mobilenet.jsonc'], {
    cwd: worker,
    env,
  });
  const out = join(worker, 'mobilenet');
  renameSync(join(out, 'mobilenet.js'), join(out, 'index.js'));
  const bytes = readdirSync(out)
    .filter((name) => /\.(js|wasm|lanewise)$/.test(name))
    .reduce((sum, name) => sum + gzipSync(readFileSync(join(out, name)), { level: 9 }).length, 0);
  const entry = fileURLToPath(new URL('./entries/workerd.mjs', import.meta.url));
  const { empty, answers } = lastJson(await exec(node, [entry, out, '-', '-', join(worker, 'cat.png')], { env }));
  const [photo] = answers;
  const { class: label } = JSON.parse(photo.answer);
  if (!(label >= 0 && label < 100)) throw new Error(`the Worker answers ${photo.answer}`);
  const size = bytes / 1e6;
  if (size >= BUNDLE) throw new Error(`the bundle takes ${size.toFixed(2)} MB gzipped, more than the ${BUNDLE} of the free plan`);
  if (photo.memory >= MEMORY) throw new Error(`workerd takes ${photo.memory.toFixed(0)} MB, more than the ${MEMORY} that an isolate may`);
  const ms = (one) => `first ${one.first.toFixed(1)}, warm ${one.warm.toFixed(1)}`;
  return {
    coldMs: photo.startup - empty.startup + photo.first,
    warmMs: photo.warm,
    note: `class ${label}; ${size.toFixed(2)} MB gzipped; CPU ms a request: 451×300 ${ms(photo)}; workerd ${photo.memory.toFixed(0)} MB, idle ${empty.memory.toFixed(0)} MB`,
  };
}
