import { origins } from '../../compiler/bind.ts';
import { as, type Network, type Patch } from '../../compiler/network.ts';
import { affineOf } from '../../compiler/passes/foldAffine.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import { add } from '../../ops/elementwise/binary.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { type GemmAttributes, gemm } from '../../ops/gemm/gemm.ts';
import { matMul } from '../../ops/gemm/matmul.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import { output, resolveAxis } from '../../ops/shapes.ts';
import { conv } from '../../ops/window/conv.ts';
import { convTranspose } from '../../ops/window/convTranspose.ts';
import { qLinearConv } from '../ops/conv.ts';
import { dequantizeLinear } from '../ops/dequantizeLinear.ts';
import { convIntegerToFloat, convTransposeIntegerToFloat, matMulIntegerToFloat, qMatMul } from '../ops/products.ts';
import { isByte, isSingle, numbersOf } from '../scales.ts';
import { lessZero } from '../weights.ts';
import {
  type Bytes,
  dequantized,
  floats,
  following,
  isPerChannel,
  meaningOf,
  nodeOf,
  numbersValue,
  type Rule,
  rangeOf,
  readerOf,
  replace,
  zeroOf,
} from './facts.ts';

/**
 * A convolution or a dense layer of bytes by constant integers becomes one of integers: with bytes as its output if a Q follows
 * (behind a clamp perhaps, which becomes limits of the bytes), else with float32.
 */
export const fuseProducts: Rule = (node, network) => fused(node, network, true) ?? fused(node, network, false);

/** @param takesAffine whether factors and addends of channels that follow become part of it, a batch-norm's for example */
function fused(node: Node, network: Network, takesAffine: boolean): Patch | undefined {
  const found = as(node, conv);
  const transposed = as(node, convTranspose);
  const dense = as<Partial<GemmAttributes>>(node, gemm, matMul);
  const { transA, transB = false, alpha = 1, beta = 1 } = dense?.attributes ?? {};
  if ((!dense && !found && transposed?.attributes.group !== 1) || transA || alpha !== 1 || (beta !== 1 && node.inputs[2])) return undefined;
  const x = dequantized(node.inputs[0], network);
  const axis = transposed || (dense && !transB) ? 1 : 0;
  const weights = x && weightsOf(node.inputs[1], axis);
  if (!x || !weights || (dense && weights.value.dims.length !== 2)) return undefined;
  const channels = at(weights.value.dims, axis);

  // A matrix product takes its bias from a sum behind it.
  let [last, bias] = [node, node.inputs[2]];
  const sum = as(node, matMul) && as(readerOf(output(node), network), add);
  const [addend] = sum?.inputs.filter((value) => value?.constant) ?? [];
  if (
    sum &&
    addend &&
    isPerChannel(addend, channels, 1, 2) &&
    sum.attributes.axis === undefined &&
    output(sum).dims.length === output(node).dims.length
  )
    [last, bias] = [sum as Node, addend];
  if (bias && !(bias.constant && isPerChannel(bias, channels, bias.dims.length - 1, bias.dims.length))) return undefined;

  const [factors, addends] = [new Array<number>(channels).fill(1), new Array<number>(channels).fill(0)];
  const [before, affines, constants] = [last, [] as Node[], [] as (Value | undefined)[]];
  while (takesAffine && (!dense || output(last).dims.length === 2)) {
    const next = readerOf(output(last), network);
    const affine = next && affineOf(next, output(last));
    if (!affine || (next.attributes as Clamped).clamp) break;
    const [a, b] = [affine.scale?.(), affine.shift?.()];
    for (let i = 0; i < channels; i++) {
      factors[i] = at(factors, i) * (a?.[i] ?? 1);
      addends[i] = at(addends, i) * (a?.[i] ?? 1) + (b?.[i] ?? 0);
    }
    affines.push(next);
    constants.push(...affine.from);
    last = next;
  }
  if (takesAffine && affines.length === 0) return undefined;

  const xScale = meaningOf(x).scale;
  const wScales = numbersOf(weights.scale);
  const factored = affines.length ? factors.map((factor, i) => Math.fround(numberAt(wScales, i) * factor)) : wScales;
  const scales = factored.map((scale) => Math.fround(xScale * scale));
  const given = bias && numbersIn(bias, channels);
  const shifts = given || affines.length ? addends.map((addend, i) => (given?.[i] ?? 0) * at(factors, i) + addend) : undefined;
  // In units of the sums, x scale · w scale. Rounded it is wrong by half a unit, which is far less than half a step of the output,
  // because outputs are as large as sums of many products. One that was made of integers in that unit is whole.
  const exact = shifts?.map((shift, i) => shift / numberAt(scales, i));
  const whole = exact?.map(Math.round);
  const { bytes: followed } = following(output(last), network);
  const steps = followed ? scales.map((scale) => Math.fround(scale / meaningOf(followed).scale)) : scales;
  // Bytes less their zero point are up to 255.
  const most = (product(weights.value.dims) / channels) * 255 * 255;
  if (!fits([...scales, ...steps], most, whole)) return undefined;
  const isClose = !exact?.some((sum, i) => Math.abs((sum - Math.round(sum)) * numberAt(steps, i)) > MOST_ERROR);
  const { nodes, clamp, bytes, value } = following(output(last), network, isClose && !transposed);

  const removed = [...new Set([node, before, ...affines, ...nodes])];
  const [from, zero, fixed] = [
    x.value,
    zeroOf(x),
    [weights.value, weights.scale, x.scale, bias, ...constants].every((value) => !value || value.fixed),
  ];
  const nameOf = (kind: string) =>
    JSON.stringify([kind, bias?.name, weights.value.name, weights.scale.name, x.scale.name, affines.length && output(last).name]);
  if (bytes) {
    const integers = whole && numbersValue(nameOf('int32'), 'int32', whole, fixed);
    const wScale = affines.length ? floats(nameOf('w scale'), factored, fixed) : weights.scale;
    const inputs = [from, x.scale, zero, weights.value, wScale, zeroOf(weights), bytes.scale, zeroOf(bytes), integers];
    const range = rangeOf(clamp, bytes);
    return replace(network, removed, [
      found
        ? nodeOf(node, qLinearConv as Operator, { ...found.attributes, range }, inputs, [value])
        : nodeOf(node, qMatMul, { transB, range }, inputs, [value]),
    ]);
  }
  const shift = shifts && floats(nameOf('bias'), shifts, fixed);
  const scale = floats(nameOf('scale'), scales, fixed);
  if (transposed) {
    const inputs = [from, lessZero(weights.value, weights.zero, 1), shift, zero, scale];
    return replace(network, removed, [nodeOf(node, convTransposeIntegerToFloat, { ...transposed.attributes, clamp }, inputs, [value])]);
  }
  const inputs = [from, zero, weights.value, weights.zero, scale, shift];
  return replace(network, removed, [
    found
      ? nodeOf(node, convIntegerToFloat, { ...found.attributes, clamp }, inputs, [value])
      : nodeOf(node, matMulIntegerToFloat, { transB, clamp }, inputs, [value]),
  ]);
}

