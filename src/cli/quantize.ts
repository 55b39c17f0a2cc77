import { resolve } from 'node:path';
import { formatBytes } from '../analysis/text.ts';
import { compileModel } from '../compiled/write.ts';
import { inside } from '../graph/face.ts';
import type { Tensor } from '../graph/tensor.ts';
import { createModel, load } from '../load.ts';
import type { QuantizeOptions } from '../quantize/options.ts';
import { quantizeGraph } from '../quantize/quantize.ts';
import type { QuantizeReport } from '../quantize/report.ts';
import type { Model } from '../runtime/model.ts';
import { MOST_THREADS } from '../runtime/options.ts';
import { writeFile } from '../source.ts';
import { inputShapes, isOnnx, isSafetensors, parse, tolerance, UsageError, wholeNumber } from './arguments.ts';
import { commands } from './commands.ts';
import { measureModel } from './files.ts';
import { listed } from './inputs.ts';
import { batchesOf, classesOf, type Picture, type PictureBatch, picturesIn, spread } from './pictureFolder.ts';
import { labelsFor, preparationFor, presetOf } from './pictures.ts';
import { pathOf } from './places.ts';
import { print } from './print.ts';
import { Progress, withoutProgress } from './progress.ts';

/** Prepared pictures are kept up to so many bytes; more are read anew for each pass. */
const MOST_KEPT = 512 * 2 ** 20;

/** `quantize MODEL OUT`: writes a network of integers, and prints what it loses. */
export async function quantizeModel(args: readonly string[]): Promise<number> {
  const { values, positionals } = parse(args, 'quantize');
  const [path, to, ...rest] = positionals;
  if (path === undefined || to === undefined || rest.length > 0) throw new UsageError('quantize takes a model and a file to write');
  if (isSafetensors(to)) throw new UsageError(`quantize writes .onnx and compiled models (.lanewise), not '${to}'`);
  if (resolve(pathOf(path) ?? '') === resolve(to)) throw new UsageError(`OUT is MODEL, '${to}', which would be lost`);
  const { data, test } = values;
  if (data === undefined && values.weights === undefined) throw new UsageError('quantize needs pictures to calibrate with: --data DIR');
  if (test !== undefined && values.weights === undefined && data === undefined) throw new UsageError('--test goes with --data');
  const count = wholeNumber('pictures', values.pictures, 1);
  const shapes = inputShapes(values.shape);
  const options = optionsOf(values, shapes);
  presetOf(values.preset);
  withoutProgress(values.json);

  const { graph, bytes: from } = await measureModel(path);
  const loading = { ...(options.threads !== undefined && { threads: options.threads }), inputShapes: shapes };
  const float = await createModel(graph, loading);
  const pictures = new Pictures(path, float, values.preset);
  const chosen = data === undefined ? undefined : spread(picturesIn(data), count);
  const measured = test === undefined ? chosen : picturesIn(test);
  const progress = new Progress('calibrating', (amount) => `${Math.round(amount)} batches`);
  let made: Awaited<ReturnType<typeof quantizeGraph>>;
  try {
    made = await quantizeGraph(graph, values.weights === undefined ? await pictures.data(chosen as Picture[]) : undefined, {
      ...options,
      onProgress: ({ done, total }) => progress.show(done, total),
    });
  } finally {
    progress.clear();
  }
  const { onnx, report } = made;
  const written = isOnnx(to)
    ? onnx
    : await compileModel(onnx, { inputShapes: shapes, ...(typeof options.threads === 'number' && { threads: options.threads }) });
  await writeFile(to, written);
  const accuracy = measured && (await accuracyOf(pictures, measured, float, await load(onnx, loading)));
  if (values.json) print(JSON.stringify({ model: path, file: to, bytes: written.length, from, ...report, ...(accuracy && { accuracy }) }));
  else {
    print(`${to}: ${formatBytes(written.length)}, of ${formatBytes(from)}`);
    print(summaryOf(report));
    if (accuracy) print(describeAccuracy(accuracy));
    if (values.report) print(`\n${tableOf(report)}`);
  }
  return 0;
}

type Values = ReturnType<typeof parse<'quantize'>>['values'];

