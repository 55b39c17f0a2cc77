// A child process: quantises a model unless that was done, then times it in float32 and in integers, the runtimes in turn. Arguments: MODEL RUNS
// WARM_UP.

import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { answer } from './answer.mjs';
import { interleave } from './interleave.mjs';
import { DIMS, modelPath, PICTURE } from './models.mjs';
import { RUNTIMES } from './runtimes.mjs';
import { noise, relativeError } from './statistics.mjs';

const dist = (path) => fileURLToPath(new URL(`../../dist/${path}`, import.meta.url));
/** Pictures whose ranges are taken. */
const CALIBRATION = 4;
/** Relative to the largest output, between runtimes: they round sums and averages by rules of their own, step by step. */
const TOLERANCE = 0.2;

/** The quantised file, cached for as long as model and tool are the same. */
async function quantised(name) {
  const key = createHash('sha256')
    .update(readFileSync(dist('quantize.js')))
    .update(readFileSync(modelPath(name)))
    .digest('hex')
    .slice(0, 12);
  const folder = join(tmpdir(), 'lanewise-int8');
  const path = join(folder, `${name}-${key}.onnx`);
  if (existsSync(path)) return path;
  const [{ quantize }, { Tensor }] = [await import(dist('quantize.js')), await import(dist('index.js'))];
  const length = PICTURE.length;
  const numbers = noise(CALIBRATION * length);
  const pictures = Array.from({ length: CALIBRATION }, (_, i) => new Tensor('float32', numbers.slice(i * length, (i + 1) * length), DIMS));
  const { onnx } = await quantize(modelPath(name), pictures, { calibration: 'minmax', biasCorrection: false });
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.part`, onnx);
  renameSync(`${path}.part`, path);
  return path;
}

/** Lanewise with strict dots, whatever the engine has. */
async function strict(path) {
  const { load, Tensor } = await import(dist('index.js'));
  const wasm = new WebAssembly.Module(readFileSync(dist('wasm/strict-quantized.wasm')));
  const model = await load(path, { wasm });
  const feeds = { [model.inputs[0].name]: new Tensor('float32', PICTURE, DIMS) };
  return { model, run: async () => Object.values(await model.run(feeds))[0].data };
}

const [name, runs, warmUp] = process.argv.slice(2);
await answer(async () => {
  const path = await quantised(name);
  const open = async (key, source) => (await RUNTIMES[key].start())(source);
  const own = await strict(path);
  const opened = {
    float: await open('lanewise', modelPath(name)),
    int8: await open('lanewise', path),
    strict: own,
    onnxruntimeWeb: await open('onnxruntimeWeb', path),
    onnxruntimeNode: await open('onnxruntimeNode', path),
  };
  const outputs = {};
  for (const [key, { run }] of Object.entries(opened)) outputs[key] = (await run()).slice();
  const errors = Object.fromEntries(Object.entries(outputs).map(([key, output]) => [key, relativeError(output, outputs.int8)]));
  if (errors.strict !== 0) throw new Error(`${name}: strict dots give other bits than the engine's`);
  for (const [key, error] of Object.entries(errors)) {
    // Its optimiser has rules of its own, and its products saturate on processors without VNNI: the difference is printed.
    if (key !== 'onnxruntimeNode' && !(error <= TOLERANCE))
      throw new Error(`${name}: ${key} differs from int8 by ${error.toExponential(1)} of the largest output`);
  }
  const actions = Object.fromEntries(Object.entries(opened).map(([key, { run }]) => [key, run]));
  return {
    times: await interleave(actions, { runs: Number(runs), warmUp: Number(warmUp) }),
    errors,
    memory: own.model.memory,
    bytes: statSync(path).size,
  };
});
