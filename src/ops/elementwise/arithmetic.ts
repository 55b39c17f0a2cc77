// Exact arithmetic on single elements, by type: numbers as IEEE doubles rounded when they are stored, int64 as bigints that wrap.

import { BinaryKind } from '../../../assembly/opcodes.ts';
import { LanewiseError } from '../../errors.ts';
import type { DataType } from '../../graph/tensor.ts';
import { type Element, isBig, isFloat } from '../elements.ts';

type Named = { readonly name: string };

/** What a node computes of two elements; the float32 kinds of the kernels but Mod and Pow (more/powers.ts), for every type. */
export function arithmetic(node: Named, kind: BinaryKind, type: DataType): (a: Element, b: Element) => Element {
  return functionOf(node, kind, type) as (a: Element, b: Element) => Element;
}

/** The operators of JavaScript work on two numbers as on two bigints, so that the types tell numbers only. */
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
    // PRelu.
    default:
      return (a, b) => (a < 0 ? a * b : a);
  }
}

/** Not Math.min and Math.max, which take no bigints. */
const pick = (first: boolean, a: number, b: number): number => (first ? a : b);

/** @throws LanewiseError INVALID_INPUT */
export function divisor(node: Named, value: number): number {
  if (!value) throw new LanewiseError('INVALID_INPUT', `node '${node.name}': a whole number is divided by 0`);
  return value;
}
