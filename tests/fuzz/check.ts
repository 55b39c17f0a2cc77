// One graph: Lanewise against onnxruntime where that is there, and against itself.

import { LanewiseError } from '../../src/errors.ts';
import { firstDifference, noise, type Tolerances, tolerance, withNoise } from './compare.ts';
import { type FuzzGraph, type FuzzTensor, fileOf } from './graph.ts';
import { limits, reached } from './known.ts';
import { open, type Result, type Results, type Runtime } from './onnxruntime.ts';
import { runFile, runVariant, variants } from './variants.ts';

export interface Outcome {
  /** What of the graph was found. */
  readonly status: 'compared' | 'not in the peer' | 'refused by both' | 'a limit' | 'a known difference' | 'ignored' | 'failed';
  /** The kind of the failure, the same for all that look alike; the known difference or the limit. */
  readonly kind?: string;
  readonly text?: string;
  /** The peer's refusal. */
  readonly refusal?: string;
}

export interface CheckOptions {
  readonly runtime: Runtime | undefined;
  /** Variants of Lanewise to compare as well. */
  readonly variants: readonly string[];
  /** Told before the peer gets the graph, and after: it may crash. */
  readonly phase?: (name: string) => void;
}

type Attempt = { results: Results } | { error: LanewiseError };

async function attempt(run: () => Promise<Results>): Promise<Attempt> {
  try {
    return { results: await run() };
  } catch (error) {
    if (error instanceof LanewiseError) return { error };
    throw error;
  }
}

const REFUSALS = ['INVALID_MODEL', 'UNSUPPORTED', 'INVALID_INPUT', 'TOO_LARGE'];

export async function check(graph: FuzzGraph, { runtime, variants: chosen, phase = () => {} }: CheckOptions): Promise<Outcome> {
  const operators = graph.nodes.map(({ op }) => op).join(' ');
  const failed = (kind: string, text: string, at?: string): Outcome => ({
    status: 'failed',
    kind: `${kind}: ${graph.nodes.length === 1 ? operators : at === undefined ? 'several nodes' : `${makerOf(graph, at)} in a graph`}`,
    text: `${text} (${operators})`,
  });
  let ours: Attempt;
  try {
    ours = await attempt(() => runFile(graph));
  } catch (error) {
    return failed('no LanewiseError', String((error as Error)?.stack ?? error));
  }
  if ('error' in ours && !REFUSALS.includes(ours.error.code)) return failed(`the code ${ours.error.code}`, ours.error.message);
  const made = graph.nodes.flatMap((node) => node.outputs);
  const peer = await askPeer(graph, made, runtime, phase);
  if ('error' in ours) {
    if (!peer.results) return { status: 'refused by both', ...(peer.refusal !== undefined && { refusal: peer.refusal }) };
    const message = ours.error.message;
    const limit = limits.find(([, pattern]) => pattern.test(message))?.[0];
    return limit ? { status: 'a limit', kind: limit } : failed('refused', message);
  }
  const given = new Map<string, Result | FuzzTensor>([...graph.feeds, ...graph.constants].map((tensor) => [tensor.name, tensor]));
  const tolerances = await tolerancesOf(graph, peer, given, runtime, phase);
  if (peer.results) {
    const results = peer.results;
    const why = reached(graph.nodes, graph.opset, (name) => results.get(name) ?? given.get(name));
    const found = firstDifference(
      graph.outputs.filter((name) => !why.has(name)),
      ours.results,
      results,
      tolerances,
    );
    if (found) return failed('differs', `output ${found.name}: ${found.text}`, found.name);
    const expected = firstDifference(
      graph.outputs.filter((name) => why.has(name)),
      ours.results,
      results,
      tolerances,
    );
    if (expected) return { status: 'a known difference', kind: why.get(expected.name) as string };
  }
  for (const name of chosen) {
    const problem = await checkVariant(name, graph, ours.results, tolerances).catch((error) => `throws ${error?.stack ?? error}`);
    if (problem) return failed(`variant '${name}'`, problem);
  }
  return { status: peer.results ? 'compared' : 'not in the peer', ...(peer.refusal !== undefined && { refusal: peer.refusal }) };
}

