// What a caller feeds: tensors by the names of the inputs, or typed arrays, whose shape follows from the model's.

import { invalidInput, isOptions, kindOf, shown } from '../arguments.ts';
import { checkDims, product } from '../graph/dims.ts';
import { inside, insideType } from '../graph/face.ts';
import { copyOf, formatDims, Tensor, type TensorType, type TypedArray, tensorArrays } from '../graph/tensor.ts';
import type { Fed, Feed, Feeds, ModelInput, ModelOutput } from './ports.ts';
import type { Held } from './running.ts';

/**
 * The tensors of the inputs that something reads, in the types inside.
 * @param unread names of the others
 * @param narrow whether float64 is float32 inside
 */
export function checkFeeds(fed: Fed, inputs: readonly ModelInput[], unread: ReadonlySet<string>, narrow: boolean): Map<string, Held> {
  const feeds = (ArrayBuffer.isView(fed) && inputs.length === 1 ? { [(inputs[0] as ModelInput).name]: fed } : fed) as Feeds<Feed>;
  if (!isOptions(feeds) || feeds instanceof Tensor) {
    throw invalidInput(
      `run takes an object of tensors by input name (${namesOf(inputs)}), got ${isOptions(feeds) ? 'a Tensor' : shown(feeds)}`,
    );
  }
  checkNames('input', Object.keys(feeds), inputs);
  const values = new Map<string, Held>();
  for (const input of inputs) {
    if (unread.has(input.name)) continue;
    const { name, list } = input;
    const feed = (Object.hasOwn(feeds, name) ? feeds[name] : undefined) ?? null;
    const held: Held = ArrayBuffer.isView(feed) && !list ? tensorFor(input, feed) : (feed as Held);
    const one = (tensor: Tensor) => checkFeed(tensor, input, narrow);
    if (list && (list === 'sequence' || !isTensor(held))) {
      if (!isListed(held, list)) throw invalidInput(`input '${name}' takes a list of tensors, got ${shown(held)}`);
      values.set(name, held?.map(one) ?? null);
    } else if (held) values.set(name, one(held as Tensor));
    else throw invalidInput(`input '${name}' is missing; the model takes ${namesOf(inputs)}`);
  }
  return values;
}

/** A tensor of the input's type, converted to the type inside. */
function checkFeed(tensor: Tensor, { name, type, dims, list }: ModelInput, narrow: boolean): Tensor {
  // Inputs that are float32 inside accept float32, too.
  if (tensor.type !== type && (tensor.type !== 'float32' || insideType(type, narrow) !== tensor.type)) {
    throw invalidInput(`input '${name}' takes ${type}, got ${typeOf(tensor)}`);
  }
  if (!list) checkDims(name, dims, tensor.dims);
  // Checked again, because a caller may have made the object by hand.
  return inside(new Tensor(tensor.type, tensor.data, tensor.dims), narrow);
}

/** A typed array as the tensor of an input. An open batch, the first dimension, follows from its length. */
function tensorFor(input: ModelInput, data: TypedArray<TensorType>): Tensor {
  const { name, type, dims } = input;
  const shape = dims.map((dim, i) =>
    i === 0 && typeof dim === 'string' ? Math.floor(data.length / product(dims.slice(1) as number[])) : dim,
  ) as number[];
  // An open dimension is a name, whose product is NaN; an array without elements may have been transferred.
  if (!data.length || product(shape) !== data.length) {
    throw invalidInput(
      `input '${name}' is ${typeAndShape(input)}, which does not follow from a ${kindOf(data)} of ${data.length}: give new Tensor(data, dims)`,
    );
  }
  // An array may stand for several types, as a Uint8Array for bool.
  return kindOf(data) === tensorArrays[type].name ? new Tensor(type, data, shape) : new Tensor(data, shape);
}

/** What came instead, for an error's sentence. */
export const typeOf = (tensor: Tensor | undefined): string =>
  typeof tensor?.type === 'string' ? `a tensor of ${tensor.type}` : 'no Tensor';

const typeAndShape = ({ type, dims }: ModelOutput): string => type + (dims ? ` ${formatDims(dims)}` : '');

const namesOf = (ports: readonly ModelOutput[]): string => ports.map((port) => `'${port.name}' ${typeAndShape(port)}`).join(', ');

/** @throws LanewiseError INVALID_INPUT for a name that is not among the ports' */
export function checkNames(kind: 'input' | 'output', names: readonly string[], ports: readonly ModelOutput[]): void {
  for (const name of names) {
    if (!ports.some((port) => port.name === name)) throw invalidInput(`the model has no ${kind} ${shown(name)}; it has ${namesOf(ports)}`);
  }
}

/** The caller may write to its arrays while a run waits for its turn. */
export const copied = (values: ReadonlyMap<string, Held>): Map<string, Held> =>
  new Map([...values].map(([name, held]) => [name, held && (isTensor(held) ? copyOf(held) : held.map(copyOf))]));

export const isTensor = (held: Held | undefined): held is Tensor => held instanceof Tensor;

export const tensorsOf = (values: ReadonlyMap<string, Held>): Map<string, Tensor> =>
  new Map([...values].filter((entry): entry is [string, Tensor] => isTensor(entry[1])));

/** Whether a feed is a sequence, or an optional with a sequence or nothing. */
const isListed = (held: Held, list: 'sequence' | 'optional'): held is readonly Tensor[] | null =>
  Array.isArray(held) ? held.every(isTensor) : !held && list === 'optional';
