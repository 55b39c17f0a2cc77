import { table } from '../analysis/text.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { Graph } from '../graph/graph.ts';
import { arrayTypes, Tensor } from '../graph/tensor.ts';
import { createModel, initialDims, startCompiling } from '../load.ts';
import type { Model, ProfileRow } from '../runtime/model.ts';
import { checkThreads, inputShapes, modelOptions, parse, UsageError, wholeNumber } from './arguments.ts';
import { readModel } from './files.ts';
import { formatMemory, formatMs } from './format.ts';

/** `bench MODEL`: load time, first run and median of warm runs. */
export async function bench(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, {
    ...modelOptions,
    runs: { type: 'string', default: '20' },
    shape: { type: 'string', multiple: true, default: [] },
    profile: { type: 'boolean', default: false },
  });
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) throw new UsageError('bench takes a model');
  const runs = wholeNumber('runs', values.runs, 1);
  const threads = checkThreads(values.threads);
  const options = { relaxed: values.relaxed, inputShapes: inputShapes(values.shape) };

  const started = performance.now();
  const compiling = startCompiling(options);
  const graph = readModel(path);
  const model = await createModel(graph, options, compiling);
  const loadMs = performance.now() - started;
  const feeds = randomFeeds(graph, options);
  const firstMs = time(() => model.runSync(feeds));
  for (let i = 0; i < 3; i++) model.runSync(feeds);
  const times = Array.from({ length: runs }, () => time(() => model.runSync(feeds))).sort((a, b) => a - b);
  const result = {
    model: path,
    threads,
    variant: model.variant,
    loadMs,
    firstMs,
    medianMs: median(times),
    minMs: times[0] ?? 0,
    memory: model.memory,
    ...(values.profile ? { profile: profile(model, feeds, runs) } : {}),
  };
  if (values.json) {
    console.log(JSON.stringify(result));
    return 0;
  }
  console.log(`${path}: ${model.variant}, one thread, ${runs} runs`);
  console.log(
    `  load ${formatMs(loadMs)} · first ${formatMs(firstMs)} · median ${formatMs(result.medianMs)} · min ${formatMs(result.minMs)}`,
  );
  console.log(`  ${formatMemory(model.memory)}`);
  if (result.profile) console.log(`\n${profileTable(result.profile)}`);
  return 0;
}

const median = (sorted: readonly number[]): number => {
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[half] ?? 0) : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
};

function time(action: () => unknown): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

/** Numbers from -1 to 1, the same at every run (a linear congruential generator; Numerical Recipes' constants); of other types ones. */
function randomFeeds(graph: Graph, options: { inputShapes: Record<string, readonly number[]> }): Record<string, Tensor> {
  const dims = initialDims(graph, options);
  if (!dims) throw new LanewiseError('INVALID_INPUT', 'the model leaves dimensions open; give them with --shape NAME=1,3,224,224');
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  return Object.fromEntries(
    graph.inputs.map(({ name, type }) => {
      const list = dims.get(name) ?? [];
      const data = new arrayTypes[type](product(list)) as Float32Array<ArrayBuffer>;
      const one = type === 'int64' || type === 'uint64' ? 1n : 1;
      return [name, new Tensor(type, type === 'float32' ? data.map(next) : data.fill(one as number), list)];
    }),
  );
}

type ProfileLine = ProfileRow & { readonly gflops: number };

/** Each instruction's median over the runs. */
function profile(model: Model, feeds: Record<string, Tensor>, runs: number): ProfileLine[] {
  const samples = Array.from({ length: runs }, () => model.profile(feeds));
  return (samples[0] ?? []).map((row, i) => {
    const ms = median(samples.map((sample) => sample[i]?.ms ?? 0).sort((a, b) => a - b));
    return { ...row, ms, gflops: ms > 0 ? (2 * row.macs) / ms / 1e6 : 0 };
  });
}

function profileTable(rows: readonly ProfileLine[]): string {
  const total = rows.reduce((sum, { ms }) => sum + ms, 0);
  const cells = rows.map(({ node, kernel, ms, gflops }) => [
    node,
    kernel,
    ms.toFixed(3),
    `${((100 * ms) / total).toFixed(1)} %`,
    gflops > 0 ? gflops.toFixed(1) : '',
  ]);
  return table(['node', 'kernel', 'ms', 'share', 'GFLOP/s'], cells, [2, 3, 4]);
}
