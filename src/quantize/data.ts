// What a network is calibrated with.

import { invalidInput, shown } from '../arguments.ts';
import { copyOf, Tensor } from '../graph/tensor.ts';
import { checkFeeds, tensorsOf } from '../runtime/feeds.ts';
import type { Fed, PlanSource } from '../runtime/ports.ts';

/** What the network is fed: tensors by name; for a network of one input that tensor, or its elements. */
export type CalibrationInputs = Fed | Tensor;

/**
 * Batches of inputs as they will come: a list or another iterable, also an asynchronous one, or a function that gives one anew. They are gone
 * through several times, so that all of an iterable that is neither a list nor given by a function is kept in memory.
 */
export type CalibrationData =
  | Iterable<CalibrationInputs>
  | AsyncIterable<CalibrationInputs>
  | (() => Iterable<CalibrationInputs> | AsyncIterable<CalibrationInputs>);

type Tensors = ReadonlyMap<string, Tensor>;

function isIterable(data: unknown): boolean {
  // Pixels and texts have no batches, and a view no iterator once its buffer is gone.
  if (typeof data !== 'object' || data === null || ArrayBuffer.isView(data)) return false;
  const { [Symbol.iterator]: each, [Symbol.asyncIterator]: eachLater } = data as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
  return typeof each === 'function' || typeof eachLater === 'function';
}

/**
 * The batches, checked, as often as they are wanted.
 * @internal
 */
export class Batches {
  readonly #data: CalibrationData;
  readonly #source: PlanSource;
  #kept: Tensors[] | undefined;
  /** How many there are, once that is known. */
  count: number | undefined;
  /** How many examples there are, once all were gone through. */
  examples = 0;

  /** @throws LanewiseError INVALID_INPUT for what is no data */
  constructor(data: CalibrationData, source: PlanSource) {
    if (typeof data !== 'function' && !isIterable(data)) {
      throw invalidInput(`quantize takes a list of batches to calibrate with, or a function that gives one; got ${shown(data)}`);
    }
    this.#data = data;
    this.#source = source;
    if (Array.isArray(data)) this.count = data.length;
  }

  /** @throws LanewiseError INVALID_INPUT for batches that do not fit the network, and if there are none */
  async *[Symbol.asyncIterator](): AsyncGenerator<Tensors> {
    if (this.#kept) {
      yield* this.#kept;
      return;
    }
    const keeps = typeof this.#data !== 'function' && !Array.isArray(this.#data);
    const given: unknown = typeof this.#data === 'function' ? this.#data() : this.#data;
    if (!isIterable(given)) throw invalidInput(`the function that gives batches gave ${shown(given)}`);
    const kept: Tensors[] = [];
    let [count, examples] = [0, 0];
    for await (const inputs of given as AsyncIterable<CalibrationInputs>) {
      const tensors = this.#checked(inputs);
      count++;
      examples += [...tensors.values()][0]?.dims[0] ?? 1;
      if (keeps) kept.push(new Map([...tensors].map(([name, tensor]) => [name, copyOf(tensor)])));
      yield keeps ? (kept.at(-1) as Tensors) : tensors;
    }
    if (examples === 0) throw invalidInput('quantize got no batches: it needs inputs as they will come, such as a hundred pictures');
    Object.assign(this, { count, examples });
    if (keeps) this.#kept = kept;
  }

  /** The first batch. */
  async first(): Promise<Tensors> {
    // An iterable that comes once is read to its end, so that it is kept.
    let first: Tensors | undefined;
    for await (const tensors of this) {
      first ??= tensors;
      if (typeof this.#data === 'function' || Array.isArray(this.#data)) break;
    }
    if (first) return first;
    throw invalidInput('quantize got no batches');
  }

  #checked(inputs: CalibrationInputs): Tensors {
    const { inputs: known, unreadInputs, narrow } = this.#source;
    const [only] = known;
    const named = inputs instanceof Tensor && only && known.length === 1 ? { [only.name]: inputs } : (inputs as Fed);
    return tensorsOf(checkFeeds(named, known, unreadInputs, narrow));
  }
}
