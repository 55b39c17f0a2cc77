// From starting Node to the default model's first label: what it adds to `node -e 0`, in pairs, one after the other.
//
//   node bench/models/cold-start.mjs [--runs 25]
//
// The picture's pixels are decoded beforehand; resizing and normalising it are part of what is timed. onnxruntime-web is
// timed too where bench/peers has it installed.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { compileModel } from 'lanewise/compile';
import { decodePicture } from 'lanewise/vision/node';
import { summarize } from '../peers/statistics.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const { values } = parseArgs({ options: { runs: { type: 'string', default: '25' } } });

/** Runs Node. @returns milliseconds, and what it printed */
function node(...args) {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  const ms = performance.now() - start;
  if (status !== 0) throw new Error(stderr);
  return { ms, out: stdout.trim() };
}

const PEAK = `const { existsSync, readFileSync } = require('fs');
console.log(existsSync('/proc/self/status') ? /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1] : process.resourceUsage().maxRSS)`;

const folder = mkdtempSync(join(tmpdir(), 'lanewise-cold-'));
try {
  const onnx = join(root, 'models/cifar10-resnet20/model.onnx');
  const compiled = join(folder, 'model.lanewise');
  writeFileSync(compiled, await compileModel(onnx));
  const { width, height, data } = await decodePicture(readFileSync(join(root, 'models/cat.png')), 'cat.png');
  const pixels = join(folder, 'cat.rgb');
  writeFileSync(pixels, data);

  const kinds = [
    ['compiled', compiled],
    ['onnx', onnx],
    ...(existsSync(join(root, 'bench/peers/node_modules/onnxruntime-web')) ? [['onnxruntime-web', onnx]] : []),
  ].map(([kind, model]) => ({ kind, model, added: [], peaks: [] }));
  const bare = { times: [], peak: Number(node('-e', PEAK).out) };
  for (let i = 0; i < Number(values.runs); i++) {
    for (const { kind, model, added, peaks } of kinds) {
      const base = node('-e', '0').ms;
      const { ms, out } = node(join(root, 'bench/models/cold-process.mjs'), kind, model, pixels, String(width), String(height));
      const [label, peak] = out.split(' ');
      if (label !== 'cat') throw new Error(`${kind} says ${label}`);
      bare.times.push(base);
      added.push(ms - base);
      peaks.push(Number(peak) - bare.peak);
    }
  }
  const { median, q1, q3 } = summarize(bare.times);
  console.log(`node -e 0: ${median.toFixed(1)} ms (${q1.toFixed(1)} to ${q3.toFixed(1)}), ${(bare.peak / 1000).toFixed(1)} MB`);
  for (const { kind, added, peaks } of kinds) {
    const { median, q1, q3 } = summarize(added);
    console.log(
      `${kind.padEnd(16)} adds ${median.toFixed(1).padStart(6)} ms (${q1.toFixed(1)} to ${q3.toFixed(1)}) and ${(summarize(peaks).median / 1000).toFixed(1)} MB`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
