// Operators of single bytes in plain loops: what DequantizeLinear, the operator and QuantizeLinear of ONNX 1.23 give.

import { at } from '../../src/graph/at.ts';
import { clampTo, rangeOf, roundEven } from './quantized.ts';

/** How bytes stand for numbers. */
export interface Quantization {
  readonly type: 'uint8' | 'int8';
  readonly scale: number;
  readonly zero: number;
}

export interface Bytes extends Quantization {
  readonly data: ArrayLike<number>;
  readonly dims: readonly number[];
}

export const toNumber = (x: number, { scale, zero }: Quantization): number => Math.fround(Math.fround(x - zero) * scale);

/** Infinities are clamped; NaN becomes the least number, which ONNX leaves open. */
export function toByte(x: number, { type, scale, zero }: Quantization): number {
  const y = Math.fround(x / scale);
  if (!Number.isFinite(y)) return at(rangeOf(type), y > 0 ? 1 : 0);
  return clampTo(roundEven(y) + zero, rangeOf(type));
}

export const bytesOf = (type: string, values: readonly number[]): Uint8Array | Int8Array =>
  type === 'int8' ? Int8Array.from(values) : Uint8Array.from(values);

/** a + b or a * b, broadcast to `dims`. */
export function binary(kind: 'Add' | 'Mul', a: Bytes, b: Bytes, dims: readonly number[], to: Quantization): number[] {
  const size = dims.reduce((x, y) => x * y, 1);
  const index = (i: number, own: readonly number[]) => {
    let [rest, offset, stride] = [i, 0, 1];
    for (let axis = dims.length - 1; axis >= 0; axis--) {
      const position = rest % at(dims, axis);
      rest = Math.floor(rest / at(dims, axis));
      const length = own[axis - dims.length + own.length] ?? 1;
      if (length > 1) offset += position * stride;
      stride *= length;
    }
    return offset;
  };
  return Array.from({ length: size }, (_, i) => {
    const [x, y] = [toNumber(at(a.data, index(i, a.dims)), a), toNumber(at(b.data, index(i, b.dims)), b)];
    return toByte(Math.fround(kind === 'Add' ? x + y : x * y), to);
  });
}

export interface WindowCase {
  readonly kernel: readonly [number, number];
  readonly strides?: readonly [number, number];
  readonly dilations?: readonly [number, number];
  /** Begins, then ends. */
  readonly pads?: readonly [number, number, number, number];
  /** The output's height and width. */
  readonly out: readonly [number, number];
}

/** Gives the bytes of each window of [N, C, H, W] to `reduce`, and how many taps are in the picture or its padding. */
export function windows(
  { data, dims }: Pick<Bytes, 'data' | 'dims'>,
  { kernel, strides = [1, 1], dilations = [1, 1], pads = [0, 0, 0, 0], out }: WindowCase,
  reduce: (inside: number[], padded: number) => number,
): number[] {
  const [n = 1, c = 1, height = 1, width = 1] = dims;
  const y: number[] = [];
  for (let plane = 0; plane < n * c; plane++)
    for (let oy = 0; oy < out[0]; oy++)
      for (let ox = 0; ox < out[1]; ox++) {
        const inside: number[] = [];
        let padded = 0;
        for (let ky = 0; ky < kernel[0]; ky++)
          for (let kx = 0; kx < kernel[1]; kx++) {
            const row = oy * strides[0] - pads[0] + ky * dilations[0];
            const column = ox * strides[1] - pads[1] + kx * dilations[1];
            if (row < height + pads[2] && column < width + pads[3]) padded++;
            if (row >= 0 && row < height && column >= 0 && column < width) inside.push(at(data, (plane * height + row) * width + column));
          }
        y.push(reduce(inside, padded));
      }
  return y;
}

/** The largest; the least number of the type where a window is outside the picture. */
export const largest = (type: string, inside: readonly number[]): number => inside.reduce((a, b) => Math.max(a, b), at(rangeOf(type), 0));

/** float32(sum of x - zero) · float32(x scale / float32(y scale · count)), rounded to even, + zero, clamped. */
export function average(inside: readonly number[], count: number, from: Quantization, to: Quantization): number {
  const sum = inside.reduce((a, b) => a + b - from.zero, 0);
  const scale = Math.fround(from.scale / Math.fround(to.scale * Math.max(1, count)));
  return clampTo(roundEven(Math.fround(Math.fround(sum) * scale)) + to.zero, rangeOf(to.type));
}
