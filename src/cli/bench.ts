import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { arrayTypes, Tensor } from '../graph/tensor.ts';
import { startCompiling } from '../runtime/options.ts';
import { inputShapes, parse, runOptions, threadsText, UsageError, wholeNumber } from './arguments.ts';
import { type ModelFile, openModel } from './files.ts';
import { formatMemory, formatMs } from './format.ts';
import { print, warn } from './print.ts';
import { formatProfile, median, profile } from './profile.ts';
import { withoutProgress } from './progress.ts';

/** `bench MODEL`: load time, first run and median of warm runs. */
export async function bench(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, 'bench');
  const [path, ...rest] = positionals;
  if (path === undefined || rest.length > 0) throw new UsageError('bench takes a model');
  const runs = wholeNumber('runs', values.runs, 1);
  const batch = values.batch === undefined ? undefined : wholeNumber('batch', values.batch, 1);

  withoutProgress(values.json);
  const started = performance.now();
  const compileOptions = runOptions(values);
  const compiling = startCompiling(compileOptions);
  const file = await openModel(path);
  const options = { ...compileOptions, inputShapes: batched(file, inputShapes(values.shape), batch) };
  const model = await file.create(options, compiling);
  const loadMs = performance.now() - started;
  warn(model.warnings);
  const feeds = randomFeeds(file, options);
  const firstMs = time(() => model.runSync(feeds));
  for (let i = 0; i < 3; i++) model.runSync(feeds);
  const times = Array.from({ length: runs }, () => time(() => model.runSync(feeds)));
  const profiled = values.profile ? await profile(model, feeds, runs) : undefined;
  const result = {
    model: path,
    threads: model.threads,
    variant: model.variant,
    loadMs,
    firstMs,
    medianMs: median(times),
    minMs: Math.min(...times),
    ...(batch ? { batch, picturesPerSecond: (1000 * batch) / median(times) } : {}),
    memory: model.memory,
    ...profiled,
  };
  if (values.json) {
    print(JSON.stringify(result));
    return 0;
  }
  print(`${path}: ${model.variant}, ${threadsText(model.threads)}, ${runs} runs`);
  print(`  load ${formatMs(loadMs)} · first ${formatMs(firstMs)} · median ${formatMs(result.medianMs)} · min ${formatMs(result.minMs)}`);
  if (batch) print(`  ${result.picturesPerSecond?.toFixed(1)} pictures a second, ${batch} in a run`);
  print(`  ${formatMemory(model.memory)}`);
  if (profiled) print(`\n${formatProfile(profiled)}`);
  return 0;
}

/** The given shapes, and `batch` for the open batch of every other input. */
function batched(
  { inputs }: ModelFile,
  given: Record<string, readonly number[]>,
  batch: number | undefined,
): Record<string, readonly number[]> {
  if (batch === undefined) return given;
  const shapes = inputs.flatMap(({ name, dims: [first, ...rest] }): [string, readonly number[]][] =>
    Object.hasOwn(given, name) || typeof first !== 'string' || rest.some((dim) => typeof dim === 'string')
      ? []
      : [[name, [batch, ...(rest as number[])]]],
  );
  if (shapes.length === 0) {
    throw new LanewiseError(
      'INVALID_INPUT',
      '--batch: no input leaves its first dimension open, or others are open too and --shape does not give them',
    );
  }
  return { ...given, ...Object.fromEntries(shapes) };
}

function time(action: () => unknown): number {
  const start = performance.now();
  action();
  return performance.now() - start;
}

/**
 * Numbers from -1 to 1, the same at every run (a linear congruential generator; Numerical Recipes' constants); for other
 * types ones.
 */
function randomFeeds(file: ModelFile, options: { inputShapes: Record<string, readonly number[]> }): Record<string, Tensor> {
  const dims = file.dims(options);
  if (!dims) throw new LanewiseError('INVALID_INPUT', 'the model leaves dimensions open; give them with --shape NAME=1,3,224,224');
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
  return Object.fromEntries(
    file.inputs.map(({ name, type: face }) => {
      const type = face === 'float16' ? 'float32' : face;
      const list = dims.get(name) ?? [];
      const data = new arrayTypes[type](product(list)) as Float32Array<ArrayBuffer>;
      const one = type === 'int64' || type === 'uint64' ? 1n : 1;
      return [name, new Tensor(type, type === 'float32' ? data.map(next) : data.fill(one as number), list)];
    }),
  );
}
