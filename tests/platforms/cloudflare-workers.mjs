// Cloudflare Workers: bundled by Wrangler, run in workerd by miniflare.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { checkNoTexts, lastJson } from './harness/setup.mjs';

export const name = 'Cloudflare Workers';
export const patience = 300_000;

/** The free plan's: milliseconds of CPU for a request, and MB for an isolate. */
const CPU = 10;
const MEMORY = 128;

export async function run({ project, models, example, tool, script, exec, temp }) {
  if (process.platform !== 'linux') return { skipped: 'the CPU time of workerd is read from Linux’s /proc' };
  const node = tool('node22') ?? tool('node24');
  const wrangler = script('wrangler');
  if (!node || !wrangler) return { skipped: 'Wrangler, or a Node that it takes, is not installed' };
  const env = { WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: join(temp, 'wrangler'), CI: '1' };
  const bundle = (cwd, ...args) => exec(node, [wrangler, 'deploy', '--dry-run', '--outdir', 'out', ...args], { cwd, env });

  const worker = example('cloudflare-workers', '.', ['--omit=dev']);
  const thumbnail = join(worker, 'thumbnail.png');
  await sharp(join(worker, 'cat.png')).resize(96, 64).png().toFile(thumbnail);
  await exec(process.execPath, ['node_modules/lanewise/bin/lanewise.mjs', 'compile', 'model.onnx', 'model.lanewise'], { cwd: worker });
  await bundle(worker);
  // It imports the binary that it names (of kernels, and of pictures) and nothing else.
  const files = readdirSync(join(worker, 'out'));
  const binaries = files.filter((name) => name.endsWith('.wasm')).map((name) => name.replace(/^[0-9a-f]+-/, ''));
  if (binaries.sort().join() !== 'strict.wasm,vision.wasm') throw new Error(`the Worker imports ${binaries}`);
  checkNoTexts(readFileSync(join(worker, 'out/index.js'), 'utf8'), worker);

  const bits = join(project, 'workerd');
  mkdirSync(bits);
  copyFileSync(new URL('./bits.js', import.meta.url), join(bits, 'bits.js'));
  copyFileSync(new URL('./entries/worker-bits.js', import.meta.url), join(bits, 'index.js'));
  writeFileSync(join(bits, 'wrangler.json'), JSON.stringify({ name: 'bits', main: 'index.js', compatibility_date: '2026-07-01' }));
  await bundle(bits);

  const entry = fileURLToPath(new URL('./entries/workerd.mjs', import.meta.url));
  const args = [entry, join(worker, 'out'), join(bits, 'out'), models, thumbnail, join(worker, 'cat.png')];
  const { empty, answers, found } = lastJson(await exec(node, args, { env }));
  for (const { answer } of answers) {
    if (JSON.parse(answer).label !== 'cat') throw new Error(`the Worker answers ${answer}`);
  }
  const [small, photo] = answers;
  const { error, ...bitsFound } = JSON.parse(found);
  if (error) throw new Error(error);
  for (const [what, ms] of Object.entries({ 'the first request': small.first, 'a warm request': small.warm })) {
    if (ms >= CPU) throw new Error(`${what} takes ${ms.toFixed(1)} ms of CPU, more than the ${CPU} of the free plan`);
  }
  for (const { memory } of answers) {
    if (memory >= MEMORY) throw new Error(`workerd takes ${memory.toFixed(0)} MB, more than the ${MEMORY} that an isolate may`);
  }
  const ms = (one) => `first ${one.first.toFixed(1)}, warm ${one.warm.toFixed(1)}`;
  return {
    ...bitsFound,
    // Inside, the clock stands still while code runs: start-up and the first request, and later ones, by CPU time.
    coldMs: small.startup - empty.startup + small.first,
    warmMs: small.warm,
    note: `CPU ms a request: 96×64 ${ms(small)}; 451×300 ${ms(photo)}; none ${ms(empty)}; workerd ${photo.memory.toFixed(0)} MB, idle ${empty.memory.toFixed(0)} MB`,
  };
}
