import { arrayTypes, type DataType, Tensor } from '../../src/graph/tensor.ts';
import { runTyped, type TypedCase } from '../kernels/run.ts';

export const types = Object.keys(arrayTypes) as DataType[];
export const bigTypes = ['int64', 'uint64'] as const;
export const wholeTypes = types.filter((type) => !type.startsWith('float') && type !== 'bool');
export const signedTypes = types.filter((type) => type.startsWith('int'));
export const floatTypes = ['float32', 'float64'] as const;

export const bitsOf = (type: DataType): number => arrayTypes[type].BYTES_PER_ELEMENT * 8;

/** The least and the largest whole number of a type. */
export function rangeOf(type: DataType): [bigint, bigint] {
  const count = 2n ** BigInt(bitsOf(type));
  const least = type.startsWith('int') ? -(count / 2n) : 0n;
  return [least, least + count - 1n];
}

/** Numbers as the type holds them: whole ones wrap around, as two's complement does. */
export function tensor(type: DataType, values: readonly (number | bigint)[], dims: readonly number[] = [values.length]): Tensor {
  if (type.startsWith('float') || type === 'bool') return new Tensor(type, values.map(Number), dims);
  const bits = bitsOf(type);
  const wrapped = values.map((value) =>
    type.startsWith('int') ? BigInt.asIntN(bits, BigInt(value)) : BigInt.asUintN(bits, BigInt(value)),
  );
  return new Tensor(type, bits === 64 ? wrapped : wrapped.map(Number), dims);
}

/** A node's outputs with every input known when the plan is made (folded), and with every input fed (run). */
export function bothWays(node: TypedCase): [Tensor[], Tensor[]] {
  return [runTyped({ ...node, constants: node.inputs.map((_, i) => i) }), runTyped({ ...node, constants: node.constants ?? [] })];
}

/** Elements and shape are the same, both ways; zeros of either sign differ. */
export function expectBoth(node: TypedCase, ...expected: Tensor[]): void {
  for (const actual of bothWays({ ...node, outputs: expected.length })) expect(actual).toEqual(expected);
}
