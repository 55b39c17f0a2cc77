// What the measurements say, as text and as a chart.

import { barChart } from './chart.mjs';
import { describe, kindOf } from './convolutions.mjs';
import { PEERS, RUNTIMES } from './runtimes.mjs';
import { digits, megabytes, ratio, table } from './table.mjs';

const labels = PEERS.map((key) => RUNTIMES[key].label);

/** A peer's median over Lanewise's. */
const times = (stats, peer) => stats[peer].median / stats.lanewise.median;

export function ratiosText(models) {
  const rows = Object.entries(models)
    .filter(([, { times }]) => times)
    .map(([name, model]) => [name, digits(model.times.lanewise.median), ...PEERS.map((peer) => ratio(times(model.times, peer)))]);
  return `A picture of 224×224, one thread: a peer's time over Lanewise's\n\n${table(['', 'Lanewise, ms', ...labels], rows)}`;
}

/** The times of one model, all runtimes. */
export function timesText(name, { times, errors }) {
  const rows = Object.entries(times).map(([key, { median, min, q1, q3 }]) => [
    `  ${RUNTIMES[key].label}`,
    ...[median, min, q1, q3].map(digits),
    key === 'lanewise' ? '' : errors[key].toExponential(1),
  ]);
  return table([name, 'median', 'min', 'quartile', 'quartile', 'difference'], rows);
}

export function loadText(models) {
  const rows = Object.entries(models).flatMap(([name, { load, bytes }]) =>
    Object.entries(load ?? {}).map(([key, { ms, peak }]) => [
      `${name}, ${RUNTIMES[key].label}`,
      digits(ms.median),
      digits(ms.min),
      key === 'lanewise' ? '' : ratio(ms.median / load.lanewise.ms.median),
      megabytes(peak.median),
      `${(peak.median / bytes).toFixed(2)} ×`,
    ]),
  );
  const header = ['', 'ms', 'min', "over Lanewise's", 'peak memory', "of the file's size"];
  return `From the file to the first result, each time in a new process\n\n${table(header, rows)}`;
}

/** What integers gain; the strict dots' median over others' says the same of them. */
export function int8Text(models) {
  const rows = Object.entries(models)
    .filter(([, model]) => model?.int8)
    .map(([name, { int8 }]) => {
      const of = (key) => int8.times[key].median;
      const over = (key) => [ratio(of('float') / of(key)), ratio(of('onnxruntimeWeb') / of(key)), ratio(of('onnxruntimeNode') / of(key))];
      return [
        name,
        digits(of('float')),
        digits(of('strict')),
        ...over('strict'),
        digits(of('int8')),
        ...over('int8'),
        megabytes(int8.memory.total),
      ];
    });
  const peers = ['× float32', '× web int8', '× node int8'];
  const header = ['', 'float32, ms', 'strict int8, ms', ...peers, "engine's int8, ms", ...peers, 'memory, strict'];
  return `Integers, a picture of 224×224, one thread: float32 of Lanewise, and int8 of onnxruntime, over int8 of Lanewise\n\n${table(header, rows)}`;
}

/** What threads gain, and where that leaves a peer beside Lanewise. */
export function threadsText(models) {
  const chosen = Object.entries(models).filter(([, { threads }]) => threads);
  const rows = chosen.flatMap(([name, { threads }]) =>
    Object.entries(threads.times).map(([key, { one, several }]) => [
      `${name}, ${RUNTIMES[key].label}`,
      digits(one),
      digits(several),
      ratio(one / several),
      ...(key === 'lanewise' ? ['', ''] : [ratio(one / threads.times.lanewise.one), ratio(several / threads.times.lanewise.several)]),
    ]),
  );
  const counts = [...new Set(chosen.map(([, { threads }]) => threads.count))].join();
  const header = ['', '1 thread, ms', `${counts} threads, ms`, 'faster', "1: over Lanewise's", `${counts}: over Lanewise's`];
  return `Threads, each runtime in a process of its own\n\n${table(header, rows)}`;
}

const gflops = ({ macs, alone }) => (2 * macs) / alone.lanewise.median / 1e6;

/** As `45 to 78 %`. */
function shares(convolutions, limit) {
  const all = convolutions.map((one) => (100 * gflops(one)) / limit);
  return `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)} %`;
}

/** The convolutions in which Lanewise does worst beside TensorFlow.js. */
export function convolutionsText(convolutions, limit, most = 15) {
  const sorted = [...convolutions].sort((a, b) => times(a.alone, 'tensorflow') - times(b.alone, 'tensorflow'));
  const slower = sorted.filter(({ alone }) => times(alone, 'tensorflow') < 1);
  const rows = sorted
    .slice(0, most)
    .map((one) => [
      describe(one),
      one.algorithm,
      one.models.join(' '),
      digits(one.alone.lanewise.median),
      digits(one.alone.tensorflow.median),
      ratio(times(one.alone, 'tensorflow')),
      ratio(times(one.call, 'tensorflow')),
      gflops(one).toFixed(1),
    ]);
  const header = ['', 'kernel', 'in', 'ms', 'TensorFlow.js', 'alone', 'with copies', 'GFLOP/s'];
  const of = (model, kind) => convolutions.filter((one) => one.models.includes(model) && kindOf(one) === kind);
  const rates = [
    ['resnet50', '1×1'],
    ['vgg16', '3×3'],
  ]
    .filter(([model, kind]) => of(model, kind).length > 0)
    .map(([model, kind]) => `${kind} of ${model}: ${shares(of(model, kind), limit)} of the limit of 128-bit multiply-adds`);
  return [
    `Single convolutions beside TensorFlow.js, the worst ${rows.length} of ${convolutions.length}`,
    '',
    table(header, rows),
    '',
    `Lanewise is slower in ${slower.length} of ${convolutions.length}`,
    ...rates,
  ].join('\n');
}

export function gemmText({ limit, gemm }) {
  const share = (rate) => `${rate.toFixed(1)} GFLOP/s, ${((100 * rate) / limit).toFixed(0)} %`;
  return `GEMM 512³: median ${share(gemm.median)}; best ${share(gemm.best)} of ${limit.toFixed(1)}, the limit of 128-bit multiply-adds here`;
}

export function chartOf({ machine, models }) {
  return barChart({
    title: "Time of a picture: a peer's over Lanewise's, one thread",
    notes: ['224×224, batch 1, medians; beyond the line a peer is slower', `${machine.cpu}, Node ${machine.node}, ${machine.date}`],
    peers: PEERS.map((key) => `${RUNTIMES[key].label}${RUNTIMES[key].wasm ? ' (Wasm)' : ' (native)'}`),
    groups: Object.entries(models).map(([label, model]) => ({ label, values: PEERS.map((peer) => times(model.times, peer)) })),
  });
}