/** @throws UsageError */
function optionsOf(values: Values, shapes: Record<string, number[]>): QuantizeOptions {
  const { calibration, weights, float } = values;
  const choice = <const T extends string>(name: string, text: string, ...known: readonly T[]): T => {
    if (!(known as readonly string[]).includes(text)) throw new UsageError(`--${name} takes ${known.join(' or ')}, got '${text}'`);
    return text as T;
  };
  const bits = choice('bits', values.bits, '8', '7');
  const percentile = tolerance('percentile', values.percentile);
  if (!(percentile > 50 && percentile <= 100))
    throw new UsageError(`--percentile takes a number over 50 and up to 100, got '${values.percentile}'`);
  const way = choice('calibration', calibration, 'mse', 'minmax', 'percentile');
  const isGiven = (name: 'calibration' | 'percentile' | 'bits' | 'no-bias-correction') =>
    values[name] !== commands.quantize.options[name].default;
  if (way !== 'percentile' && isGiven('percentile')) throw new UsageError('--percentile goes with --calibration percentile');
  const common = {
    float,
    inputShapes: shapes,
    threads: values.threads === 'auto' ? ('auto' as const) : wholeNumber('threads', values.threads, 1, MOST_THREADS),
  };
  if (weights === undefined) {
    const biasCorrection = !values['no-bias-correction'];
    return { ...common, calibration: way, ...(way === 'percentile' && { percentile }), bits: bits === '8' ? 8 : 7, biasCorrection };
  }
  const unused = (['calibration', 'percentile', 'bits', 'no-bias-correction'] as const).find(isGiven);
  if (unused) throw new UsageError(`--${unused} does nothing with --weights`);
  return { ...common, weights: choice('weights', weights, 'int8', 'int4') };
}

/** Pictures as a model takes them. */
class Pictures {
  readonly #path: string;
  readonly #model: Model;
  readonly #preset: string | undefined;
  #preparation: ReturnType<typeof preparationFor> | undefined;

  constructor(path: string, model: Model, preset: string | undefined) {
    this.#path = path;
    this.#model = model;
    this.#preset = preset;
  }

  /** @throws UsageError for a model of several inputs */
  batches(pictures: readonly Picture[]): AsyncIterable<PictureBatch> {
    const [input, ...others] = this.#model.inputs;
    if (!input || others.length > 0) {
      throw new UsageError(
        `pictures are for models of one input, and this one has ${listed(this.#model.inputs.map(({ name }) => name))}: use quantize() of lanewise/quantize`,
      );
    }
    return batchesOf(pictures, input, this.#path, () => {
      this.#preparation ??= preparationFor(this.#path, this.#preset);
      return this.#preparation;
    });
  }

  /** Batches for `quantize`. */
  async data(pictures: readonly Picture[]): Promise<Tensor[] | (() => AsyncIterable<Tensor>)> {
    const progress = new Progress('reading pictures', (amount) => `${Math.round(amount)} pictures`);
    const kept: Tensor[] = [];
    let [bytes, done] = [0, 0];
    try {
      for await (const { tensor, pictures: read } of this.batches(pictures)) {
        kept.push(tensor);
        bytes += tensor.data.byteLength;
        done += read.length;
        progress.show(done, pictures.length);
        if (bytes > MOST_KEPT) return () => this.#again(pictures);
      }
    } finally {
      progress.clear();
    }
    return kept;
  }

  async *#again(pictures: readonly Picture[]): AsyncGenerator<Tensor> {
    for await (const { tensor } of this.batches(pictures)) yield tensor;
  }

  labels(classes: number) {
    return labelsFor(this.#path, this.#preset, classes);
  }
}

interface Accuracy {
  readonly pictures: number;
  /** Shares that are right; undefined if the folders are not the model's classes. */
  readonly float32: number | undefined;
  readonly quantized: number | undefined;
  /** The share of pictures for which both have the same top class. */
  readonly same: number;
}

