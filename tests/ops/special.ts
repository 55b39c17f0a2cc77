// Cases of special values: the values, and what operators of one kind are asked.

import { Tensor } from '../../src/graph/tensor.ts';
import type { TypedCase } from '../kernels/run.ts';
import * as reference from '../reference/index.ts';
import { array, type NdArray, ulpOf } from '../reference/index.ts';

export const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
export const LEAST = 2 ** -149;
export const LARGEST = reference.FLOAT32_MAX;

/** Of every kind; 19, so that vectors end in the middle. */
export const specials = [
  nan,
  inf,
  -inf,
  -0,
  0,
  LEAST,
  -LEAST,
  1e-40,
  -1e-40,
  2 ** -126,
  -(2 ** -126),
  1,
  -1,
  0.5,
  -0.5,
  3,
  -3,
  LARGEST,
  -LARGEST,
].map(Math.fround);

export interface Case {
  readonly inputs: readonly (NdArray | Tensor | undefined)[];
  readonly expected: readonly (NdArray | Tensor)[];
  readonly opset?: number;
  readonly attributes?: TypedCase['attributes'];
  /** Which inputs are initializers; where left out, the node is also folded with all of them known. */
  readonly constants?: readonly number[];
  /** Units in the last place, 0 where left out. */
  readonly ulp?: number;
  /** An absolute error that is allowed as well. */
  readonly absolute?: number;
  /** Zeros may have either sign, which a sum leaves open. */
  readonly anySign?: true;
  /** Denormal results may be 0: the kernel's exponential has none. */
  readonly flushes?: true;
}

export const vector = (values: readonly number[]): NdArray => array([values.length], values);
export const whole = (...values: number[]): Tensor => new Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);
export const bools = ({ dims, data }: NdArray): Tensor => new Tensor('bool', Uint8Array.from(data), dims);
export const longs = ({ dims, data }: NdArray): Tensor => new Tensor('int64', BigInt64Array.from(data, BigInt), dims);

/** Every special value as each of the numbers of [4, 5]: 0 where there are no more. */
export const matrix = (count: number): NdArray =>
  array(
    [Math.ceil(specials.length / count), count],
    [...specials, ...new Array(count).fill(1)].slice(0, Math.ceil(specials.length / count) * count),
  );
export const table = matrix(5);
/** The same as a picture [1, 1, 4, 5]. */
export const picture = array([1, 1, ...table.dims], table.data);

/** Lines that sums and choices go along. */
export const lines = array(
  [12, 3],
  [
    [1, nan, 2],
    [nan, nan, nan],
    [inf, 1, -1],
    [-inf, 1, 2],
    [inf, -inf, 0],
    [-inf, -inf, -inf],
    [nan, inf, -inf],
    [-0, -0, -0],
    [0, -0, 0],
    [LEAST, 3 * LEAST, -LEAST],
    [1e-40, 2 ** -126, 1e-39],
    [1, 1e-40, -3],
  ]
    .flat()
    .map(Math.fround),
);
/** Lines that a sum leaves finite. */
export const large = array([3, 3], [LARGEST, 0, 0, -LARGEST, 1, 0, LARGEST / 4, LARGEST / 4, -LARGEST / 2].map(Math.fround));

export const unary = (op: string, extra: Partial<Case> = {}): Case => {
  const { f, ulp } = reference.functionTable[op] as reference.FunctionRow;
  return { inputs: [vector(specials)], expected: [vector(specials.map((x) => f(x, {})))], opset: 24, ulp, ...extra };
};