/** A list of one number, or one for each channel. */
const numberAt = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i] as number;

/** The bytes that constant weights were made of, with one scale and zero point, or one for each index of an axis. */
function weightsOf(value: Value | undefined, axis: number): Bytes | undefined {
  const node = value && as(origins.get(value), dequantizeLinear);
  const [from, scale, zero] = node?.inputs ?? [];
  if (!node || !from || !isByte(from) || !scale) return undefined;
  if (node.attributes.block || (!isSingle(scale) && resolveAxis(node, node.attributes.axis, from.dims.length) !== axis)) return undefined;
  return { value: from, scale, zero };
}

/** How much of a step of the output the rounding of a bias to a whole number of units may change. */
const MOST_ERROR = 1 / 32;

/** The numbers of a bias, as exact as the file has them. */
function numbersIn(bias: Value, channels: number): number[] {
  const node = as(origins.get(bias), dequantizeLinear);
  const [from, scale, zero] = node?.inputs ?? [];
  const isWhole = from?.type === 'int32' && scale && !(zero && numbersOf(zero).some(Boolean));
  const [numbers, units] = isWhole ? [numbersOf(from), numbersOf(scale)] : [numbersOf(bias), [1]];
  return Array.from({ length: channels }, (_, i) => numberAt(numbers, i) * numberAt(units, i));
}

/** Whether the sums fit int32, and their scales float32 with all digits; else the layer stays float32. */
function fits(scales: readonly number[], most: number, bias: readonly number[] = [0]): boolean {
  const least = 2 ** -126;
  const plain = (scale: number) => Math.abs(scale) >= least && Math.abs(scale) < 1 / least;
  return scales.every(plain) && bias.every((sum) => Math.abs(sum) + most < 2 ** 31);
}
