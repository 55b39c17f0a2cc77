// What a network learns from: batches of inputs and labels.

import { checkOptions, flagCheck, invalidInput, isOptions, type OptionChecks, shown } from '../arguments.ts';
import { product } from '../graph/dims.ts';
import { inside } from '../graph/face.ts';
import { formatDims, Tensor, type TypedArray } from '../graph/tensor.ts';
import { numbersFor } from '../layers/random.ts';
import type { Fed } from '../runtime/ports.ts';
import { countCheck, seedCheck } from './checks.ts';

/**
 * What the outputs should be: classes as whole numbers (an array, or a tensor of int32 or int64), or numbers as a tensor of
 * float32.
 */
export type Labels = Tensor | readonly number[] | TypedArray;

/** What the network is fed: tensors by name; for a network of one input that tensor, or its elements. */
export type Inputs = Fed | Tensor;

/** One batch: what the network is fed, and the labels. */
export type Batch = readonly [inputs: Inputs, labels: Labels];

/**
 * The batches of an epoch: a list or another iterable, also an asynchronous one, or a function that gives them for an epoch,
 * counted from 0. `length` is how many there are.
 */
export type Batches =
  | Iterable<Batch>
  | AsyncIterable<Batch>
  | (((epoch: number) => Iterable<Batch> | AsyncIterable<Batch>) & { readonly batches?: number });

/**
 * How many batches an epoch has, if that is known before it.
 * @internal
 */
export function lengthOf(batches: Batches): number | undefined {
  const { length, batches: count } = batches as { length?: unknown; batches?: unknown };
  const known = typeof batches === 'function' ? count : length;
  return typeof known === 'number' ? known : undefined;
}

/**
 * Whether it may be batches, as far as one can tell before an epoch.
 * @internal
 */
export const isBatches = (given: unknown): boolean => typeof given === 'function' || isIterable(given);

const isIterable = (given: unknown): boolean => {
  const iterable = given as Partial<Iterable<Batch> & AsyncIterable<Batch>> | null | undefined;
  // No view: it has no batches, and no iterator once its buffer is gone.
  if (ArrayBuffer.isView(given)) return false;
  return typeof iterable?.[Symbol.iterator] === 'function' || typeof iterable?.[Symbol.asyncIterator] === 'function';
};

/**
 * The batches of an epoch.
 * @throws LanewiseError INVALID_INPUT
 * @internal
 */
export function batchesOf(batches: Batches, epoch: number): Iterable<Batch> | AsyncIterable<Batch> {
  const given: unknown = typeof batches === 'function' ? batches(epoch) : batches;
  if (!isIterable(given)) {
    throw invalidInput(`batches are a list of [inputs, labels], or a function that gives one for an epoch; got ${shown(given)}`);
  }
  return given as Iterable<Batch>;
}

/**
 * A batch as callers should give it.
 * @throws LanewiseError INVALID_INPUT for what is no batch
 * @internal
 */
export function checkedBatch(batch: Batch): Batch {
  if (!Array.isArray(batch) || batch.length !== 2) throw invalidInput(`a batch is a list of two, [inputs, labels]; got ${shown(batch)}`);
  return batch;
}

/** The options of `inBatches`. */
export interface InBatchesOptions {
  /** Examples per batch. Default 32. */
  readonly batch?: number;
  /** Whether every epoch has another order. Default true. */
  readonly shuffle?: boolean;
  /** Of the order, a whole number from 0 on. Default 0. */
  readonly seed?: number;
  /** What becomes of the examples that are left at the end of an epoch. Default 'keep': a smaller batch. */
  readonly lastBatch?: 'keep' | 'drop';
}

const checks: OptionChecks<InBatchesOptions> = {
  batch: countCheck,
  shuffle: flagCheck,
  seed: seedCheck,
  lastBatch: ["'keep' or 'drop'", (value) => value === 'keep' || value === 'drop'],
};

/**
 * Cuts examples that are in memory into batches, in another order each epoch; the order depends on the seed and the epoch alone.
 * @param inputs a tensor [N, ...] of all examples, or several by the names of the network's inputs
 * @param labels N classes, or a tensor [N, ...]
 * @param options size of batches, order, what becomes of the rest
 * @returns a function for `fit` and `evaluate`
 * @throws LanewiseError INVALID_INPUT if the numbers of examples differ
 * @example
 * import { Tensor } from 'lanewise';
 * import { inBatches } from 'lanewise/train';
 *
 * const pictures = new Tensor(new Float32Array(100 * 3 * 32 * 32), [100, 3, 32, 32]);
 * const classes = Int32Array.from({ length: 100 }, (_, i) => i % 10);
 * const batches = inBatches(pictures, classes, { batch: 32, seed: 1 });
 * batches.batches; // 4, the last one of 4 pictures
 */