export const [down, across] = [array([specials.length, 1], specials), array([1, specials.length], specials)];
export const binary = (op: string, extra: Partial<Case> = {}): Case => ({
  inputs: [down, across],
  expected: [reference.broadcastMap(reference.binaryFunctions[op] as (a: number, b: number) => number, down, across)],
  ...extra,
});
export const comparison = (op: string): Case => {
  const { inputs, expected } = binary(op);
  return { inputs, expected: [bools(expected[0] as NdArray)] };
};
export const moved = (f: (x: NdArray) => NdArray, extra: Partial<Case> = {}): Case => ({
  inputs: [table, ...(extra.inputs ?? [])],
  expected: [f(table)],
  ...(({ inputs: _, ...rest }) => rest)(extra),
});
export const reduction = (op: string, extra: Partial<Case> = {}, x = lines): Case => ({
  inputs: [x, ...((extra.opset ?? 18) >= 18 ? [whole(1)] : [])],
  constants: [1],
  expected: [reference.reduce(op, x, [1])],
  opset: 18,
  anySign: true,
  ...extra,
});
/** An operator of [N, C, ...] over the lines, one a channel. */
export const channels = array([1, ...lines.dims], lines.data);
export const grid = (dims: readonly [number, number]): NdArray =>
  array(
    [1, ...dims, 2],
    Array.from({ length: dims[0] * dims[1] }, (_, i) => [
      (2 * ((i % dims[1]) + 0.5)) / dims[1] - 1,
      (2 * (Math.floor(i / dims[1]) + 0.5)) / dims[0] - 1,
    ]).flat(),
  );
export const ones = (count: number): NdArray => vector(new Array(count).fill(1));
export const zeros = (count: number): NdArray => vector(new Array(count).fill(0));

/** Lines for the exponential functions: what is far below the largest vanishes. */
export const softLines = array(
  [9, 3],
  [
    nan,
    1,
    2,
    inf,
    1,
    2,
    -inf,
    1,
    2,
    -inf,
    -inf,
    -inf,
    LARGEST,
    -LARGEST,
    0,
    -0,
    0,
    LEAST,
    -200,
    0,
    1,
    LARGEST,
    LARGEST,
    LARGEST,
    -LARGEST,
    -LARGEST,
    -LARGEST,
  ],
);

export function convolved(size: number): Case {
  const w = array([1, 1, size, size], new Array(size * size).fill(0.25));
  return { inputs: [picture, w], constants: [1], expected: [reference.conv({ x: picture, w })], anySign: true };
}

/** NaN and infinities make their own set NaN and no other; the deviation of denormals is 0. */
export function normalized(op: string): Case {
  const rows = lines.dims[0] as number;
  const x = array([1, rows, 3], lines.data);
  const [scale, bias] = [ones(rows), zeros(rows)];
  switch (op) {
    case 'LayerNormalization':
      return {
        inputs: [x, ones(3), zeros(3)],
        constants: [1, 2],
        opset: 17,
        attributes: { axis: -1 },
        expected: [reference.layerNormalization({ x, scale: ones(3), bias: zeros(3) }).y],
        ulp: 4,
        anySign: true,
      };
    case 'MeanVarianceNormalization':
      return {
        inputs: [lines],
        attributes: { axes: [1] },
        expected: [reference.meanVarianceNormalization(lines, [1])],
        ulp: 8,
        anySign: true,
      };
    case 'GroupNormalization':
      return {
        inputs: [x, scale, bias],
        constants: [1, 2],
        opset: 21,
        attributes: { num_groups: rows },
        expected: [reference.groupNormalization({ x, scale, bias, groups: rows, perGroup: false })],
        ulp: 4,
        anySign: true,
      };
    default:
      return {
        inputs: [x, scale, bias],
        constants: [1, 2],
        expected: [reference.instanceNormalization({ x, scale, bias })],
        ulp: 4,
        anySign: true,
      };
  }
}

/** What is wrong with an element. */
export function problem(actual: number, exact: number, { ulp = 0, absolute = 0, anySign, flushes }: Case): boolean {
  const expected = Math.fround(exact);
  if (Object.is(actual, expected)) return false;
  if (actual === 0 && expected === 0) return anySign !== true;
  if (flushes && actual === 0 && Math.abs(exact) < 2 ** -126) return false;
  return !(Number.isFinite(actual) && Math.abs(actual - exact) <= Math.max(absolute, ulp * ulpOf(exact)));
}
