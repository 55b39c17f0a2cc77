// The differential fuzzer, in a process of its own: node build/fuzz/graphs.mjs OPTIONS, JSON; tests/fuzz/run.mjs starts it, and again where it dies.

import { readFileSync } from 'node:fs';
import { check, type Outcome, valuesOf } from './check.ts';
import { Draw, seedOf, shrink } from './draw.ts';
import { expectedKeys, type Generated, generate } from './generate.ts';
import { type FuzzGraph, fromJson, toJson } from './graph.ts';
import { findRuntime } from './onnxruntime.ts';
import { quantized } from './quantized.ts';
import { smaller } from './smaller.ts';
import { variants, withoutWinograd } from './variants.ts';
import { phase, worker, workerOptions } from './worker.ts';

const options = workerOptions();
const runtime = await findRuntime(options.root);
const names = Object.keys(variants).filter((name) => !options.without?.includes(name));
const ignored = options.ignore === undefined ? undefined : new RegExp(options.ignore);

if (options.only === 'quantized') withoutWinograd();

/** Threads cost most, so fewer graphs have them. */
const chosenVariants = (draw: Draw): string[] =>
  draw.list(2, () => draw.of(names)).filter((name) => name !== 'three threads' || draw.chance(25));

interface Case extends Generated {
  readonly variants: readonly string[];
  readonly drawn: readonly number[];
}

function caseOf(source: number | readonly number[]): Case {
  const draw = new Draw(source);
  const chosen = chosenVariants(draw);
  return { ...(options.only === 'quantized' ? quantized(draw) : generate(draw, options.only)), variants: chosen, drawn: draw.drawn };
}

const run = async ({ graph, variants }: Pick<Case, 'graph' | 'variants'>): Promise<Outcome> => {
  try {
    return await check(graph, { runtime, variants, phase });
  } catch (error) {
    return { status: 'failed', kind: 'the fuzzer', text: String((error as Error)?.stack ?? error) };
  }
};

const stats = {
  runtime: runtime !== undefined,
  graphs: 0,
  nodes: 0,
  statuses: {} as Record<string, number>,
  kinds: {} as Record<string, number>,
  expected: expectedKeys,
  seen: {} as Record<string, number>,
  /** Graphs of one operator: how many there were, and how many of them the peer refused. */
  asked: {} as Record<string, number>,
  refused: {} as Record<string, number>,
  refusals: {} as Record<string, string>,
  failures: [] as { index: number; kind: string; text: string; graph: string }[],
};
const count = (record: Record<string, number>, key: string): void => {
  record[key] = (record[key] ?? 0) + 1;
};

/** What a failure's kind begins with: whatever the operators, it is the same failure. */
const sort = ({ kind = '' }: Outcome): string | undefined => kind.split(':')[0];

/** How often something smaller is tried. */
const SHRINKS = 200;

/** The smallest case that fails like this one. */
async function shrunk(made: Case, outcome: Outcome): Promise<{ graph: FuzzGraph; text: string }> {
  const drawn = await shrink(made.drawn, async (drawn) => sort(await run(caseOf(drawn))) === sort(outcome), SHRINKS);
  const { graph, variants } = caseOf(drawn);
  const values = await valuesOf(graph, runtime).catch(() => new Map());
  const small = await smaller(graph, values, async (graph) => sort(await run({ graph, variants })) === sort(outcome));
  const { kind, text } = await run({ graph: small, variants });
  return { graph: small, text: `${kind}: ${text}` };
}

/** Of graphs of a single operator: whether the peer ran it. */
function countRefusal({ graph }: Case, index: number, refusal: string | undefined): void {
  const [first] = graph.nodes;
  if (!first || graph.nodes.some(({ op }) => op !== first.op)) return;
  count(stats.asked, first.op);
  if (refusal === undefined) return;
  count(stats.refused, first.op);
  const tensors = [...graph.feeds, ...graph.constants];
  const types = first.inputs.map((name) => tensors.find((tensor) => tensor.name === name)?.type ?? '').join();
  stats.refusals[`${first.op} of ${types}, opset ${graph.opset}`] ??= `${index}: ${refusal.slice(0, 200)}`;
}

if (options.replay) {
  const number = /^(\d+):(\d+)$/.exec(options.replay);
  const made = number
    ? caseOf(seedOf(Number(number[1]), Number(number[2])))
    : { graph: fromJson(readFileSync(options.replay, 'utf8')), variants: names };
  console.log(toJson(made.graph));
  const outcome = await run(made);
  console.log(outcome);
  process.exit(outcome.status === 'failed' ? 1 : 0);
}

await worker(stats, async (index) => {
  const made = caseOf(seedOf(options.seed, index));
  let outcome = await run(made);
  if (outcome.text && ignored?.test(outcome.text)) outcome = { ...outcome, status: 'ignored' };
  stats.graphs++;
  stats.nodes += made.graph.nodes.length;
  count(stats.statuses, outcome.status);
  for (const key of made.seen) count(stats.seen, key);
  countRefusal(made, index, outcome.refusal);
  const { status, kind } = outcome;
  if (kind) count(stats.kinds, `${status}, ${kind}`);
  if (status !== 'failed' || !kind) return true;
  if ((stats.kinds[`failed, ${kind}`] ?? 0) > (options.shown ?? 3)) return true;
  const { graph, text } = await shrunk(made, outcome);
  stats.failures.push({ index, kind, text, graph: toJson(graph) });
  return true;
});
