// Exact arithmetic on single elements, by type: numbers as IEEE doubles rounded when they are stored, int64 as bigints that wrap.

import { BinaryKind } from '../../assembly/opcodes.ts';
import { LanewiseError } from '../errors.ts';
import type { DataType } from '../graph/tensor.ts';
import { type Element, isBig, isFloat } from './elements.ts';
import { exp, log } from './exact.ts';

type Named = { readonly name: string };

/** What a node computes of two elements; the float32 kinds of the kernels, for every type. */
export function arithmetic(node: Named, kind: BinaryKind, type: DataType, fmod = true): (a: Element, b: Element) => Element {
  return functionOf(node, kind, type, fmod) as (a: Element, b: Element) => Element;
}

/** The operators of JavaScript work on two numbers as on two bigints, so that the types tell numbers only. */
function functionOf(node: Named, kind: BinaryKind, type: DataType, fmod: boolean): (a: number, b: number) => Element {
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
    case BinaryKind.PRelu:
      return (a, b) => (a < 0 ? a * b : a);
    case BinaryKind.Mod:
      if (!whole) return (a, b) => a % b;
      return (a, b) => {
        const rest = a % divisor(node, b);
        return fmod || !rest || rest < 0 === b < 0 ? rest : rest + b;
      };
    case BinaryKind.Pow:
      if (!whole) return power;
      return (a, b) => {
        const result = bigPower(BigInt(a), BigInt(b));
        return big ? result : Number(BigInt.asIntN(32, result));
      };
  }
}

/** Not Math.min and Math.max, which take no bigints. */
const pick = (first: boolean, a: number, b: number): number => (first ? a : b);

/** Only the last 64 bits count; a negative power of a whole number is cut to 0, or to what 1 and -1 give. */
function bigPower(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) return base === 1n || base === -1n ? base ** (-exponent % 2n) : 0n;
  let result = 1n;
  for (let power = base, left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = BigInt.asIntN(64, result * power);
    power = BigInt.asIntN(64, power * power);
  }
  return result;
}

/** By repeated multiplication or e^(exponent·log), which every engine rounds alike; Math.pow they do not. */
function power(base: number, exponent: number): number {
  // Of -infinity it is infinity and of -0 it is 0, as IEEE 754's pow has it.
  if (exponent === 0.5) return Math.sqrt(base === Number.NEGATIVE_INFINITY ? -base : base + 0);
  if (!Number.isInteger(exponent) || Math.abs(exponent) > 1024) {
    const size = base === 1 || (base === -1 && !Number.isNaN(exponent)) ? 1 : exp(exponent * log(Math.abs(base)));
    if (!(base < 0) || !Number.isFinite(base) || !Number.isFinite(exponent)) return size;
    return Number.isInteger(exponent) ? (exponent % 2 === 0 ? size : -size) : Number.NaN;
  }
  let result = 1;
  for (let power = base, left = Math.abs(exponent); left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= power;
    power *= power;
  }
  return exponent < 0 ? 1 / result : result;
}

/** @throws LanewiseError INVALID_INPUT */
function divisor(node: Named, value: number): number {
  if (!value) throw new LanewiseError('INVALID_INPUT', `node '${node.name}': a whole number is divided by 0`);
  return value;
}
