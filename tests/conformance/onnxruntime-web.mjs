// Runs every network of the zoo in Lanewise and in onnxruntime-web, from the same ONNX file, and compares the outputs.
//
//   npm run build
//   node tests/conformance/onnxruntime-web.mjs [--package FOLDER] [NETWORK...]
//
// FOLDER is one under which node_modules holds onnxruntime-web; where it is left out, npm installs the package into a folder that is removed
// again. Without it nothing is compared: it says so, and exits with 0. Each network runs in a process of its own, for WebAssembly gives no memory
// back. An output passes where no element is off by more than 1e-3 of the largest one.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const PACKAGE = 'onnxruntime-web@1.30.0';
const TOLERANCE = 1e-3;

const { values, positionals } = parseArgs({
  options: { package: { type: 'string' }, one: { type: 'string' } },
  allowPositionals: true,
});
const { zoo } = await import('lanewise/zoo').catch(() => {
  console.error('the package is not built: npm run build');
  process.exit(2);
});

/** The module's path under a folder, or nothing. */
function find(folder) {
  try {
    return createRequire(join(resolve(folder), 'none.js')).resolve('onnxruntime-web');
  } catch {
    return undefined;
  }
}

/** Coarse structure and noise, the same on every machine. */
function picture([batch, channels, height, width]) {
  let state = 1;
  const noise = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32 - 0.5;
  };
  const data = new Float32Array(batch * channels * height * width);
  for (let i = 0; i < data.length; i++) {
    const [row, column, plane] = [Math.floor(i / width) % height, i % width, Math.floor(i / (width * height))];
    const wave = Math.abs(((row / height) * (2 + plane) + column / width) % 1) - 0.5;
    data[i] = 2 * wave + noise();
  }
  return data;
}

async function compareOne(name, path) {
  const { load, Tensor } = await import('lanewise');
  const net = zoo.get(name)();
  const dims = [1, ...net.inputs[0].dims.slice(1)];
  const data = picture(dims);
  const bytes = net.toONNX();
  const ours = await load(bytes);
  const { output } = await ours.run({ input: new Tensor('float32', data, dims) });
  ours.dispose();

  const found = await import(pathToFileURL(path).href);
  const ort = found.InferenceSession ? found : found.default;
  ort.env.wasm.numThreads = 1;
  ort.env.logLevel = 'error';
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  const { output: theirs } = await session.run({ input: new ort.Tensor('float32', data, dims) });
  if (theirs.dims.join() !== output.dims.join()) throw new Error(`[${output.dims}] here, [${theirs.dims}] there`);
  let [most, largest] = [0, 0];
  for (let i = 0; i < output.data.length; i++) {
    const off = Math.abs(output.data[i] - theirs.data[i]);
    most = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(most, off);
    largest = Math.max(largest, Math.abs(theirs.data[i]));
  }
  const ratio = most / largest;
  console.log(
    `${name.padEnd(20)} ${ratio <= TOLERANCE ? 'ok    ' : 'FAILED'} off by ${ratio.toExponential(1)} of ${largest.toPrecision(3)}`,
  );
  return ratio <= TOLERANCE;
}

if (values.one) {
  const passed = await compareOne(values.one, find(values.package)).catch((error) => {
    console.log(`${values.one.padEnd(20)} FAILED ${error instanceof Error ? error.message : error}`);
    return false;
  });
  process.exit(passed ? 0 : 1);
}

const unknown = positionals.filter((name) => !zoo.has(name));
if (unknown.length > 0) {
  console.error(`the zoo has no ${unknown.join(', ')}; it has ${[...zoo.keys()].join(', ')}`);
  process.exit(2);
}
const scratch = values.package ? undefined : mkdtempSync(join(tmpdir(), 'lanewise-onnxruntime-'));
try {
  const folder = values.package ?? scratch;
  if (scratch) {
    spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', scratch, PACKAGE], {
      stdio: 'ignore',
      timeout: 300_000,
    });
  }
  if (!find(folder)) {
    console.log(`skipped: ${folder} holds no onnxruntime-web${scratch ? ', and npm could not install it' : ''}`);
  } else {
    const names = positionals.length > 0 ? positionals : [...zoo.keys()];
    let failed = 0;
    for (const name of names) {
      const args = [fileURLToPath(import.meta.url), '--package', folder, '--one', name];
      const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
      if (status !== 0) failed++;
      if (status !== 0 && status !== 1) console.log(`${name.padEnd(20)} FAILED its process ended with ${status}`);
    }
    console.log(`${names.length - failed} passed, ${failed} failed`);
    process.exitCode = failed > 0 ? 1 : 0;
  }
} finally {
  if (scratch) rmSync(scratch, { recursive: true, force: true });
}