async function checkVariant(name: string, graph: FuzzGraph, expected: Results, tolerances: Tolerances): Promise<string | undefined> {
  const run = runVariant(name, graph);
  if (!run) return undefined;
  const other = await attempt(() => run);
  const bits = variants[name]?.bits === true;
  if ('error' in other) {
    // Compiled models have no host steps, and no inputs that shape the network; what is fed may be what must be known.
    const may = ['compiled', 'everything fed', 'in float64'].includes(name) && other.error.code === 'UNSUPPORTED';
    return may ? undefined : `${name}: ${other.error.message}`;
  }
  const found = firstDifference(graph.outputs, other.results, expected, bits ? new Map() : tolerances, bits);
  return found && `${name}: output ${found.name}: ${found.text}`;
}

interface Peer {
  readonly results?: Results;
  readonly refusal?: string;
}

/** The operator that makes a value. */
const makerOf = (graph: FuzzGraph, name: string): string => graph.nodes.find(({ outputs }) => outputs.includes(name))?.op ?? 'none';

/** Everything that the graph's nodes make. */
export async function valuesOf(graph: FuzzGraph, runtime: Runtime | undefined): Promise<Results> {
  const made = graph.nodes.flatMap((node) => node.outputs);
  const peer = await askPeer(graph, made, runtime, () => {});
  if (peer.results) return peer.results;
  const alone = await attempt(() => runFile({ ...graph, outputs: made }));
  return 'results' in alone ? alone.results : new Map();
}

async function askPeer(
  graph: FuzzGraph,
  outputs: readonly string[],
  runtime: Runtime | undefined,
  phase: (name: string) => void,
): Promise<Peer> {
  if (!runtime || graph.alone) return {};
  phase('onnxruntime');
  try {
    const session = await open(runtime, fileOf(graph, outputs));
    try {
      return { results: await session.run(graph.feeds) };
    } finally {
      await session.close();
    }
  } catch (error) {
    return { refusal: String((error as Error)?.message ?? error) };
  } finally {
    phase('lanewise');
  }
}

/** How far rounding may move the outputs: by what noise does to them, in the peer or else in Lanewise. */
async function tolerancesOf(
  graph: FuzzGraph,
  peer: Peer,
  given: ReadonlyMap<string, Result | FuzzTensor>,
  runtime: Runtime | undefined,
  phase: (name: string) => void,
): Promise<Tolerances> {
  const rounded = graph.outputs.filter((name) => graph.inexact.includes(name));
  if (rounded.length === 0) return new Map();
  const made = graph.nodes.flatMap((node) => node.outputs);
  const alone = peer.results ? undefined : await attempt(() => runVariant('passes off', { ...graph, outputs: made }) as Promise<Results>);
  const values: Results = peer.results ?? (alone && 'results' in alone ? alone.results : new Map());
  const { noisy, factors } = withNoise(graph, (name) => values.get(name) ?? given.get(name));
  const feeds = [1, 2].map((seed) => [...graph.feeds, ...noise(factors, seed)]);
  const runs =
    peer.results && runtime ? await askWithNoise(noisy, rounded, feeds, runtime, phase) : await runWithNoise(noisy, rounded, feeds);
  return new Map(
    rounded.flatMap((name) => {
      const exact = values.get(name);
      return exact
        ? [
            [
              name,
              tolerance(
                exact,
                runs.map((run) => run.get(name) as Result),
              ),
            ],
          ]
        : [];
    }),
  );
}

async function askWithNoise(
  noisy: FuzzGraph,
  outputs: readonly string[],
  feeds: readonly (readonly FuzzTensor[])[],
  runtime: Runtime,
  phase: (name: string) => void,
): Promise<Results[]> {
  phase('onnxruntime');
  try {
    const session = await open(runtime, fileOf(noisy, outputs));
    const runs: Results[] = [];
    for (const feed of feeds) runs.push(await session.run(feed));
    await session.close();
    return runs;
  } catch {
    // Where what onnxruntime gives has another shape than its own inference tells.
    return runWithNoise(noisy, outputs, feeds);
  } finally {
    phase('lanewise');
  }
}

async function runWithNoise(noisy: FuzzGraph, outputs: readonly string[], feeds: readonly (readonly FuzzTensor[])[]): Promise<Results[]> {
  const runs: Results[] = [];
  for (const feed of feeds) {
    const solid = feed.map((tensor) => ({ ...tensor, open: false }));
    const run = await attempt(() => runVariant('passes off', { ...noisy, feeds: solid, outputs }) as Promise<Results>);
    if ('results' in run) runs.push(run.results);
  }
  return runs;
}
