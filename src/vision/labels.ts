import { LanewiseError } from '../errors.ts';

/**
 * The class names in a Hugging Face config.json, by index, from its `id2label`.
 * @param json the parsed file
 * @param what names the file in the error
 * @throws LanewiseError INVALID_FILE where there is no `id2label` with texts for 0, 1, 2 ...
 */
export function labelsFromConfig(json: unknown, what = 'config.json'): string[] {
  const id2label = (json as { id2label?: unknown } | null | undefined)?.id2label;
  if (typeof id2label !== 'object' || id2label === null) {
    throw new LanewiseError('INVALID_FILE', `${what} has no "id2label", an object such as {"0": "airplane", "1": "automobile"}`);
  }
  const labels = id2label as Record<string, unknown>;
  return Array.from({ length: Object.keys(labels).length }, (_, i) => {
    const label = Object.hasOwn(labels, i) ? labels[i] : undefined;
    if (typeof label !== 'string') {
      throw new LanewiseError('INVALID_FILE', `"id2label" in ${what} gives a text for each class from 0 on, got ${label} for ${i}`);
    }
    return label;
  });
}

/**
 * The `k` largest values with their places, largest first; equal values by the lower index, NaN last. Fewer where there are fewer values.
 * @throws LanewiseError INVALID_INPUT where `k` is not a whole number from 0 on
 */
export function topK(values: ArrayLike<number | bigint>, k: number): { index: number; value: number }[] {
  if (!Number.isSafeInteger(k) || k < 0) throw new LanewiseError('INVALID_INPUT', `k is a whole number from 0 on, got ${k}`);
  return Array.from(values, (value, index) => ({ index, value: Number(value) }))
    .sort((a, b) => Number(Number.isNaN(a.value)) - Number(Number.isNaN(b.value)) || Math.sign(b.value - a.value) || a.index - b.index)
    .slice(0, k);
}

/**
 * Scores (logits) as shares of 1, for display: `Math.exp` may differ between engines in the last bit. NaN anywhere, or an infinite
 * largest value, makes every share NaN.
 */
export function softmax(values: ArrayLike<number | bigint>): Float32Array {
  const exact = Float64Array.from(values as ArrayLike<number>, Number);
  // Without the largest, exp would overflow.
  const max = exact.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const powers = exact.map((value) => Math.exp(value - max));
  const sum = powers.reduce((a, b) => a + b, 0);
  return Float32Array.from(powers, (power) => power / sum);
}
