// What the operators of integers have in common: scales, zero points, and bytes that are signed or not.

import { product } from '../graph/dims.ts';
import type { DataType } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import type { Lowering, OpenNode } from '../ops/operator.ts';
import { invalid } from '../ops/shapes.ts';
import type { Pointer } from '../plan/place.ts';

/** The bits that kernels flip in each byte, so that all are unsigned inside: see assembly/opcodes-quantized.ts. */
export const flipOf = (type: DataType): number => (type === 'int8' ? 0x80808080 | 0 : 0);

/** A zero point of a type, as kernels have it: of the unsigned number. */
export const unsigned = (zero: number, type: DataType): number => (type === 'int8' ? zero + 128 : zero);

export const isByte = ({ type }: { readonly type: DataType }): boolean => type === 'uint8' || type === 'int8';

/** Whether a value is one number. */
export const isSingle = ({ dims }: { readonly dims: readonly number[] }): boolean => product(dims) === 1;

/** The numbers of a constant. */
export const numbersOf = (value: Value): number[] => Array.from(value.constant?.read() ?? [], Number);

/** The number of a constant, or of one that is left out. */
export const numberOf = (value: Value | undefined, fallback = 0): number => (value ? Number(value.constant?.read()[0]) : fallback);

/** @throws LanewiseError INVALID_MODEL unless the zero point has the type and shape that fit */
export function checkZero(node: OpenNode<unknown>, zero: Value | undefined, type: DataType, scale: Value): void {
  if (zero && (zero.type !== type || product(zero.dims) !== product(scale.dims))) {
    throw invalid(node, `its zero point '${zero.name}' is ${zero.type} [${zero.dims}], expected ${type} [${scale.dims}]`);
  }
}

/** @throws LanewiseError INVALID_MODEL unless the values are of bytes */
export function checkBytes(node: OpenNode<unknown>, ...values: readonly (Value | undefined)[]): void {
  for (const value of values) if (value && !isByte(value)) throw invalid(node, `'${value.name}' is ${value.type}, expected uint8 or int8`);
}

/** @throws LanewiseError INVALID_MODEL unless a zero point or a scale has the type and one of the counts */
export function checkCount(node: OpenNode<unknown>, value: Value | undefined, type: DataType, ...counts: readonly number[]): void {
  if (!value || (value.type === type && counts.includes(product(value.dims)))) return;
  const expected = `${type} with ${[...new Set(counts)].join(' or ')} elements`;
  throw invalid(node, `'${value.name}' is ${value.type} [${value.dims}], expected ${expected}`);
}

/** The zero point that a kernel subtracts: a number if it is known, else where it is. */
export const zeroOf = (lowering: Lowering, zero: Value | undefined): number | Pointer =>
  zero && !zero.constant ? lowering.place(zero).pointer : numberOf(zero);

/** float32(float32(x · w) / y), by which sums are multiplied. */
export const multiplier = (x: number, w: number, y: number): number => Math.fround(Math.fround(x * w) / y);

/** @throws LanewiseError INVALID_MODEL unless the scale is one float32 number, and the zero point fits it */
export function checkScale(node: OpenNode<unknown>, scale: Value, zero: Value | undefined, type: DataType): void {
  checkCount(node, scale, 'float32', 1);
  checkZero(node, zero, type, scale);
}