export function inBatches(
  inputs: Tensor | Readonly<Record<string, Tensor>>,
  labels: Labels,
  options: InBatchesOptions = {},
): ((epoch: number) => Iterable<Batch>) & { readonly batches: number } {
  checkOptions('inBatches', options, checks);
  const { batch = 32, shuffle = true, seed = 0, lastBatch = 'keep' } = options;
  const single = inputs instanceof Tensor;
  if (!isOptions(inputs)) throw invalidInput(`inBatches takes a Tensor, or several by name; got ${shown(inputs)}`);
  const all = Object.entries(single ? { '': inputs } : (inputs as Record<string, Tensor>)).map(([name, tensor]): [string, Tensor] => {
    if (!(tensor instanceof Tensor)) throw invalidInput(`inBatches takes a Tensor, or several by name; '${name}' is ${shown(tensor)}`);
    return [name, renewed(tensor)];
  });
  const target = labelTensor(labels);
  const [count = 0] = target.dims;
  const odd = all.find(([, { dims }]) => dims[0] !== count);
  if (odd || all.length === 0) {
    throw invalidInput(`there are ${count} labels for inputs of ${all.map(([, { dims }]) => formatDims(dims)).join(', ') || 'nothing'}`);
  }
  const batches = lastBatch === 'drop' ? Math.floor(count / batch) : Math.ceil(count / batch);
  function* epochOf(epoch: number): Generator<Batch> {
    const order = shuffle ? shuffled(count, seed, epoch) : Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = 0; i < batches; i++) {
      const chosen = order.subarray(i * batch, (i + 1) * batch);
      const parts = all.map(([name, tensor]) => [name, picked(tensor, chosen)] as const);
      yield [single ? (parts[0] as (typeof parts)[0])[1] : Object.fromEntries(parts), picked(target, chosen)];
    }
  }
  return Object.assign(epochOf, { batches });
}

/** Checked again, because its buffer may have been transferred. */
const renewed = ({ type, data, dims }: Tensor): Tensor => new Tensor(type, data, dims);

/**
 * Labels as a tensor. Whole numbers are classes, [N].
 * @throws LanewiseError INVALID_INPUT
 * @internal
 */
export function labelTensor(labels: Labels): Tensor {
  if (labels instanceof Tensor) return inside(renewed(labels));
  if (!Array.isArray(labels) && !(ArrayBuffer.isView(labels) && 'length' in labels)) {
    throw invalidInput(`labels are classes in an array, or a Tensor; got ${shown(labels)}`);
  }
  // An array that was transferred has no elements, and no iterator.
  const list: unknown[] = labels.length > 0 ? Array.from(labels as ArrayLike<unknown>) : [];
  const wrong = list.findIndex((label) => typeof label !== 'bigint' && !Number.isInteger(label));
  if (wrong >= 0)
    throw invalidInput(`labels in an array are classes, whole numbers; got ${shown(list[wrong])}: give new Tensor(data, dims)`);
  return new Tensor('int32', list.map(Number), [list.length]);
}

/**
 * Labels as programs take them: int32 or float32.
 * @throws LanewiseError INVALID_INPUT for classes that int32 does not hold
 */
export function labelData({ type, data }: Tensor): Int32Array | Float32Array {
  if (!/^u?int|^bool/.test(type)) return Float32Array.from(data as ArrayLike<number>);
  const classes = Int32Array.from(data as ArrayLike<number>, Number);
  const wrong = classes.findIndex((label, i) => label !== Number(data[i]));
  if (wrong >= 0) throw invalidInput(`label ${wrong} is ${shown(data[wrong])}; classes are below 2147483648`);
  return classes;
}

/** Some of the examples, in that order. */
function picked({ type, data, dims }: Tensor, chosen: Uint32Array): Tensor {
  const size = product(dims.slice(1));
  const made = new (data.constructor as new (length: number) => TypedArray)(chosen.length * size);
  chosen.forEach((example, i) => void made.set((data as TypedArray).subarray(example * size, (example + 1) * size) as never, i * size));
  return new Tensor(type, made as never, [chosen.length, ...dims.slice(1)]);
}

/**
 * The numbers below `count` in an order of a seed and an epoch (Fisher and Yates; Durstenfeld 1964).
 * @internal
 */
export function shuffled(count: number, seed: number, epoch: number): Uint32Array {
  const next = numbersFor(seed, `epoch ${epoch}`);
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((next() / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j] as number, order[i] as number];
  }
  return order;
}