/** Both networks on the same pictures; undefined if they are no classifiers. */
async function accuracyOf(pictures: Pictures, list: readonly Picture[], float: Model, quantized: Model): Promise<Accuracy | undefined> {
  const progress = new Progress('comparing', (amount) => `${Math.round(amount)} pictures`);
  let [count, same, right, rightQuantized] = [0, 0, 0, 0];
  let classes: ReadonlyMap<string, number> | undefined;
  try {
    for await (const { tensor, pictures: batch } of pictures.batches(list)) {
      const [a, b] = [float, quantized].map((model) =>
        best(model.runSync({ [(model.inputs[0] as { name: string }).name]: tensor }), batch.length),
      );
      if (!a || !b) return undefined;
      if (count === 0) classes = classesOf(list, await pictures.labels(a.classes), a.classes);
      for (const [i, { folder }] of batch.entries()) {
        const label = classes?.get(folder ?? '');
        count++;
        if (a.best[i] === b.best[i]) same++;
        if (a.best[i] === label) right++;
        if (b.best[i] === label) rightQuantized++;
      }
      progress.show(count, list.length);
    }
  } finally {
    progress.clear();
  }
  const shares = classes ? { float32: right / count, quantized: rightQuantized / count } : { float32: undefined, quantized: undefined };
  return { pictures: count, same: same / count, ...shares };
}

/** The class with the highest score of each picture; undefined unless the only output is one score per class. */
function best(
  outputs: Readonly<Record<string, Tensor>>,
  count: number,
): { readonly best: readonly number[]; readonly classes: number } | undefined {
  const [output, ...others] = Object.values(outputs).map((tensor) => inside(tensor, true));
  const [batch, classes = 0, ...rest] = output?.dims ?? [];
  if (output?.type !== 'float32' || others.length > 0 || batch !== count || classes < 2 || rest.some((dim) => dim !== 1)) return undefined;
  const data = output.data as Float32Array;
  const found = Array.from({ length: count }, (_, i) => {
    let top = 0;
    for (let c = 1; c < classes; c++) if ((data[i * classes + c] as number) > (data[i * classes + top] as number)) top = c;
    return top;
  });
  return { best: found, classes };
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const decibels = (snr: number | undefined): string =>
  snr === undefined ? '' : snr < Number.POSITIVE_INFINITY ? `${snr.toFixed(1)} dB` : 'exact';

function summaryOf({ layers, outputs, examples }: QuantizeReport): string {
  const bits = [8, 7, 4]
    .map((bits) => [bits, layers.filter((layer) => layer.bits === bits).length] as const)
    .filter(([, count]) => count > 0);
  const counts = bits.map(([bits, count]) => `${count} of ${layers.length} layers with weights of ${bits} bits`).join(', ');
  const seen = examples > 0 ? `; calibrated with ${examples} example${examples === 1 ? '' : 's'}` : '';
  return [`  ${counts}${seen}`, ...outputs.map(({ name, snr }) => `  ${name}: signal to noise ${decibels(snr)}`)].join('\n');
}

function describeAccuracy({ pictures, float32, quantized, same }: Accuracy): string {
  const agreement = `  the same top class as float32 for ${percent(same)} of ${pictures} picture${pictures === 1 ? '' : 's'}`;
  if (float32 === undefined || quantized === undefined) return agreement;
  return `  accuracy ${percent(quantized)}, in float32 ${percent(float32)}\n${agreement}`;
}

/** The layers, the one with the largest error first. */
function tableOf({ layers }: QuantizeReport): string {
  const sorted = [...layers].sort((a, b) => (a.snr ?? a.weightSnr ?? 1e9) - (b.snr ?? b.weightSnr ?? 1e9));
  const rows = [['layer', 'operator', 'bits', 'output', 'weights']];
  for (const { name, op, bits, snr, weightSnr } of sorted)
    rows.push([name, op, bits === 32 ? 'float32' : `${bits}`, decibels(snr), decibels(weightSnr)]);
  const widths = (rows[0] as string[]).map((_, i) => Math.max(...rows.map((row) => (row[i] as string).length)));
  return rows
    .map((row) => `  ${row.map((cell, i) => (i < 2 ? cell.padEnd(widths[i] as number) : cell.padStart(widths[i] as number))).join('  ')}`)
    .join('\n');
}
