import { as } from '../../compiler/network.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { Constant } from '../../graph/graph.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { partOf } from '../../ops/more/quantize/dequantizeLinear.ts';
import { constantValue } from '../../ops/shapes.ts';
import { convInteger } from '../ops/convInteger.ts';
import { dynamicQuantizeLinear } from '../ops/dynamicQuantizeLinear.ts';
import { lessZero } from '../weights.ts';
import { nodeOf, type Rule, readerOf, zeroOf } from './facts.ts';

interface Split {
  /** int8, [M, C + k, ...], without a zero point. */
  readonly weights: Value;
  /** The input channels that the last k are of; the weights of those that are left of the k are 0. */
  readonly again: readonly number[];
}

/** What weights have become, by the int16 ones: plans for other shapes need it again. */
const known = new WeakMap<Constant, Split | undefined>();

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
  if ([w, zero].some((value) => network.readers(value).length > 1)) return undefined;
  const less = lessZero(w, zero, 0);
  if (less.type !== 'int16') return undefined;
  const source = less.constant as Constant;
  if (!known.has(source)) known.set(source, split(less, w));
  const found = known.get(source);
  if (!found) return undefined;
  const { weights, again } = found;
  const dims = x.dims.with(1, at(weights.dims, 1));
  const bytes = { ...x, name: `${x.name} of ${dims[1]}`, dims };
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

const within = (weight: number): number => Math.max(-128, Math.min(weight, 127));

/** @param less int16 [M, C, ...] @param w what it was; the names and the order of its weights are kept */
function split(less: Value, w: Value): Split | undefined {
  const [filters = 0, channels = 0, ...kernel] = less.dims;
  const taps = product(kernel);
  const size = channels * taps;
  const far = new Set<number>();
  for (let m = 0; m < filters; m++) {
    const row = partOf(less, m * size, (m + 1) * size);
    for (let i = 0; i < size; i++) {
      const rest = (row[i] as number) - within(row[i] as number);
      if (rest) far.add(Math.floor(i / taps));
      // A weight of 255.
      if (rest > 127) return undefined;
    }
  }
  const again = [...far].sort((a, b) => a - b);
  const dims = [filters, channels + Math.ceil(again.length / 8) * 8, ...kernel];
  if (at(dims, 1) > 1.5 * channels) return undefined;
  const all = at(dims, 1) * taps;
  const fill = (target: TypedArray, from: number) => {
    const whole = new Int8Array(all);
    for (let m = Math.floor(from / all); m * all < from + target.length; m++) {
      const row = partOf(less, m * size, (m + 1) * size) as Int16Array;
      for (let i = 0; i < size; i++) whole[i] = within(row[i] as number);
      for (let j = 0; j < again.length * taps; j++) {
        const i = (again[Math.floor(j / taps)] as number) * taps + (j % taps);
        whole[size + j] = (row[i] as number) - (whole[i] as number);
      }
      const begin = m * all - from;
      (target as Int8Array).set(whole.subarray(Math.max(0, -begin), Math.min(all, target.length - begin)), Math.max(0, begin));
    }
  };
  const read = () => {
    const y = new Int8Array(filters * all);
    fill(y, 0);
    return y;
  };
  const name = `${w.name} of ${dims[1]}`;
  return { weights: constantValue({ name, type: 'int8', dims, read, fill }, name, less.fixed), again };
}
