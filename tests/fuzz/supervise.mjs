// Runs the fuzzer of graphs in a process that may die of another's fault, starts it again behind the graph that it died of, and reports.

import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { path } from '../../bench/sources.mjs';

/** A graph that takes longer hangs. */
const HANG_MS = 60_000;
/** From so many graphs on everything has to occur, so often. */
const LONG_RUN = 50_000;
const LEAST = 200;

/** One process; gives its last word, and how it ended. */
function worker(options, onReport) {
  return new Promise((resolve) => {
    let last;
    const child = fork(path('build/fuzz/graphs.mjs'), [JSON.stringify(options)], { execArgv: ['--expose-gc'] });
    child.on('message', (report) => {
      last = report;
      onReport?.(report);
    });
    let [seen, since, hung] = ['', Date.now(), false];
    const watch = setInterval(() => {
      const now = readFileSync(options.marker, 'utf8');
      if (now !== seen) [seen, since] = [now, Date.now()];
      else if (Date.now() - since > HANG_MS) {
        hung = true;
        child.kill('SIGKILL');
      }
    }, 1000);
    child.on('close', (code, signal) => {
      clearInterval(watch);
      resolve({ report: last, code, signal, hung, at: readFileSync(options.marker, 'utf8').trim() });
    });
  });
}

const add = (into, from) => {
  for (const [key, value] of Object.entries(from ?? {})) {
    if (typeof value === 'number') into[key] = (into[key] ?? 0) + value;
    else into[key] ??= value;
  }
};

/** @returns whether nothing failed */
export async function fuzzGraphs({ minutes, seed, root, replay, operator, without, ignore, shown }) {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-fuzz-'));
  const marker = join(folder, 'marker');
  const options = {
    root,
    seed,
    from: 0,
    until: Date.now() + minutes * 60_000,
    marker,
    only: operator,
    without,
    ignore,
    shown: shown && Number(shown),
  };
  try {
    if (replay) {
      const { code } = await worker({ ...options, replay });
      return code === 0;
    }
    const total = {
      graphs: 0,
      nodes: 0,
      runtime: true,
      statuses: {},
      kinds: {},
      seen: {},
      asked: {},
      refused: {},
      refusals: {},
      failures: [],
    };
    const peerCrashes = [];
    let expected;
    while (Date.now() < options.until) {
      const { report, code, signal, hung, at } = await worker(options);
      if (report) {
        for (const key of ['statuses', 'kinds', 'seen', 'asked', 'refused', 'refusals']) add(total[key], report[key]);
        total.graphs += report.graphs;
        total.nodes += report.nodes;
        total.runtime = report.runtime;
        total.failures.push(...report.failures);
        expected = report.expected ?? expected;
      }
      if (code === 0) break;
      const [index, phase] = at.split(' ');
      const what = hung ? 'hangs' : `ends the process (${signal ?? code})`;
      if (phase === 'onnxruntime') peerCrashes.push(`${seed}:${index} ${what}`);
      else total.failures.push({ index, kind: 'the process', text: `Lanewise ${what}`, graph: `--replay ${seed}:${index}` });
      if (index === undefined || index === '') return false;
      options.from = Number(index) + 1;
    }
    print(total, seed, peerCrashes);
    const missing = operator ? [] : missingOf(total, expected);
    for (const line of missing) console.log(line);
    return total.failures.length === 0 && missing.length === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const sum = (record) => Object.values(record).reduce((a, b) => a + b, 0);

function print({ graphs, nodes, runtime, statuses, kinds, asked, refused, refusals, failures }, seed, peerCrashes) {
  console.log(
    `graphs: ${graphs} of ${nodes} nodes, seed ${seed}${runtime ? '' : '; onnxruntime-node is not installed, so Lanewise was compared with itself'}`,
  );
  for (const [status, count] of Object.entries(statuses)) console.log(`  ${count} ${status}`);
  for (const [kind, count] of Object.entries(kinds).sort(([, a], [, b]) => b - a)) console.log(`    ${count} ${kind}`);
  if (runtime) {
    console.log(
      `  single nodes: onnxruntime ran ${(100 - (100 * sum(refused)) / Math.max(1, sum(asked))).toFixed(1)} %; of these operators less than 75 %:`,
    );
    for (const [op, count] of Object.entries(asked)) {
      const share = 1 - (refused[op] ?? 0) / count;
      if (share < 0.75) console.log(`    ${op} ${(100 * share).toFixed(0)} % of ${count}`);
    }
    if (process.env.FUZZ_REFUSALS) for (const [what, words] of Object.entries(refusals)) console.log(`    ${what}: ${words}`);
  }
  if (peerCrashes.length > 0) console.log(`  onnxruntime did not survive ${peerCrashes.length} graphs`);
  for (const { index, kind, text, graph } of failures) console.log(`FAILED ${seed}:${index} ${kind}\n  ${text}\n  ${graph}`);
}

/** What a long run has not met often enough. */
function missingOf({ graphs, seen }, expected = []) {
  const rare = expected.filter((key) => (seen[key] ?? 0) < LEAST);
  const least = expected.reduce((a, key) => Math.min(a, seen[key] ?? 0), Number.POSITIVE_INFINITY);
  console.log(`  ${expected.length} operators, revisions and attribute values; the rarest occurred ${least} times`);
  if (process.env.FUZZ_SEEN) for (const key of expected) console.log(`    ${key} ${seen[key] ?? 0}`);
  if (graphs < LONG_RUN) return [];
  return rare.map((key) => `FAILED ${key} occurred ${seen[key] ?? 0} times only`);
}
