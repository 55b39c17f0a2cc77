import { checkOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import type { Dim } from '../graph/graph.ts';
import { type DataType, formatDims } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { APPLY, type Applicable, type CustomOperator } from '../ops/custom.ts';
import { Names } from './names.ts';
import { checkName } from './options.ts';
import type { Parameter } from './parameter.ts';
import { type LayerStep, Recorder } from './recorder.ts';

let layersApplied = 0;

/**
 * A layer at its place in a network.
 * @example
 * import { resnet18 } from 'lanewise/zoo';
 *
 * const { kind, output } = resnet18().layer('conv1');
 * output.dims; // ['N', 64, 112, 112]
 */
export class AppliedLayer {
  /** The name of the function that made it: 'conv2d'. */
  readonly kind: string;
  /** What it was applied to. */
  readonly inputs: readonly SymbolicTensor[];
  /** The operators that it consists of. @internal */
  readonly steps: LayerStep[] = [];
  /** Its weights, learned or not. */
  readonly parameters: Parameter[] = [];
  /** What it gives: mostly one. */
  outputs: readonly SymbolicTensor[] = [];
  /** The custom operators of the layer. @internal */
  readonly customOperators: CustomOperator[] = [];
  /** Increases in execution order. @internal */
  readonly order = layersApplied++;
  /** @internal */
  readonly names: Names;
  #name: string;
  #settled: boolean;

  /** @internal */
  constructor(kind: string, inputs: readonly SymbolicTensor[], name: string | undefined, names: Names) {
    this.kind = kind;
    this.inputs = inputs;
    this.names = names;
    this.#name = name ?? names.next(kind);
    this.#settled = name !== undefined;
  }

  /** Its name, which its parameters' names begin with. It may change until a model has the layer. */
  get name(): string {
    return this.#name;
  }

  /** The layer's output, the first if there are several. */
  get output(): SymbolicTensor {
    return this.outputs[0] as SymbolicTensor;
  }

  /** Whether the name may still change: nobody chose it, and no model has it. @internal */
  get unsettled(): boolean {
    return !this.#settled;
  }

  /** Gives it its final name, a free one of a model's numbers. @internal */
  settle(taken: ReadonlySet<string>, names: Names): void {
    do this.#name = names.next(this.kind);
    while (taken.has(this.#name));
    this.#settled = true;
  }

  /** For messages: `conv2d 'conv1'`. */
  toString(): string {
    return `${this.kind} '${this.#name}'`;
  }
}

/** The name of an open batch in ONNX files. */
const BATCH = 'N';

/**
 * A tensor of a network that is being written: its shape is known, its elements are not. `input` and layers give it.
 * @example
 * import { conv2d, input, type SymbolicTensor } from 'lanewise/layers';
 *
 * const block = (x: SymbolicTensor) => conv2d(x, Number(x.dims[1]) * 2, 3, { stride: 2, padding: 1 });
 * block(input([16, 32, 32])).dims; // ['N', 32, 16, 16]
 */
export class SymbolicTensor implements Applicable {
  /** [N, C, H, W] or [N, F]; the batch is 'N' if it is open. */
  readonly dims: readonly Dim[];
  /** The layer that makes it. */
  readonly layer: AppliedLayer;
  /** The value with an open batch counted as 1. @internal */
  readonly value: Value;
  /** @internal */
  readonly openBatch: boolean;

  /** @internal */
  constructor(layer: AppliedLayer, value: Value, openBatch: boolean) {
    this.layer = layer;
    this.value = value;
    this.openBatch = openBatch;
    this.dims = openBatch ? [BATCH, ...value.dims.slice(1)] : [...value.dims];
  }

  /** The type of its elements. */
  get type(): DataType {
    return this.value.type;
  }

  /** The name of its layer. */
  get name(): string {
    return this.layer.name;
  }

  /** For messages: `conv2d 'conv1' [N, 64, 112, 112]`. */
  toString(): string {
    return `${this.layer} ${formatDims(this.dims)}`;
  }

  /** Applies a custom operator that is used as a layer. @hidden */
  [APPLY](
    operator: CustomOperator,
    inputs: readonly Applicable[],
    attributes: Parameters<Applicable[typeof APPLY]>[2],
    name: string | undefined,
  ): SymbolicTensor[] {
    const symbols = inputs.map((value, i) => symbolic(value, `input ${i} of ${operator.name}`));
    return applyLayer(operator.name, symbols, name, (to) =>
      to.custom(
        operator,
        symbols.map(({ value }) => value),
        attributes,
      ),
    );
  }
}

export interface ApplyOptions {
  /** Where names come from. Default: the first input's. */
  readonly names?: Names;
  readonly openBatch?: boolean;
  /** The parameters of the layer's first application. */
  readonly shared?: readonly Parameter[] | undefined;
}

/**
 * Applies a layer to symbolic tensors.
 * @param build records its steps and gives its outputs
 * @throws LanewiseError the operators' errors, naming the layer
 */
export function applyLayer(
  kind: string,
  inputs: readonly SymbolicTensor[],
  name: string | undefined,
  build: (to: Recorder) => readonly Value[],
  { names = inputs[0]?.layer.names ?? new Names(), openBatch = inputs.some((x) => x.openBatch), shared }: ApplyOptions = {},
): SymbolicTensor[] {
  checkName(kind, name);
  const layer = new AppliedLayer(kind, inputs, name, names);
  try {
    const values = build(new Recorder(layer, shared));
    const misfit = openBatch ? values.find(({ dims }) => dims[0] !== 1) : undefined;
    if (misfit) {
      const message = `its output ${formatDims(misfit.dims)} of one picture does not begin with the batch, which is open: give input() a batch`;
      throw new LanewiseError('INVALID_INPUT', message);
    }
    const outputs = values.map((value) => new SymbolicTensor(layer, value, openBatch));
    layer.outputs = outputs;
    return outputs;
  } catch (cause) {
    throw cause instanceof LanewiseError ? named(layer, cause) : cause;
  }
}

/** Rewrites an operator's error to name the layer, because users wrote layers, not nodes. */
function named(layer: AppliedLayer, cause: LanewiseError): LanewiseError {
  const problem = cause.message.replace(/^\S+ '[^']*': /, '');
  const of = layer.inputs.length > 0 ? ` of ${layer.inputs.map(({ dims }) => formatDims(dims)).join(' and ')}` : '';
  return new LanewiseError(cause.code, `${layer}${of}: ${problem}`, { cause: cause.cause ?? cause });
}

/** The options of `input`. */
export interface InputOptions {
  /** Its name, by which `run` takes a tensor. Default 'input'. */
  readonly name?: string;
  /** How many pictures at a time. Default: any number. */
  readonly batch?: number;
}

/**
 * The input of a network.
 * @param shape of one picture, without the batch: for example [channels, height, width]
 * @param options its name, and the batch if it is fixed
 * @returns a symbolic tensor of float32 ['N', ...shape]
 * @throws LanewiseError INVALID_INPUT for an invalid shape
 * @example
 * import { input } from 'lanewise/layers';
 *
 * input([3, 224, 224]).dims; // ['N', 3, 224, 224]
 * input([3, 224, 224], { batch: 8 }).dims; // [8, 3, 224, 224]
 */
export function input(shape: readonly number[], options: InputOptions = {}): SymbolicTensor {
  checkOptions('input', options, { name: 1, batch: 1 } satisfies OptionNames<InputOptions>);
  const { name, batch } = options;
  const sizes = batch === undefined ? shape : [batch, ...(Array.isArray(shape) ? shape : [])];
  if (!Array.isArray(shape) || shape.length === 0 || !Array.from(sizes).every((size) => Number.isSafeInteger(size) && size > 0)) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `an input takes the shape of one picture, whole numbers from 1 on such as [3, 224, 224], got ${shown(sizes)}`,
    );
  }
  const [x] = applyLayer('input', [], name, (to) => to.input([batch ?? 1, ...shape]), {
    names: new Names(),
    openBatch: batch === undefined,
  });
  return x as SymbolicTensor;
}

/** @throws LanewiseError INVALID_INPUT if it is something else */
export function symbolic(x: unknown, what: string): SymbolicTensor {
  if (x instanceof SymbolicTensor) return x;
  const got = typeof x === 'function' ? 'a layer that was not applied' : Array.isArray(x) ? 'a list' : shown(x);
  throw new LanewiseError('INVALID_INPUT', `${what} is a symbolic tensor, what input() and layers give; got ${got}`);
}
