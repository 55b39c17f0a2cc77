import { existsSync } from 'node:fs';
import { visible } from '../errors.ts';
import { inside } from '../graph/face.ts';
import { formatDims, type Tensor } from '../graph/tensor.ts';
import { startCompiling } from '../runtime/options.ts';
import { softmax, topK } from '../vision/scores.ts';
import { parse, runOptions, threadsText, UsageError, wholeNumber } from './arguments.ts';
import { openModel } from './files.ts';
import { bars, formatMemory, formatMs } from './format.ts';
import { assign, checkTensor, type Given } from './inputs.ts';
import { labelsFor, preparationFor, presetOf, readInput } from './pictures.ts';
import { pathOf } from './places.ts';
import { print, warn } from './print.ts';
import { withoutProgress } from './progress.ts';
import { checkSaves, rangeOf, type Saved, save } from './save.ts';

/** `run MODEL INPUT...`: takes pictures or .npy; prints the best classes, or the outputs, and the times; saves outputs. */
export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, 'run');
  const [path, ...words] = positionals;
  if (path === undefined || words.length === 0) throw new UsageError('run takes a model and an input');
  const top = wholeNumber('top', values.top, 1);
  const range = values.range === undefined ? undefined : rangeOf(values.range);
  checkSaves(values.save, []);
  const options = runOptions(values);
  presetOf(values.preset);
  withoutProgress(values.json);

  const started = performance.now();
  const compiling = startCompiling(options);
  const file = await openModel(path);
  const loadMs = performance.now() - started;
  const { always, each } = assign(words, file.inputs, (word) => {
    const path = pathOf(word);
    return path === undefined || existsSync(path);
  });
  const turns = each.length > 0 ? each.map((given) => [...always, given]) : [always];
  const titles = turns.map((givens) => titleOf(givens, each.length > 0));
  // Files are named after the input that changes, or else the first.
  const places = turns.map((givens) => (each.length > 0 ? givens.at(-1) : givens[0])?.place ?? '');
  checkSaves(values.save, places);

  let preparation: ReturnType<typeof preparationFor> | undefined;
  const prepare = () => {
    preparation ??= preparationFor(path, values.preset);
    return preparation;
  };
  const tensors = new Map<string, Tensor>();
  const feedsOf = async (givens: readonly Given[]): Promise<Record<string, Tensor>> => {
    const feeds: [string, Tensor][] = [];
    for (const given of givens) {
      const { input, place } = given;
      checkTensor(input);
      const tensor = tensors.get(`${input.name}=${place}`) ?? (await readInput(place, input, path, prepare));
      if (always.includes(given)) tensors.set(`${input.name}=${place}`, tensor);
      feeds.push([input.name, tensor]);
    }
    return Object.fromEntries(feeds);
  };

  let feeds = await feedsOf(turns[0] as readonly Given[]);
  const compileStart = performance.now();
  // With these shapes the model has no other: several files may differ.
  const shapes = Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims]));
  const model = await file.create({ ...options, ...(turns.length === 1 ? { inputShapes: shapes } : {}) }, compiling);
  const compileMs = performance.now() - compileStart;
  warn(model.warnings);
  let labels: ReturnType<typeof labelsFor> | undefined;
  for (const [i, givens] of turns.entries()) {
    if (i > 0) feeds = await feedsOf(givens);
    const input = titles[i] as string;
    const runStart = performance.now();
    const outputs = model.runSync(feeds);
    const times = { loadMs, compileMs, runMs: performance.now() - runStart };
    const scores = classScores(outputs);
    if (scores) labels ??= labelsFor(path, values.preset, scores.length);
    const names = scores && (await labels);
    const classes =
      scores && topK(scores, top).map(({ index, value }) => ({ index, label: visible(names?.[index] ?? `class ${index}`), score: value }));
    const saved = await save(values.save, outputs, places[i] as string, range);
    if (values.json) printJson(path, input, model, outputs, times, saved, classes);
    else {
      print(`\n${input}\n`);
      print(classes ? bars(classes) : Object.entries(outputs).map(describeOutput).join('\n'));
      if (saved.length > 0) print('');
      for (const { output, file, as } of saved) print(`  ${output} → ${file}: ${as}`);
      const first = i === 0 ? `load ${formatMs(loadMs)} · compile ${formatMs(compileMs)} · ` : '';
      const how = i === 0 ? ` (first run, ${model.variant}, ${threadsText(model.threads)})` : '';
      print(`\n  ${first}inference ${formatMs(times.runMs)}${how}`);
    }
  }
  if (!values.json) print(`  ${formatMemory(model.memory)}\n`);
  return 0;
}

/** What a run is called: its file, or all of them by name. */
function titleOf(givens: readonly Given[], hasOwn: boolean): string {
  const own = givens.at(-1) as Given;
  return hasOwn || givens.length === 1 ? own.place : givens.map(({ input, place }) => `${input.name}=${place}`).join(' ');
}

type Classes = readonly { index: number; label: string; score: number }[] | undefined;

/** One line, for one run. */
function printJson(
  path: string,
  input: string,
  model: { readonly variant: string; readonly memory: object },
  outputs: Readonly<Record<string, Tensor>>,
  times: object,
  saved: readonly Saved[],
  classes: Classes,
): void {
  const listed = Object.entries(outputs).map(([name, tensor]) => ({
    name,
    type: tensor.type,
    dims: tensor.dims,
    data: Array.from(inside(tensor).data, Number),
  }));
  print(
    JSON.stringify({
      model: path,
      input,
      variant: model.variant,
      ...(classes ? { classes } : {}),
      outputs: listed,
      ...(saved.length > 0 ? { saved } : {}),
      times,
      memory: model.memory,
    }),
  );
}

/** Probabilities, if the only output is one score per class for one picture: as they are, or through a softmax. */
function classScores(outputs: Readonly<Record<string, Tensor>>): Float32Array | undefined {
  const [output, ...others] = Object.values(outputs).map((tensor) => inside(tensor, true));
  if (
    output?.type !== 'float32' ||
    others.length > 0 ||
    output.dims[0] !== 1 ||
    output.dims.length < 2 ||
    output.dims.slice(2).some((dim) => dim !== 1)
  )
    return undefined;
  const data = output.data as Float32Array;
  const sum = data.reduce((a, b) => a + b, 0);
  return Math.abs(sum - 1) < 1e-3 && data.every((x) => x >= 0) ? data : softmax(data);
}

function describeOutput([name, tensor]: [string, Tensor]): string {
  const { type, dims } = tensor;
  const numbers = Array.from(inside(tensor).data, Number);
  const shown = numbers.slice(0, 6).map((x) => x.toPrecision(6));
  return `  ${visible(name)}: ${type} ${formatDims(dims)} = ${shown.join(', ')}${numbers.length > 6 ? ', ...' : ''}`;
}
