import { shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';

/**
 * The `k` largest values with their places, largest first; equal values by the lower index, NaN last. Fewer if there are
 * fewer values.
 * @param values a list of numbers: a tensor's `data`
 * @param k how many
 * @returns the places, which are indices of `labels`, and the values
 * @throws LanewiseError INVALID_INPUT if there is no list of values, or `k` is not a whole number from 0 on
 * @example
 * import { topK } from 'lanewise/vision';
 *
 * topK([0.1, 0.7, 0.2], 2); // [{ index: 1, value: 0.7 }, { index: 2, value: 0.2 }]
 */
export function topK(values: ArrayLike<number | bigint>, k: number): { index: number; value: number }[] {
  const list = checkedList(values);
  if (!Number.isSafeInteger(k) || k < 0) throw new LanewiseError('INVALID_INPUT', `k is a whole number from 0 on, got ${shown(k)}`);
  return list
    .map((value, index) => ({ index, value }))
    .sort((a, b) => Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value)) || Math.sign(b.value - a.value) || a.index - b.index)
    .slice(0, k);
}

/**
 * Scores (logits) as shares of 1, for display: `Math.exp` may differ between engines in the last bit. NaN anywhere, or an
 * infinite largest value, makes every share NaN.
 * @param values a list of numbers: a tensor's `data`
 * @returns as many numbers from 0 to 1
 * @throws LanewiseError INVALID_INPUT if there is no list of values
 * @example
 * import { softmax } from 'lanewise/vision';
 *
 * const shares = softmax([1, 2, 3]); // about 0.09, 0.24 and 0.67
 */
export function softmax(values: ArrayLike<number | bigint>): Float32Array {
  const exact = checkedList(values);
  // The largest is subtracted, because exp would overflow.
  const max = exact.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = exact.map((value) => Math.exp(value - max));
  const sum = powers.reduce((a, b) => a + b, 0);
  return Float32Array.from(powers, (power) => power / sum);
}

/** A Tensor is no list, and would seem to be empty. */
function checkedList(values: ArrayLike<number | bigint>): number[] {
  const list: number[] = [];
  let right = typeof values === 'object' && Number.isSafeInteger(values?.length) && values.length >= 0;
  for (let i = 0; right && i < values.length; i++) {
    const value = values[i];
    right = typeof value === 'number' || typeof value === 'bigint';
    list.push(Number(right ? value : 0));
  }
  if (right) return list;
  throw new LanewiseError('INVALID_INPUT', `scores are a list of numbers, such as a tensor's data, got ${shown(values)}`);
}
