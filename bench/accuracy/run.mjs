// How exact operators and the layers of real networks are: node bench/accuracy/run.mjs [--only NAME] [--table NAME] [--json]
// [--alone] The root mean square of the error against float64, relative to that of the right answer, in Lanewise and in
// onnxruntime-web. Installs the peers in bench/peers where they are missing; --alone leaves them out. --only takes rows
// whose name holds NAME; --json writes build/bench-accuracy.json.

import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { load, Tensor } from '../../dist/index.js';
import { ensurePeers } from '../peers/setup.mjs';
import { table } from '../peers/table.mjs';
import { importSources, path } from '../sources.mjs';

const string = { type: 'string' };
const boolean = { type: 'boolean' };
const { values } = parseArgs({ options: { only: string, table: string, json: boolean, alone: boolean } });

const { allCases, graphOf, writeOnnx } = await importSources(
  'accuracy',
  "export { allCases, graphOf } from './bench/accuracy/cases.ts'; export { writeOnnx } from './src/formats/onnx/writer.ts';",
);

async function startPeer() {
  if (values.alone) return undefined;
  ensurePeers();
  const resolved = createRequire(path('bench/peers/package.json')).resolve('onnxruntime-web');
  const ort = await import(pathToFileURL(resolved).href);
  ort.env.wasm.numThreads = 1;
  return ort;
}

const feedsOf = ({ inputs, fed }, Type) =>
  Object.fromEntries(
    (fed ? inputs : inputs.slice(0, 1)).map(({ dims, data }, i) => [`x${i}`, new Type('float32', Float32Array.from(data), dims)]),
  );

async function lanewise(bytes, config) {
  const model = await load(bytes, { winograd: Boolean(config.winograd) });
  const { y } = model.runSync(feedsOf(config, Tensor));
  model.dispose();
  return y.data;
}

async function onnxruntime(ort, bytes, config) {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['wasm'] });
  const { y } = await session.run(feedsOf(config, ort.Tensor));
  await session.release();
  return y.data;
}

/** The error's root mean square relative to that of the exact answer; and the largest error, relative to the same. */
function errorsOf(actual, { data }, ignored) {
  let [squares, errors, worst] = [0, 0, 0];
  for (let i = 0; i < data.length; i++) {
    if (ignored?.(i)) continue;
    const error = actual[i] - data[i];
    squares += data[i] ** 2;
    errors += error ** 2;
    worst = Math.max(worst, Math.abs(error));
  }
  return { rms: Math.sqrt(errors / squares), worst: worst / Math.sqrt(squares / data.length) };
}

const peer = await startPeer();
const wanted = (values.only ?? '').toLowerCase();
const chosen = allCases().filter((config) => config.name.toLowerCase().includes(wanted) && (values.table ?? config.table) === config.table);
const results = [];
for (const config of chosen) {
  const bytes = writeOnnx(graphOf(config));
  const expected = config.reference();
  const own = errorsOf(await lanewise(bytes, config), expected, config.ignored);
  const other = peer && errorsOf(await onnxruntime(peer, bytes, config), expected, config.ignored);
  results.push({
    table: config.table,
    name: config.name,
    lanewise: own,
    ...(other && { onnxruntimeWeb: other, ratio: own.rms / other.rms }),
  });
}

const titles = {
  direct: 'Convolutions and products, summed directly',
  winograd: "Convolutions by Winograd's algorithm",
  operators: 'Other operators',
  outliers: "Beside an outlier, by Winograd's algorithm",
};
const shown = (error) => error.toExponential(1);
for (const [name, title] of Object.entries(titles)) {
  const rows = results.filter((result) => result.table === name);
  if (rows.length === 0) continue;
  const lines = rows.map(({ name, lanewise, onnxruntimeWeb, ratio }) => [
    name,
    shown(lanewise.rms),
    shown(lanewise.worst),
    ...(onnxruntimeWeb ? [shown(onnxruntimeWeb.rms), shown(onnxruntimeWeb.worst), ratio.toFixed(2)] : []),
  ]);
  const header = ['', 'rms', 'largest', ...(peer ? ['onnxruntime-web rms', 'largest', 'ratio of rms'] : [])];
  console.log(`\n${title}\n${table(header, lines)}`);
}
if (values.json) writeFileSync(path('build/bench-accuracy.json'), `${JSON.stringify(results, null, 2)}\n`);
