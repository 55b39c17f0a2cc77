// The outputs that a run is asked for, and the caller's tensors that it fills.

import { invalidInput, isOptions, signalCheck } from '../arguments.ts';
import { formatDims, Tensor, type TensorType, type TypedArray } from '../graph/tensor.ts';
import type { AbortSignalLike } from '../platform.ts';
import { checkNames, typeOf } from './feeds.ts';
import type { ModelOutput } from './ports.ts';

/** The options of `runSync`. */
export interface RunSyncOptions<K extends string = string> {
  /**
   * The outputs to give. Default: all. By a list of names, only these are computed, each with the bits that a run of all
   * gives it. By an object of tensors, these are filled too, and are what the run returns, so that a loop allocates nothing:
   * each has the output's type and the shape that it has for these inputs. Outputs that are float16, or float64 in a model
   * that runs in float32, and those of control flow are made first and then copied. If the run fails, what such tensors hold
   * is undefined.
   * @example
   * const mask = new Tensor('float32', new Float32Array(256 * 256), [1, 1, 256, 256]);
   * for (;;) await model.run({ input }, { outputs: { mask } });
   */
  readonly outputs?: readonly K[] | Readonly<Record<K, Tensor>> | undefined;
}

/** The options of `run`. */
export interface RunOptions<K extends string = string> extends RunSyncOptions<K> {
  /** Ends the run: with threads between two instructions, else before it begins. */
  readonly signal?: AbortSignalLike | undefined;
}

const outputsCheck = [
  'a list of names, or an object of tensors by name',
  (value: unknown) => (Array.isArray(value) || (isOptions(value) && !(value instanceof Tensor))) && Object.keys(value).length > 0,
] as const;

export const runSyncChecks = { outputs: outputsCheck };
export const runChecks = { signal: signalCheck, outputs: outputsCheck };

/** The outputs that a run gives, in the model's order, and what it fills with them. */
export type Wanted = ReadonlyMap<string, Tensor | undefined>;

/** @throws LanewiseError INVALID_INPUT for an unknown name, or a tensor that the output cannot fill */
export function wantedOf(asked: RunSyncOptions['outputs'], known: readonly ModelOutput[]): Wanted | undefined {
  if (!asked) return undefined;
  const targets = Array.isArray(asked) ? undefined : (asked as Readonly<Record<string, Tensor>>);
  const names = targets ? Object.keys(targets) : [...(asked as readonly string[])];
  checkNames('output', names, known);
  const wanted = new Map<string, Tensor | undefined>();
  for (const { name, type, list } of known) {
    if (!names.includes(name)) continue;
    const target = targets?.[name];
    if (targets) {
      if (list) throw invalidInput(`output '${name}' is a ${list}, which fills no tensor: name it, outputs: ['${name}']`);
      if (target?.type !== type) throw invalidInput(`output '${name}' fills ${type}, got ${typeOf(target)}`);
      // Checked again, because a caller may have made the object by hand.
      const { data } = new Tensor(type, target.data, target.dims);
      for (const [other, kept] of wanted) {
        if (overlap(data, (kept as Tensor).data)) throw invalidInput(`the tensors for outputs '${other}' and '${name}' share memory`);
      }
    }
    wanted.set(name, target);
  }
  return wanted;
}

const overlap = (a: ArrayBufferView, b: ArrayBufferView): boolean =>
  a.buffer === b.buffer && a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;

/** @throws LanewiseError INVALID_INPUT if the tensor has another shape than the output, or type, where the model does not tell it */
export function checkFits(name: string, tensor: Tensor, dims: readonly number[], type: TensorType = tensor.type): void {
  const [made, got] = [{ type, dims }, tensor].map(({ type, dims }) => `${type} ${formatDims(dims)}`);
  if (made !== got) throw invalidInput(`output '${name}' is ${made} for these inputs, got ${got} to fill`);
}

/** A copy of elements: the tensor's own, if there is one to fill. */
export function copyInto(into: Tensor | undefined, elements: TypedArray): TypedArray {
  if (!into) return elements.slice();
  const data = into.data as TypedArray;
  if (data.length !== elements.length) throw invalidInput('a tensor to fill was transferred while the model ran');
  // An empty one that was transferred has the length of an empty one.
  if (data.length > 0) data.set(elements as never);
  return data;
}

/**
 * Makes every NaN the positive quiet one without a payload. The sign and payload of NaNs from arithmetic depend on the
 * machine (WebAssembly specification, 4.3.3), and differ between x86 and ARM.
 */
export function withOneNaN<T extends TypedArray>(data: T): T {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return data;
  // Mostly there is none, which is found in half the time: a number times 0 is 0, an infinity and a NaN are NaN.
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += (data[i] as number) * 0;
  if (sum === 0) return data;
  const bits = data instanceof Float32Array ? [0x7fc00000] : [0, 0x7ff80000];
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length * bits.length);
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) words.set(bits, i * bits.length);
  return data;
}
