// What the gauges print. Each takes the command line's options and gives whether nothing failed.

import { printFailures, supervise } from './supervise.mjs';

/** From so many graphs on everything has to occur, so often. */
const LONG_RUN = 50_000;
const LEAST = 200;

const sum = (record = {}) => Object.values(record).reduce((a, b) => a + b, 0);
const sorted = (record = {}) => Object.entries(record).sort(([, a], [, b]) => b - a);

export async function graphs({ operator, verbose, ...options }) {
  const total = await supervise('graphs', { ...options, only: operator });
  if (options.replay) return total.code === 0;
  const { runtime, asked = {}, refused = {}, failures, seen = {}, expected = [] } = total;
  const peer = runtime ? '' : '; onnxruntime-node is not installed, so Lanewise was compared with itself';
  console.log(`graphs: ${total.graphs} of ${total.nodes} nodes, seed ${options.seed}${peer}`);
  for (const [status, count] of sorted(total.statuses)) console.log(`  ${count} ${status}`);
  for (const [kind, count] of sorted(total.kinds)) console.log(`    ${count} ${kind}`);
  if (runtime) {
    const share = (100 - (100 * sum(refused)) / Math.max(1, sum(asked))).toFixed(1);
    console.log(`  onnxruntime runs ${share} % of the graphs of a single operator; less than 75 % of`);
    for (const [op, count] of sorted(asked)) {
      const part = 1 - (refused[op] ?? 0) / count;
      if (part < 0.75) console.log(`    ${op}: ${(100 * part).toFixed(0)} % of ${count}`);
    }
    if (verbose) for (const [what, words] of Object.entries(total.refusals)) console.log(`    ${what}: ${words}`);
  }
  if (total.peerCrashes.length > 0)
    console.log(`  onnxruntime did not survive ${total.peerCrashes.length} graphs${verbose ? `: ${total.peerCrashes.join(', ')}` : ''}`);
  printFailures(options.seed, failures);
  if (operator) return failures.length === 0;
  const least = Math.min(...expected.map((key) => seen[key] ?? 0));
  console.log(`  ${expected.length} operators, revisions and attribute values; the rarest occurred ${least} times`);
  if (verbose) for (const key of expected) console.log(`    ${key} ${seen[key] ?? 0}`);
  const rare = total.graphs < LONG_RUN ? [] : expected.filter((key) => (seen[key] ?? 0) < LEAST);
  for (const key of rare) console.log(`FAILED ${key} occurred ${seen[key] ?? 0} times only`);
  return failures.length === 0 && rare.length === 0;
}

/** Networks of integers alone. */
export const quantized = (options) => graphs({ ...options, operator: 'quantized' });

export async function files({ operator: _, verbose: __, ...options }) {
  const { files, outcomes, slowest, failures, code } = await supervise('files', options);
  if (options.replay) return code === 0;
  console.log(`files: ${files} broken ones, seed ${options.seed}; the slowest took ${slowest?.toFixed(0)} ms of the processor to load`);
  for (const [outcome, count] of sorted(outcomes)) console.log(`  ${count} ${outcome}`);
  printFailures(options.seed, failures);
  return failures.length === 0;
}

/** Those files alone that are PyTorch's. */
export const checkpoints = (options) => files({ ...options, only: 'checkpoint' });

/** Compiled models alone, most of them with checksums that are right again. */
export const programs = (options) => files({ ...options, only: 'compiled' });

export async function soak({ operator: _, verbose: __, ...options }) {
  const { cycles, outcomes, levels, failures } = await supervise('soak', options);
  console.log(`soak: ${cycles} cycles, seed ${options.seed}`);
  for (const [outcome, count] of sorted(outcomes)) console.log(`  ${count} ${outcome}`);
  for (const line of levels ?? []) console.log(`  ${line}`);
  printFailures(options.seed, failures);
  return failures.length === 0;
}
