// Random tensors for the tests of integers, the same in every run.

import { Tensor } from '../../src/graph/tensor.ts';

let state = 1;

/** From 0 to 1. */
export const next = (): number => {
  state = (Math.imul(state, 1664525) + 1013904223) | 0;
  return (state >>> 8) / 2 ** 24;
};

export const sizeOf = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);

type Byte = 'uint8' | 'int8';

const least = (type: Byte): number => (type === 'int8' ? -128 : 0);

export const bytes = (type: Byte, dims: readonly number[]): Tensor =>
  new Tensor(
    type,
    Array.from({ length: sizeOf(dims) }, () => Math.floor(256 * next()) + least(type)),
    dims,
  );

export const one = (type: Byte, value: number): Tensor => new Tensor(type, [value], []);

export const floats = (count: number, low: number, high: number): Tensor =>
  new Tensor(
    'float32',
    Float32Array.from({ length: count }, () => low + (high - low) * next()),
    [count],
  );

/** Zero points: left out, one, or a different one for each. */
export type Kind = 'none' | 'each' | number;

export const zeroPoints = (type: Byte, count: number, kind: Kind): Tensor | undefined => {
  if (kind === 'none') return undefined;
  return kind === 'each' ? bytes(type, [count]) : one(type, kind);
};
