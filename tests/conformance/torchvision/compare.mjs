// Runs exported models with the built package and compares the outputs with torch's.
//
//   npm run build
//   node tests/conformance/torchvision/compare.mjs DIR [MODEL...] [--json]
//
// DIR holds cases as export.py writes them. An output passes where no element is off by more than 1e-3 of the largest one.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const TOLERANCE = 1e-3;

const { values, positionals } = parseArgs({ options: { json: { type: 'boolean', default: false } }, allowPositionals: true });
const [root, ...only] = positionals;
if (!root) {
  console.error('usage: compare.mjs DIR [MODEL...] [--json]');
  process.exit(2);
}
const { load } = await import('lanewise').catch(() => {
  console.error('the package is not built: npm run build');
  process.exit(2);
});
const { readTensorProto } = await import('lanewise/formats');

/** `input_0.pb`, `input_1.pb`, ... in order. */
function readTensors(folder, kind) {
  const tensors = [];
  for (let i = 0; existsSync(join(folder, `${kind}_${i}.pb`)); i++) {
    const path = join(folder, `${kind}_${i}.pb`);
    tensors.push(readTensorProto(readFileSync(path), path).tensor);
  }
  return tensors;
}

/** The largest difference relative to the largest element; infinite where the outputs cannot be compared. */
function difference(name, actual, expected) {
  if (actual.type !== expected.type || actual.dims.join() !== expected.dims.join()) {
    const [is, should] = [actual, expected].map(({ type, dims }) => `${type} [${dims.join(', ')}]`);
    throw new Error(`output '${name}' is ${is}, expected ${should}`);
  }
  let [most, largest] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const [a, e] = [Number(actual.data[i]), Number(expected.data[i])];
    largest = Math.max(largest, Math.abs(e));
    if (Object.is(a, e)) continue;
    const off = Math.abs(a - e);
    most = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(most, off);
  }
  return most === 0 ? 0 : most / largest;
}

async function timed(action) {
  const start = performance.now();
  const result = await action();
  return [result, performance.now() - start];
}

async function runCase(name) {
  const folder = join(root, name);
  const result = { name, status: 'ok', difference: 0 };
  let model;
  try {
    [model, result.loadMs] = await timed(() => load(join(folder, 'model.onnx')));
    const sets = readdirSync(folder).filter((entry) => entry.startsWith('test_data_set_'));
    if (sets.length === 0) throw new Error('there is no test_data_set_ folder');
    for (const set of sets.sort()) {
      const inputs = readTensors(join(folder, set), 'input');
      const expected = readTensors(join(folder, set), 'output');
      const feeds = Object.fromEntries(model.inputs.map((input, i) => [input.name, inputs[i]]));
      const [outputs, ms] = await timed(() => model.run(feeds));
      if (expected.length !== model.outputs.length) throw new Error(`${model.outputs.length} outputs, expected ${expected.length}`);
      model.outputs.forEach((output, i) => {
        result.difference = Math.max(result.difference, difference(output.name, outputs[output.name], expected[i]));
      });
      if (result.firstMs !== undefined) continue;
      result.firstMs = ms;
      [, result.secondMs] = await timed(() => model.run(feeds));
    }
    result.memory = model.memory.total;
    if (!(result.difference <= TOLERANCE)) result.status = 'FAILED';
  } catch (error) {
    result.status = error?.code === 'UNSUPPORTED' ? 'unsupported' : 'FAILED';
    result.message = error instanceof Error ? error.message : String(error);
  } finally {
    model?.dispose();
  }
  return result;
}

function line({ name, status, difference, loadMs, firstMs, secondMs, memory, message }) {
  const start = `${name.padEnd(28)} ${status.padEnd(11)}`;
  if (message) return `${start} ${message}`;
  const times = `load ${loadMs.toFixed(0)} ms, first ${firstMs.toFixed(0)} ms, second ${secondMs.toFixed(0)} ms`;
  return `${start} off by ${difference.toExponential(1)}, ${times}, ${(memory / 2 ** 20).toFixed(1)} MiB`;
}

const cases = (existsSync(root) ? readdirSync(root) : []).filter((name) => existsSync(join(root, name, 'model.onnx'))).sort();
const missing = only.filter((name) => !cases.includes(name));
if (missing.length > 0 || cases.length === 0) {
  console.error(cases.length === 0 ? `${root} holds no cases` : `${root} has no ${missing.join(', ')}`);
  process.exit(2);
}
const results = [];
for (const name of only.length > 0 ? only : cases) {
  const result = await runCase(name);
  results.push(result);
  if (!values.json) console.log(line(result));
}
const count = (status) => results.filter((result) => result.status === status).length;
const [passed, failed, unsupported] = [count('ok'), count('FAILED'), count('unsupported')];
if (values.json) console.log(JSON.stringify({ passed, failed, unsupported, cases: results }));
else console.log(`${passed} passed, ${failed} failed, ${unsupported} unsupported`);
process.exitCode = failed + unsupported > 0 ? 1 : 0;
