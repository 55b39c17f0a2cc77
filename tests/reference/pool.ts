import { array, at, type NdArray, sizeOf } from './array.ts';
import { outputDims, type WindowOptions, windowAxes } from './spatial.ts';

export interface PoolOptions extends WindowOptions {
  /** [N, C, L] or [N, C, H, W]. */
  x: NdArray;
  kernelShape: readonly number[];
  /** Round the output size up, so that a last window may reach past the end padding; one that starts in it is dropped. */
  ceilMode?: boolean;
}

export interface AveragePoolOptions extends PoolOptions {
  /** Count the padding, as zeros, in the average. Never counted: what a ceilMode window reaches past the padding. */
  countIncludePad?: boolean;
}

/**
 * Gives every window's inputs to `reduce`.
 * `padded` is how many of its places lie within input and padding, so at least as many as the inputs.
 */
function pool(options: PoolOptions, reduce: (inputs: number[], padded: number) => number): NdArray {
  const { x, kernelShape, ceilMode = false } = options;
  const axes = windowAxes(x, kernelShape, options, ceilMode);
  const [vertical, horizontal] = axes;
  const planes = at(x.dims, 0) * at(x.dims, 1);
  const y = array(outputDims(x, at(x.dims, 1), axes));
  let place = 0;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < vertical.out; i++) {
      for (let j = 0; j < horizontal.out; j++) {
        const inputs: number[] = [];
        let padded = 0;
        for (let p = 0; p < vertical.kernel; p++) {
          for (let q = 0; q < horizontal.kernel; q++) {
            const row = i * vertical.stride - vertical.begin + p * vertical.dilation;
            const column = j * horizontal.stride - horizontal.begin + q * horizontal.dilation;
            if (row < vertical.size + vertical.end && column < horizontal.size + horizontal.end) padded += 1;
            if (row < 0 || row >= vertical.size || column < 0 || column >= horizontal.size) continue;
            inputs.push(at(x.data, (plane * vertical.size + row) * horizontal.size + column));
          }
        }
        y.data[place++] = reduce(inputs, padded);
      }
    }
  }
  return y;
}

// Math.max(...inputs) would run out of stack on a large global pool. NaN wins, since Math.max(NaN, anything) is NaN.
const maximum = (inputs: readonly number[]): number => inputs.reduce((max, value) => Math.max(max, value), -Infinity);
const total = (inputs: readonly number[]): number => inputs.reduce((sum, value) => sum + value, 0);

/**
 * ONNX MaxPool (its first output): the largest input in each window; padding never wins, NaN always does.
 * A window without any input, which ONNX leaves open, gives -Infinity.
 */
export function maxPool(options: PoolOptions): NdArray {
  return pool(options, maximum);
}

/**
 * ONNX AveragePool (as of opset 19: with dilations): the mean of each window.
 * A window without any input, which ONNX leaves open, gives 0.
 */
export function averagePool(options: AveragePoolOptions): NdArray {
  return pool(options, (inputs, padded) => total(inputs) / Math.max(1, options.countIncludePad ? padded : inputs.length));
}

/** Gives every channel's plane to `reduce`; the result keeps the rank with spatial sizes of 1. */
function globalPool(x: NdArray, reduce: (inputs: number[]) => number): NdArray {
  const size = sizeOf(x.dims.slice(2));
  const y = array([...x.dims.slice(0, 2), ...x.dims.slice(2).map(() => 1)]);
  for (let plane = 0; plane < y.data.length; plane++) {
    y.data[plane] = reduce(Array.from(x.data.subarray(plane * size, (plane + 1) * size)));
  }
  return y;
}

/** ONNX GlobalAveragePool: the mean of each channel. */
export function globalAveragePool(x: NdArray): NdArray {
  return globalPool(x, (inputs) => total(inputs) / inputs.length);
}

/** ONNX GlobalMaxPool: the largest input of each channel; NaN always wins. */
export function globalMaxPool(x: NdArray): NdArray {
  return globalPool(x, maximum);
}

const norm = (inputs: readonly number[], p: number): number => total(inputs.map((value) => Math.abs(value) ** p)) ** (1 / p);

/** ONNX LpPool: the p-norm of each window; a window without any input gives 0. */
export function lpPool({ p = 2, ...options }: PoolOptions & { p?: number }): NdArray {
  return pool(options, (inputs) => norm(inputs, p));
}

/** ONNX GlobalLpPool: the p-norm of each channel. */
export function globalLpPool(x: NdArray, p = 2): NdArray {
  return globalPool(x, (inputs) => norm(inputs, p));
}
