// The differential fuzzer, in a process of its own: node build/fuzz/graphs.mjs OPTIONS, JSON; tests/fuzz/run.mjs starts it, and again where it dies.

import { openSync, readFileSync, writeSync } from 'node:fs';
import { check, type Outcome, valuesOf } from './check.ts';
import { Draw, seedOf, shrink } from './draw.ts';
import { expectedKeys, type Generated, generate } from './generate.ts';
import { type FuzzGraph, fromJson, toJson } from './graph.ts';
import { findRuntime } from './onnxruntime.ts';
import { smaller } from './smaller.ts';
import { variants } from './variants.ts';

interface Options {
  root: string;
  seed: number;
  from: number;
  /** Milliseconds since 1970. */
  until: number;
  /** A file that says which graph is on, and who has it. */
  marker: string;
  only?: string;
  replay?: string;
  without?: string[];
  /** Failures whose words match are counted, and no failures. */
  ignore?: string;
  /** Failures of a kind that are shrunk; more are counted. */
  shown?: number;
}

const options: Options = JSON.parse(process.argv[2] as string);
const runtime = await findRuntime(options.root);
const names = Object.keys(variants).filter((name) => !options.without?.includes(name));
const marker = openSync(options.marker, 'w');
const ignored = options.ignore === undefined ? undefined : new RegExp(options.ignore);
let index = options.from;
const phase = (name: string) => writeSync(marker, `${index} ${name}`.padEnd(40), 0);

/** Threads cost most, so fewer graphs have them. */
const chosenVariants = (draw: Draw): string[] =>
  draw.list(2, () => draw.of(names)).filter((name) => name !== 'three threads' || draw.chance(25));

function caseOf(source: number | readonly number[]): Generated & { variants: string[]; drawn: readonly number[] } {
  const draw = new Draw(source);
  const chosen = chosenVariants(draw);
  return { ...generate(draw, options.only), variants: chosen, drawn: draw.drawn };
}

const run = ({ graph, variants }: { graph: Generated['graph']; variants: readonly string[] }): Promise<Outcome> =>
  check(graph, { runtime, variants, phase });

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

const stats = {
  runtime: runtime !== undefined,
  graphs: 0,
  nodes: 0,
  statuses: {} as Record<string, number>,
  kinds: {} as Record<string, number>,
  seen: {} as Record<string, number>,
  /** Of single nodes: how many the peer ran. */
  asked: {} as Record<string, number>,
  refused: {} as Record<string, number>,
  refusals: {} as Record<string, string>,
  failures: [] as { index: number; kind: string; text: string; graph: string }[],
};
const count = (record: Record<string, number>, key: string) => {
  record[key] = (record[key] ?? 0) + 1;
};
const send = () => process.send?.({ ...stats, index, expected: expectedKeys });

for (; Date.now() < options.until; index++) {
  phase('lanewise');
  const made = caseOf(seedOf(options.seed, index));
  let outcome: Outcome;
  try {
    outcome = await run(made);
  } catch (error) {
    outcome = { status: 'failed', kind: 'the fuzzer', text: String((error as Error)?.stack ?? error) };
  }
  if (ignored && outcome.text && ignored.test(outcome.text)) outcome = { ...outcome, status: 'ignored' };
  stats.graphs++;
  stats.nodes += made.graph.nodes.length;
  count(stats.statuses, outcome.status);
  for (const key of made.seen) count(stats.seen, key);
  const [first] = made.graph.nodes;
  if (first && new Set(made.graph.nodes.map(({ op }) => op)).size === 1) {
    count(stats.asked, first.op);
    if (outcome.refusal !== undefined) {
      count(stats.refused, first.op);
      const types = first.inputs
        .map((name) => [...made.graph.feeds, ...made.graph.constants].find((tensor) => tensor.name === name)?.type ?? '')
        .join();
      stats.refusals[`${first.op} of ${types}, opset ${made.graph.opset}`] ??= `${index}: ${outcome.refusal.slice(0, 200)}`;
    }
  }
  if (outcome.kind) count(stats.kinds, `${outcome.status}, ${outcome.kind}`);
  if (outcome.status === 'failed') {
    const kind = outcome.kind as string;
    if ((stats.kinds[`failed, ${kind}`] ?? 0) <= (options.shown ?? 3)) {
      const outcomeOf = (drawn: readonly number[]) =>
        run(caseOf(drawn)).catch((error): Outcome => ({ status: 'failed', kind: `${error}` }));
      // Still the same failure, whatever the operators.
      const sort = (text = '') => text.split(':')[0];
      const drawn = await shrink(made.drawn, async (drawn) => sort((await outcomeOf(drawn)).kind) === sort(kind));
      const found = caseOf(drawn);
      const values = await valuesOf(found.graph, runtime).catch(() => new Map());
      const checked = (graph: FuzzGraph) => run({ ...found, graph }).catch((error): Outcome => ({ status: 'failed', kind: `${error}` }));
      const small = await smaller(found.graph, values, async (graph) => sort((await checked(graph)).kind) === sort(kind));
      const last = await checked(small);
      stats.failures.push({ index, kind, text: `${last.kind}: ${last.text}`, graph: toJson(small) });
      send();
    }
  }
  if (stats.graphs % 100 === 0) send();
}
send();
process.disconnect?.();
// Threads of a team would keep the process.
setTimeout(() => process.exit(0), 100);
