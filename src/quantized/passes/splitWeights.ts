import { as } from '../../compiler/network.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { Constant } from '../../graph/graph.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { partOf } from '../../ops/more/quantize/dequantizeLinear.ts';
import { convInteger } from '../ops/convInteger.ts';
import { dynamicQuantizeLinear, widened } from '../ops/dynamicQuantizeLinear.ts';
import { numbersOf } from '../scales.ts';
import { filled } from '../weights.ts';
import { nodeOf, type Rule, readerOf, zeroOf } from './facts.ts';

interface Split {
  /** int8, [M, C + 8, ...], without a zero point. */
  readonly weights: Value;
  /** The input channels that the last eight are of. */
  readonly again: readonly number[];
}

/** Channels that an instruction stores once more, and channels in all that it can do that for: see f32_quantize. */
const AGAIN = 8;
const MOST_CHANNELS = 4096;

/** What weights have become, and by which zero points: plans for other shapes need it again. */
const known = new WeakMap<Constant, { readonly zero: Constant; readonly split: Split | undefined }>();

/**
 * Weights whose zero point leaves them more than int8 holds, a few of them, as int8: those channels are there twice, and what is
 * beyond int8 is with the second. So there is half as much to read, and the fast kernels take them.
 */
export const splitWeights: Rule = (node, network) => {
  const [x, ...range] = node.outputs;
  if (!as(node, dynamicQuantizeLinear) || !x) return undefined;
  const conv = as(readerOf(x, network), convInteger);
  const [, w, , zero] = conv?.inputs ?? [];
  if (!w?.constant || !zero?.constant || conv?.attributes.group !== 1) return undefined;
  if ([w, zero].some((value) => readerOf(value, network) !== conv)) return undefined;
  const last = known.get(w.constant);
  const found = last?.zero === zero.constant ? last : { zero: zero.constant, split: split(w, zero) };
  known.set(w.constant, found);
  if (!found.split) return undefined;
  const { weights, again } = found.split;
  const bytes = { ...x, name: `${x.name} for '${weights.name}'`, dims: widened(x.dims, again) };
  return {
    remove: [node],
    insert: [nodeOf(node, dynamicQuantizeLinear, { again }, node.inputs, [bytes, ...range])],
    rename: new Map([
      [x, bytes],
      [w, weights],
      [zero, zeroOf({ value: weights, scale: w, zero: undefined })],
    ]),
  };
};

/** @param w [M, C, ...] @param zero one, or one for each of M */
function split(w: Value, zero: Value): Split | undefined {
  const [filters = 0, channels = 0, ...kernel] = w.dims;
  const taps = product(kernel);
  const size = channels * taps;
  const zeros = numbersOf(zero);
  const far = new Set<number>();
  for (let m = 0; m < filters; m++) {
    const row = partOf(w, m * size, (m + 1) * size) as Uint8Array;
    const least = (zeros[m % zeros.length] as number) - 128;
    for (let i = 0; i < size; i++) {
      const above = (row[i] as number) - least;
      // Of 255 more is left than int8 holds.
      if (above > 382) return undefined;
      if (above > 255 || above < 0) far.add(Math.floor(i / taps));
    }
  }
  if (far.size === 0 || far.size > AGAIN || channels < 2 * AGAIN || channels > MOST_CHANNELS) return undefined;
  // More channels than have to be there twice have weights of 0 then.
  const again = Array.from({ ...[...far], length: AGAIN }, (channel: number | undefined) => channel ?? 0);
  const dims = widened(w.dims, again);
  const all = at(dims, 1) * taps;
  const fill = (target: TypedArray, from: number) => {
    const whole = new Int8Array(all);
    const first = Math.floor(from / all);
    const part = partOf(w, first * size, Math.ceil((from + target.length) / all) * size) as Uint8Array;
    for (let row = 0, m = first; row < part.length; row += size, m++) {
      const zero = zeros[m % zeros.length] as number;
      for (let i = 0; i < size; i++) whole[i] = (part[row + i] as number) - zero;
      // What int8 cannot hold is in these channels.
      for (let j = 0; j < far.size * taps; j++) {
        const i = (again[Math.floor(j / taps)] as number) * taps + (j % taps);
        const weight = (part[row + i] as number) - zero;
        whole[i] = Math.max(-128, Math.min(weight, 127));
        whole[size + j] = weight - (whole[i] as number);
      }
      const begin = m * all - from;
      (target as Int8Array).set(whole.subarray(Math.max(0, -begin), Math.min(all, target.length - begin)), Math.max(0, begin));
    }
  };
  return { weights: filled(`${w.name} less '${zero.name}'`, 'int8', dims, fill, w.fixed && zero.fixed !== false), again };
}
