// Pow and Mod.

import { BinaryKind, UnaryKind } from '../../../../assembly/opcodes.ts';
import type { DataType } from '../../../graph/tensor.ts';
import type { Value } from '../../../graph/value.ts';
import { convert, type Element, isBig, isFloat, mapElements } from '../../elements.ts';
import { divisor } from '../../elementwise/arithmetic.ts';
import {
  aligned,
  alignedDims,
  type BinaryAttributes,
  binary,
  broadcastAll,
  elementsOf,
  elementwise,
  numbers,
  operandOf,
} from '../../elementwise/binary.ts';
import { emitBinary, emitClamp, emitUnary, type Operand, operand } from '../../emit.ts';
import { exp, log } from '../../exact.ts';
import { rowMajor } from '../../layouts.ts';
import type { Lowering, Node, OpenNode, Operator } from '../../operator.ts';
import { input, invalid, output } from '../../shapes.ts';
import { stridesOf } from '../../strides.ts';

/** Only the last 64 bits count; a negative power of an integer is cut to 0, except for powers of 1 and -1. */
function bigPower(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) return base === 1n || base === -1n ? base ** (-exponent % 2n) : 0n;
  let result = 1n;
  for (let power = base, left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = BigInt.asIntN(64, result * power);
    power = BigInt.asIntN(64, power * power);
  }
  return result;
}

/** By repeated multiplication or e^(exponent·log), which every engine rounds alike; Math.pow differs. */
function power(base: number, exponent: number): number {
  // pow gives infinity for -infinity and 0 for -0 (IEEE 754); sqrt does not.
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

/** A constant exponent of another type is converted. */
function kernelOperand(value: Value, lowering: Lowering): Operand {
  if (value.type === 'float32') return operandOf(value, lowering);
  const data = value.constant?.read();
  if (data) {
    const pointer = lowering.table(Float32Array.from(data as Float32Array, Number));
    return { dims: value.dims, pointer, strides: stridesOf('rowMajor', value.dims, 4) };
  }
  throw new Error(`'${value.name}' should be float32 by now`);
}

/** An exponent of another type that is computed at run time. */
const isMixed = ({ inputs: [, exponent] }: OpenNode<unknown>): boolean => exponent?.type !== 'float32' && !exponent?.constant;

/** The powers that networks use. */
function lowerPower(node: Node<BinaryAttributes>, lowering: Lowering, output: Operand): boolean {
  const exponent = input(node, 1);
  if (!exponent.constant || exponent.dims.some((dim) => dim !== 1) || input(node, 0).dims.length < exponent.dims.length) return false;
  const x = operandOf(input(node, 0), lowering);
  const power = Number(exponent.constant.read()[0]);
  if (power === 2) emitBinary(lowering, BinaryKind.Mul, output, x, x, node.attributes);
  else if (power === 0.5 && !node.attributes.clamp) emitUnary(lowering, UnaryKind.Sqrt, output, x);
  else return false;
  return true;
}

const common = binary({ name: 'Pow', kind: BinaryKind.Pow });

/** ONNX Pow: x to the power of an exponent, which may be of another type. */
export const pow: Operator<BinaryAttributes> = {
  ...common,
  types: ['float32', 'any'],
  inferShape: (node) => [numbers(node, broadcastAll(node, { sameType: false }))],
  evaluate(node, data) {
    const { type, dims } = output(node);
    const from = node.inputs[1]?.type ?? type;
    // An integer to a fractional power is computed in floating point.
    const broken = from.startsWith('float') && !type.startsWith('float');
    const f = powerOf(type);
    const compute = (a: Element, b: Element) =>
      broken ? convert(power(Number(a), Number(b)), 'float64', type) : f(a, from === type ? b : convert(b, from, type));
    return [mapElements(type, dims, elementsOf(node, data), compute)];
  },
  layout: (node) => (isMixed(node) ? rowMajor() : elementwise.layout()),
  lower(node, lowering) {
    const y = output(node);
    const target = operand(y.dims, lowering.define(y));
    if (isMixed(node)) {
      lowering.evaluate(node as Node);
      if (node.attributes.clamp) emitClamp(lowering, target, target, node.attributes);
      return;
    }
    if (lowerPower(node, lowering, target)) return;
    const [x, exponent] = node.inputs.map((value, i) => aligned(kernelOperand(value as Value, lowering), alignedDims(node, i)));
    emitBinary(lowering, BinaryKind.Pow, target, x as Operand, exponent as Operand, node.attributes);
  },
};

const powerOf = (type: DataType): ((a: Element, b: Element) => Element) => {
  if (isFloat(type)) return power as (a: Element, b: Element) => Element;
  return (a, b) => {
    const result = bigPower(BigInt(a), BigInt(b));
    return isBig(type) ? result : Number(BigInt.asIntN(32, result));
  };
};

type ModAttributes = BinaryAttributes & { readonly fmod: boolean };

const remainder = binary({
  name: 'Mod',
  kind: BinaryKind.Mod,
  since: 10,
  elements(node, type) {
    const { fmod } = node.attributes as ModAttributes;
    // JavaScript's operators work on two numbers and on two bigints.
    const of = isFloat(type)
      ? (a: number, b: number) => a % b
      : (a: number, b: number) => {
          const rest = a % divisor(node, b);
          return fmod || !rest || rest < 0 === b < 0 ? rest : rest + b;
        };
    return of as (a: Element, b: Element) => Element;
  },
});

/** ONNX Mod: the remainder with the divisor's sign, or with `fmod` the dividend's. */
export const mod: Operator<ModAttributes> = {
  ...(remainder as Operator<ModAttributes>),
  attributes: (reader) => ({ fmod: reader.flag('fmod') }),
  inferShape(node) {
    const output = numbers(node, broadcastAll(node));
    if (!node.attributes.fmod && output.type.startsWith('float')) throw invalid(node, 'fmod should be 1 for floating-point numbers');
    return [output];
  },
};
