// Runs a fuzzer in a process that may die, starts it again behind the case that it died of, and adds up what it reports.

import { fork } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { path } from '../../bench/sources.mjs';

/** A case that takes longer hangs. */
const HANG_MS = 30_000;
/** Shrinking a failure takes many cases. */
const LATE_MS = 120_000;
/** As in worker.ts: the process has grown, and another is to go on. */
const RESTART = 75;

const textOf = (file) => (existsSync(file) ? readFileSync(file, 'utf8') : '');

/** One process; gives its last word, and how it ended. */
function worker(name, options) {
  return new Promise((resolve) => {
    let report;
    const child = fork(path(`build/fuzz/${name}.mjs`), [JSON.stringify(options)], { execArgv: ['--expose-gc'] });
    child.on('message', (sent) => {
      report = sent;
    });
    let [seen, since, hung] = ['', Date.now(), false];
    const watch = setInterval(() => {
      const now = textOf(options.marker);
      if (now !== seen) [seen, since] = [now, Date.now()];
      else if (Date.now() - since > HANG_MS) hung = true;
      if (hung || Date.now() > options.until + LATE_MS) child.kill('SIGKILL');
    }, 1000);
    child.on('close', (code, signal) => {
      clearInterval(watch);
      resolve({ report, code, signal, hung, at: textOf(options.marker).trim() });
    });
  });
}

/** Numbers are added, lists joined, the rest is the first's. */
function add(into, from) {
  for (const [key, value] of Object.entries(from)) {
    const old = into[key];
    if (key === 'slowest') into[key] = Math.max(old ?? 0, value);
    else if (typeof value === 'number') into[key] = (old ?? 0) + value;
    else if (key === 'failures') into[key] = [...(old ?? []), ...value];
    else if (value && typeof value === 'object' && !Array.isArray(value)) into[key] = add(old ?? {}, value);
    else into[key] ??= value;
  }
  return into;
}

/**
 * @param options `until`, and what the fuzzer takes
 * @returns the sum of all reports, with `failures`, and how often `peer` ended the process
 */
export async function supervise(name, given) {
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-fuzz-'));
  const options = { from: 0, ...given, marker: join(folder, 'marker') };
  const total = { failures: [], peerCrashes: [] };
  try {
    do {
      const { report, code, signal, hung, at } = await worker(name, options);
      if (report) add(total, report);
      if (options.replay) return { ...total, code };
      if (code === 0) break;
      const [index, phase] = at.split(' ');
      if (index === '' || index === undefined) throw new Error(`the fuzzer of ${name} does not start (${signal ?? code})`);
      options.from = Number(index) + 1;
      if (code === RESTART || Date.now() > options.until + LATE_MS) continue;
      const what = hung ? 'hangs' : `ends the process (${signal ?? code})`;
      if (phase === 'onnxruntime') total.peerCrashes.push(`${options.seed}:${index} ${what}`);
      else total.failures.push({ index, kind: 'the process', text: `Lanewise ${what}`, graph: `--replay ${options.seed}:${index}` });
    } while (Date.now() < options.until);
    return total;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const printFailures = (seed, failures) => {
  for (const { index, kind, text, graph } of failures) console.log(`FAILED ${seed}:${index} ${kind}\n  ${text}\n  ${graph}`);
};
