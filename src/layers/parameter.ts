import { shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { Constant } from '../graph/graph.ts';
import { formatDims, Tensor } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import type { Initializer } from './initializers.ts';
import type { NamedLayer } from './names.ts';

/** A layer's description of one of its parameters. */
export interface ParameterSpec {
  /** The name, as in torch.nn: 'weight', 'bias', 'running_mean', ... */
  readonly key: string;
  readonly dims: readonly number[];
  readonly init: Initializer;
  readonly fanIn?: number;
  readonly fanOut?: number;
  /** False for statistics that training gathers, which papers do not count. */
  readonly learned?: boolean;
}

/**
 * Weights of a layer, float32: their initial values, until others are set.
 * @example
 * import { resnet18 } from 'lanewise/zoo';
 *
 * const [kernels] = resnet18().parameters();
 * kernels?.dims; // [64, 3, 7, 7]
 * kernels?.set(new Float32Array(64 * 3 * 7 * 7));
 */
export class Parameter {
  /** Its shape. */
  readonly dims: readonly number[];
  /** False for the running statistics of batch-norm. */
  readonly learned: boolean;
  /** Stands for the parameter in the layer's steps. @internal */
  readonly value: Value;
  readonly #spec: ParameterSpec;
  #layer: NamedLayer;
  #seed: number | undefined;
  #set: Constant | undefined;

  /** @internal */
  constructor(layer: NamedLayer, spec: ParameterSpec) {
    this.#layer = layer;
    this.#spec = spec;
    this.dims = [...spec.dims];
    this.learned = spec.learned ?? true;
    this.value = { name: spec.key, type: 'float32', dims: this.dims };
  }

  /** `LAYER.weight`, as in PyTorch's state_dict. */
  get name(): string {
    return `${this.#layer.name}.${this.#spec.key}`;
  }

  /** How many numbers it holds. */
  get size(): number {
    return product(this.dims);
  }

  /** The elements, row-major: a copy of the initial ones, or the array that was set. */
  get data(): Float32Array {
    if (!this.#set) return this.#initial();
    const data = this.#set.read();
    if (data.length === this.size) return data as Float32Array;
    throw new LanewiseError('INVALID_INPUT', `the parameter '${this.name}' was set to numbers in a buffer that was transferred since`);
  }

  /** The same with its shape. */
  get tensor(): Tensor<'float32'> {
    return new Tensor('float32', this.data, this.dims);
  }

  /**
   * Sets other values. Models that are compiled already keep theirs.
   * @param tensor float32 of the same dims, or its elements; not copied
   * @throws LanewiseError INVALID_INPUT if they do not fit
   */
  set(tensor: Tensor | Constant | Float32Array): void {
    const isList = tensor instanceof Float32Array;
    const fits = isList
      ? tensor.length === this.size
      : isTensor(tensor) && tensor.type === 'float32' && tensor.dims.join() === this.dims.join();
    if (!fits) {
      const got = isList ? `${tensor.length} numbers` : isTensor(tensor) ? `${tensor.type} ${formatDims(tensor.dims)}` : shown(tensor);
      throw new LanewiseError('INVALID_INPUT', `the parameter '${this.name}' is float32 ${formatDims(this.dims)}, got ${got}`);
    }
    const read = isList ? () => tensor : 'read' in tensor ? () => tensor.read() : () => tensor.data;
    // So a large file's numbers are copied part by part to where they are packed.
    const fill = 'read' in tensor && tensor.fill ? { fill: tensor.fill.bind(tensor) } : {};
    this.#set = { name: this.name, type: 'float32', dims: this.dims, read, ...fill };
  }

  /** The layer that the name is taken from. @internal */
  get layer(): NamedLayer {
    return this.#layer;
  }

  /**
   * The first network that contains the parameter fixes the seed of its initial values, and its layer's name, unless one was
   * chosen. @internal
   */
  adopt(layer: NamedLayer, seed: number): void {
    if (this.#seed !== undefined) return;
    this.#seed = seed;
    if (this.#layer.unsettled) this.#layer = layer;
  }

  /** @internal */
  constant(): Constant {
    const fill = this.#set?.fill;
    return { name: this.name, type: 'float32', dims: this.dims, read: () => this.data, ...(fill && { fill }) };
  }

  #initial(): Float32Array {
    const { dims, init, fanIn = 1, fanOut = 1 } = this.#spec;
    let data: Float32Array;
    try {
      data = new Float32Array(this.size);
    } catch (cause) {
      throw new LanewiseError('TOO_LARGE', `the parameter '${this.name}' is ${this.size} numbers, more than one array holds`, { cause });
    }
    init(data, { name: this.name, dims, fanIn, fanOut, seed: this.#seed ?? 0 });
    return data;
  }
}

/** A tensor, or a constant of a graph or a file. */
export function isTensor(value: unknown): value is Tensor | Constant {
  const { dims, read } = (value ?? {}) as Partial<Constant>;
  return value instanceof Tensor || (Array.isArray(dims) && typeof read === 'function');
}
