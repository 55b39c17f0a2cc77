import { formatSummary } from '../analysis/formatSummary.ts';
import { checkOptions, isOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import type { Misfit } from '../formats/fit.ts';
import { type OnnxOptions, writeOnnx } from '../formats/onnx/writer.ts';
import { type SafetensorsOptions, writeSafetensors } from '../formats/safetensors.ts';
import type { Graph } from '../graph/graph.ts';
import { createModel, type LoadOptions, loadChecks } from '../load.ts';
import type { CustomOperator } from '../ops/custom.ts';
import type { Model } from '../runtime/model.ts';
import { writeFile } from '../source.ts';
import { customOperatorsOf, graphOf } from './graph.ts';
import { type NamedLayer, Names } from './names.ts';
import { checkName, wholeNumber } from './options.ts';
import type { Parameter } from './parameter.ts';
import { summarizeLayers } from './summary.ts';
import { type AppliedLayer, SymbolicTensor, symbolic } from './symbol.ts';
import { type LoadWeightsOptions, loadWeights, type WeightSource } from './weights.ts';

/** The options of `model`, and of `sequential` with an input. */
export interface ModelOptions {
  /** The network's name in errors and files. Default 'model'. */
  readonly name?: string;
  /** The seed of initial weights that are in no other model yet, a whole number from 0 on. Default 0. */
  readonly seed?: number;
  /** Prefixes of names that `loadWeights` ignores: parts that only training needs. */
  readonly unusedWeights?: readonly string[];
  /** Converts an older name in a file of weights, for `loadWeights`. Default: names stay. */
  readonly renameWeights?: (name: string) => string;
}

const { externalData: _, onProgress: __, ...checks } = loadChecks;

/**
 * A network of the layers between inputs and outputs.
 *
 * @param inputs what `input()` gave
 * @param outputs one (called 'output'), several ('output_0', 'output_1'), or an object of them by name
 * @param options name, seed, and what `loadWeights` does with names
 * @throws LanewiseError INVALID_INPUT if outputs depend on an input that is not listed; INVALID_MODEL for a name given twice
 * @example
 * import { conv2d, dense, flatten, globalAvgPool2d, input, model, relu } from 'lanewise/layers';
 *
 * const x = input([3, 32, 32]);
 * const features = relu(conv2d(x, 16, 3, { padding: 1 }));
 * const network = model(x, { scores: dense(flatten(globalAvgPool2d(features)), 10), features }, { seed: 1 });
 * console.log(network.summary());
 */
export function model(
  inputs: SymbolicTensor | readonly SymbolicTensor[],
  output: SymbolicTensor,
  options?: ModelOptions,
): LayersModel<'output'>;
export function model<N extends string = string>(
  inputs: SymbolicTensor | readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[] | Readonly<Record<N, SymbolicTensor>>,
  options?: ModelOptions,
): LayersModel<N>;
export function model(
  inputs: SymbolicTensor | readonly SymbolicTensor[],
  outputs: SymbolicTensor | readonly SymbolicTensor[] | Readonly<Record<string, SymbolicTensor>>,
  options?: ModelOptions,
): LayersModel;
export function model(
  inputs: SymbolicTensor | readonly SymbolicTensor[],
  outputs: SymbolicTensor | readonly SymbolicTensor[] | Readonly<Record<string, SymbolicTensor>>,
  options: ModelOptions = {},
): LayersModel {
  checkOptions('model', options, { name: 1, seed: 1, unusedWeights: 1, renameWeights: 1 } satisfies OptionNames<ModelOptions>);
  return new LayersModel([inputs].flat() as SymbolicTensor[], namedOutputs(outputs), options);
}

function namedOutputs(outputs: Parameters<typeof model>[1]): Map<string, SymbolicTensor> {
  if (Array.isArray(outputs)) return new Map(Array.from(outputs, (x, i) => [`output_${i}`, symbolic(x, `output ${i}`)]));
  const record = isOptions(outputs) && !(outputs instanceof SymbolicTensor) ? outputs : { output: outputs };
  return new Map(Object.entries(record as Record<string, SymbolicTensor>).map(([name, x]) => [name, symbolic(x, `output '${name}'`)]));
}

/**
 * A network that was written in layers: a description and weights. `compile` makes a model that runs. `N`: the names of its
 * outputs, where they are known.
 * @example
 * import { Tensor } from 'lanewise';
 * import { resnet20 } from 'lanewise/zoo';
 *
 * const network = resnet20({ seed: 1 });
 * network.parameterCount; // 269722
 * const model = await network.compile();
 * const { output } = await model.run({ input: new Tensor('float32', new Float32Array(3 * 32 * 32), [1, 3, 32, 32]) });
 */
export class LayersModel<N extends string = string> {
  /** Its name in errors and files. */
  readonly name: string;
  /** What `input()` gave. */
  readonly inputs: readonly SymbolicTensor[];
  /** The outputs by name. */
  readonly outputs: ReadonlyMap<string, SymbolicTensor>;
  /** In execution order, without inputs. */
  readonly layers: readonly AppliedLayer[];
  readonly #unusedWeights: readonly string[];
  readonly #renameWeights: (name: string) => string;

  /** @internal */
  constructor(inputs: readonly SymbolicTensor[], outputs: ReadonlyMap<string, SymbolicTensor>, options: ModelOptions) {
    const { name = 'model', seed = 0, unusedWeights = [], renameWeights = (name: string) => name } = options;
    checkName('model', name);
    wholeNumber('seed', seed, 0);
    if (!Array.isArray(unusedWeights) || !unusedWeights.every((prefix) => typeof prefix === 'string')) {
      throw new LanewiseError('INVALID_INPUT', `unusedWeights takes a list of texts, got ${shown(unusedWeights)}`);
    }
    if (typeof renameWeights !== 'function') {
      throw new LanewiseError('INVALID_INPUT', `renameWeights takes a function of a name, got ${shown(renameWeights)}`);
    }
    if (inputs.length === 0 || outputs.size === 0)
      throw new LanewiseError('INVALID_INPUT', 'a model has one input or more, and one output or more');
    for (const [i, x] of inputs.entries()) {
      if (symbolic(x, `input ${i}`).layer.inputs.length > 0)
        throw new LanewiseError('INVALID_INPUT', `${x.layer} is no input(): a model begins with those`);
      if (inputs.indexOf(x) < i) throw new LanewiseError('INVALID_INPUT', `${x.layer} is there twice`);
    }
    this.name = name;
    this.inputs = inputs;
    this.outputs = outputs;
    this.#unusedWeights = unusedWeights;
    this.#renameWeights = renameWeights;
    const layers = reached(inputs, outputs);
    for (const layer of layers) for (const parameter of layer.parameters) parameter.adopt(layer, seed);
    // Parameters may be named after a layer of another model.
    const owners = layers.flatMap(({ parameters }) => parameters.map(({ layer }) => layer));
    const taken = settleNames(new Set([...inputs.map((x) => x.layer), ...layers, ...owners]));
    for (const [name, x] of outputs) {
      if (taken.has(name) && x.layer.name !== name) {
        throw new LanewiseError('INVALID_MODEL', `the output '${name}' is ${x.layer}; another layer has that name`);
      }
    }
    this.layers = layers;
  }

  /**
   * A layer by its name.
   * @param name as in `summary`: 'conv2d_1', or the one that was given
   * @throws LanewiseError INVALID_INPUT if there is none of that name
   * @example
   * import { resnet18 } from 'lanewise/zoo';
   *
   * const [kernels] = resnet18().layer('conv1').parameters;
   */
  layer(name: string): AppliedLayer {
    const found = this.layers.find((layer) => layer.name === name);
    if (!found) throw new LanewiseError('INVALID_INPUT', `${this.name} has no layer ${shown(name)}`);
    return found;
  }

  /**
   * The learned parameters, in execution order.
   * @example
   * import { vgg11 } from 'lanewise/zoo';
   *
   * vgg11().parameters().map(({ name }) => name); // ['features.0.weight', 'features.0.bias', ...]
   */
  parameters(): Parameter[] {
    return this.#all().filter(({ learned }) => learned);
  }

  /** Weights that are not learned: the running statistics of batch-norms. */
  buffers(): Parameter[] {
    return this.#all().filter(({ learned }) => !learned);
  }

  /** How many learned numbers there are. */
  get parameterCount(): number {
    return this.parameters().reduce((sum, { size }) => sum + size, 0);
  }

  /** The custom operators of the layers, which `load` needs to read the file that `toONNX` writes. */
  get operators(): readonly CustomOperator[] {
    return customOperatorsOf(this);
  }

  /**
   * A table of the layers: shapes, parameters, multiply-accumulates, activations, receptive fields. `summarize` of
   * lanewise/analysis gives it as data.
   */
  summary(): string {
    return formatSummary(summarizeLayers(this));
  }

  /** The same table as `summary`. */
  toString(): string {
    return this.summary();
  }

  /**
   * Sets the weights by name, all or none. Models that are compiled already keep theirs.
   * @param source a safetensors file, a PyTorch checkpoint (.pth) or an ONNX file (from where `load` takes files), or tensors
   *   by name; not copied. In Node, a large checkpoint stays in its file and is read when the weights are needed.
   * @param options `strict: false` allows names that are missing or unexpected
   * @returns what was missing and unexpected, if `strict` is false
   * @throws LanewiseError INVALID_INPUT listing what is missing, unexpected or of another shape; the errors of reading files
   * @example
   * import { resnet18 } from 'lanewise/zoo';
   *
   * const network = resnet18();
   * await network.loadWeights('resnet18-f37072fd.pth');
   */
  async loadWeights(source: WeightSource, options: LoadWeightsOptions = {}): Promise<Misfit> {
    return loadWeights(this.name, this.#all(), source, options, this.#unusedWeights, this.#renameWeights);
  }

  /**
   * The weights as a safetensors file, statistics included.
   * @param options float16 weights, metadata
   * @throws LanewiseError INVALID_INPUT for options that make no sense; TOO_LARGE
   * @example
   * import { squeezenet1_1 } from 'lanewise/zoo';
   *
   * const file = squeezenet1_1().toSafetensors({ weights: 'f16' });
   */
  toSafetensors(options: SafetensorsOptions = {}): Uint8Array {
    return writeSafetensors(new Map(this.#all().map((parameter) => [parameter.name, parameter.constant()])), options);
  }

  /**
   * The network as an ONNX file: of opset 13, or newer if an operator needs that.
   * @param options float16 weights, the producer's name
   * @throws LanewiseError INVALID_INPUT for options that make no sense; TOO_LARGE
   * @example
   * import { load } from 'lanewise';
   * import { squeezenet1_1 } from 'lanewise/zoo';
   *
   * const model = await load(squeezenet1_1().toONNX());
   */
  toONNX(options: OnnxOptions = {}): Uint8Array {
    return writeOnnx(this.graph(), options);
  }

  /**
   * Writes a file, in Node: the weights alone as `.safetensors`, the whole network as `.onnx`.
   * @param path of the file
   * @throws LanewiseError INVALID_INPUT for other endings, and outside Node (see `toSafetensors` and `toONNX`);
   *   FILE_NOT_FOUND if it cannot be written
   * @example
   * import { squeezenet1_1 } from 'lanewise/zoo';
   *
   * await squeezenet1_1().save('squeezenet.onnx');
   */
  async save(path: string): Promise<void> {
    const ending = typeof path === 'string' ? /\.(safetensors|onnx)$/i.exec(path)?.[1]?.toLowerCase() : undefined;
    if (!ending) throw new LanewiseError('INVALID_INPUT', `save writes .safetensors (weights) or .onnx (the network), got ${shown(path)}`);
    await writeFile(path, ending === 'onnx' ? this.toONNX() : this.toSafetensors());
  }

  /**
   * A model that runs, with the weights as they are now.
   * @param options those of `load`, except those about files
   * @throws LanewiseError as `load` does
   * @example
   * import { squeezenet1_1 } from 'lanewise/zoo';
   *
   * const model = await squeezenet1_1().compile({ threads: 'auto' });
   */
  async compile(options: Omit<LoadOptions, 'externalData' | 'onProgress'> = {}): Promise<Model<N>> {
    checkOptions('compile', options, checks);
    return createModel(this.graph(), { ...options, operators: [...new Set([...this.operators, ...(options.operators ?? [])])] });
  }

  /** The network as `lanewise/formats` reads and writes it. */
  graph(): Graph {
    return graphOf(this);
  }

  #all(): Parameter[] {
    return [...new Set(this.layers.flatMap(({ parameters }) => parameters))];
  }
}

/**
 * Numbers the layers that have no name of their own, in order.
 * @returns all names
 * @throws LanewiseError INVALID_MODEL if two layers have one name
 */
function settleNames(layers: ReadonlySet<NamedLayer>): Set<string> {
  const taken = new Set<string>();
  for (const { name, unsettled } of layers) {
    if (unsettled) continue;
    if (taken.has(name)) throw new LanewiseError('INVALID_MODEL', `there are two layers named '${name}'`);
    taken.add(name);
  }
  const names = new Names();
  for (const layer of layers) {
    if (!layer.unsettled) continue;
    layer.settle(taken, names);
    taken.add(layer.name);
  }
  return taken;
}

/**
 * The layers between inputs and outputs, in execution order. @throws LanewiseError INVALID_INPUT for an input that is not
 * listed
 */
function reached(inputs: readonly SymbolicTensor[], outputs: ReadonlyMap<string, SymbolicTensor>): AppliedLayer[] {
  const found = new Set<AppliedLayer>();
  const beginnings = new Set(inputs.map((x) => x.layer));
  const open = [...outputs.values()].map((x) => x.layer);
  for (let layer = open.pop(); layer; layer = open.pop()) {
    if (beginnings.has(layer) || found.has(layer)) continue;
    if (layer.inputs.length === 0)
      throw new LanewiseError('INVALID_INPUT', `the outputs depend on ${layer}, which is not among the model's inputs`);
    found.add(layer);
    open.push(...layer.inputs.map((x) => x.layer));
  }
  return [...found].sort((a, b) => a.order - b.order);
}
