// Exact arithmetic on single elements, by type: numbers are IEEE doubles, rounded when they are stored, int64 as bigints
// that wrap.

import { BinaryKind } from '../../../assembly/opcodes.ts';
import { LanewiseError } from '../../errors.ts';
import type { DataType } from '../../graph/tensor.ts';
import { type Element, isBig, isFloat } from '../elements.ts';

type Named = { readonly name: string };

/** The function of two elements by kind, for every type: the kernels' float32 kinds, except Mod and Pow (more/powers.ts). */
export function arithmetic(node: Named, kind: BinaryKind, type: DataType): (a: Element, b: Element) => Element {
  return functionOf(node, kind, type) as (a: Element, b: Element) => Element;
}

/** JavaScript's operators work on two numbers and on two bigints, so the types say number only. */
function functionOf(node: Named, kind: BinaryKind, type: DataType): (a: number, b: number) => Element {
  const big = isBig(type);
  const whole = !isFloat(type);
  switch (kind) {
    case BinaryKind.Add:
      return (a, b) => a + b;
    case BinaryKind.Sub:
      return (a, b) => a - b;
    case BinaryKind.Mul:
      return type === 'int32' || type === 'uint32' ? Math.imul : (a, b) => a * b;
    case BinaryKind.Div:
      if (big) return (a, b) => a / divisor(node, b);
      return whole ? (a, b) => Math.trunc(a / divisor(node, b)) : (a, b) => a / b;
    case BinaryKind.Min:
      return big ? (a, b) => pick(a < b, a, b) : Math.min;
    case BinaryKind.Max:
      return big ? (a, b) => pick(a > b, a, b) : Math.max;
    // The kind of PRelu.
    default:
      return (a, b) => (a < 0 ? a * b : a);
  }
}

/** Math.min and Math.max take no bigints. */
const pick = (first: boolean, a: number, b: number): number => (first ? a : b);

/** @throws LanewiseError INVALID_INPUT */
export function divisor(node: Named, value: number): number {
  if (!value) throw new LanewiseError('INVALID_INPUT', `node '${node.name}': a whole number is divided by 0`);
  return value;
}
