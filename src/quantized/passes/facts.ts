// What the passes ask about networks with QuantizeLinear (Q) and DequantizeLinear (DQ).

import { origins } from '../../compiler/bind.ts';
import { as, type Network, type Patch } from '../../compiler/network.ts';
import { product } from '../../graph/dims.ts';
import { arrayTypes, type DataType } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { clip, relu } from '../../ops/elementwise/relu.ts';
import type { Node } from '../../ops/operator.ts';
import { constantValue, output } from '../../ops/shapes.ts';
import { type Quantization, quantizationOf } from '../byte.ts';
import { dequantizeLinear } from '../ops/dequantizeLinear.ts';
import { quantizeLinear } from '../ops/quantizeLinear.ts';
import { rangeOf as limitsOf, saturated } from '../rounding.ts';
import { isByte, isSingle, numberOf } from '../scales.ts';

/** A rewriting rule: a patch at a node, if there is one. */
export type Rule = (node: Node, network: Network) => Patch | undefined;

/** Bytes that stand for (byte - zero) · scale; both are constants of one number. */
export interface Bytes {
  readonly value: Value;
  readonly scale: Value;
  readonly zero: Value | undefined;
}

export const meaningOf = ({ value, scale, zero }: Bytes): Quantization => quantizationOf(value.type, scale, zero);

/** Whether bytes mean the same. */
export const isAlike = (a: Bytes, b: Bytes): boolean => JSON.stringify(meaningOf(a)) === JSON.stringify(meaningOf(b));

/** A scale that numbers can be divided by and keep their order. */
const isPlain = (scale: number): boolean => scale > 0 && scale < Number.POSITIVE_INFINITY;

function bytesOf(value: Value | undefined, [, scale, zero]: Node['inputs']): Bytes | undefined {
  if (!value || !isByte(value) || !scale?.constant || !isSingle(scale) || (zero && !zero.constant)) return undefined;
  return isPlain(numberOf(scale)) ? { value, scale, zero } : undefined;
}

/** The bytes that a DQ makes a value of, whose scale and zero point are known. Of constants too. */
export function dequantized(value: Value | undefined, network: Network): Bytes | undefined {
  const node = value && as<unknown>(network.producer(value) ?? origins.get(value), dequantizeLinear);
  return node && bytesOf(node.inputs[0], node.inputs);
}

/** The bytes that a Q makes, if its scale and zero point are known. */
export function quantized(node: Node | undefined): Bytes | undefined {
  const found = as(node, quantizeLinear);
  const { to, block } = found?.attributes ?? {};
  // Numbers of two and four bits are bytes with other limits.
  return found && !block && !/[24]$/.test(to ?? '') ? bytesOf(output(found), found.inputs) : undefined;
}

/** The only node that reads a value. */
export function readerOf(value: Value, network: Network): Node | undefined {
  const readers = network.readers(value);
  return readers.length === 1 && !network.outputs.includes(value) ? readers[0] : undefined;
}

/** What stands between a node and what reads it: a clamp perhaps, then perhaps a Q. */
export interface Following {
  /** The nodes that can become part of the one before. */
  readonly nodes: readonly Node[];
  readonly clamp: Clamped['clamp'];
  /** What the last of them makes. */
  readonly value: Value;
  /** The same, if it is a Q. */
  readonly bytes: Bytes | undefined;
}

/** @param takesQ whether a Q counts */
export function following(value: Value, network: Network, takesQ = true): Following {
  const first = readerOf(value, network);
  const clamped = first?.inputs.length === 1 ? as(first, relu, clip) : undefined;
  const after = clamped ? output(clamped) : value;
  const next = readerOf(after, network);
  const bytes = takesQ ? quantized(next) : undefined;
  return {
    nodes: [...(clamped ? [first as Node] : []), ...(bytes ? [next as Node] : [])],
    clamp: clamped?.attributes.clamp,
    value: bytes?.value ?? after,
    bytes,
  };
}

/** A patch that also removes the DQs which nobody else reads. */
export function replace(network: Network, nodes: readonly Node[], insert: readonly Node[], rename?: Patch['rename']): Patch {
  const gone = new Set(nodes);
  const unread = nodes
    .flatMap(({ inputs }) => inputs)
    .flatMap((value) => (value && as<unknown>(network.producer(value), dequantizeLinear)) ?? [])
    .filter((node) => network.readers(output(node)).every((reader) => gone.has(reader)) && !network.outputs.includes(output(node)));
  return { remove: [...new Set([...unread, ...nodes])], insert, ...(rename && { rename }) };
}

/** A node of an operator in the place of another. */
export const nodeOf = <A>(
  like: Node,
  op: Node<A>['op'],
  attributes: A,
  inputs: Node['inputs'],
  outputs: readonly Value[],
  name = like.name,
): Node => ({ op, name, attributes, inputs, outputs, outputCount: outputs.length, declaredOutputs: outputs.length }) as Node;

/** The zero point as a constant, which files may leave out. */
export function zeroOf({ value, zero }: Bytes): Value {
  return zero ?? numbersValue(JSON.stringify([0, value.type]), value.type, [0], true);
}

/** A constant list of whole numbers. */
export const numbersValue = (name: string, type: DataType, numbers: readonly number[], fixed?: boolean): Value =>
  constantValue({ name, type, dims: [numbers.length], read: () => (arrayTypes[type] as Int32ArrayConstructor).from(numbers) }, name, fixed);

/** A constant list of float32 numbers. */
export const floats = (name: string, numbers: readonly number[], fixed?: boolean): Value => numbersValue(name, 'float32', numbers, fixed);

/** The byte that a Q makes of a number. */
export const byteOf = (x: number, { type, scale, zero }: Quantization): number =>
  saturated(Math.fround(Math.fround(x) / scale), zero, limitsOf(type));

/** What a clamp leaves of bytes: it may follow the Q, because the Q keeps the order. */
export const rangeOf = (clamp: Clamped['clamp'], to: Bytes): readonly [number, number] | undefined => {
  const meaning = meaningOf(to);
  return clamp && [byteOf(clamp[0], meaning), byteOf(clamp[1], meaning)];
};

/** Whether a value has one number for each channel along dimension 1 of `rank` dimensions (the last, if it is a matrix), or one. */
export function isPerChannel({ dims }: Value, channels: number, axis: number, rank: number): boolean {
  const missing = rank - dims.length;
  const count = product(dims);
  return missing >= 0 && (count === 1 || (count === channels && dims[axis - missing] === channels));
}
