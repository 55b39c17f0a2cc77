// What the operators of integers have in common: scales, zero points, and bytes that are signed or not.

import { product } from '../graph/dims.ts';
import type { DataType } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import type { OpenNode } from '../ops/operator.ts';
import { invalid } from '../ops/shapes.ts';

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
