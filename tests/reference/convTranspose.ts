import { array, at, type NdArray } from './array.ts';
import type { AutoPad } from './spatial.ts';

export interface ConvTransposeOptions {
  /** [N, C, L] or [N, C, H, W]. */
  x: NdArray;
  /** [C, M / group, ...kernel]. */
  w: NdArray;
  /** [M]. */
  b?: NdArray;
  group?: number;
  strides?: readonly number[];
  dilations?: readonly number[];
  /** Cropped from the result: begins, then ends. */
  pads?: readonly number[];
  /** Added at the end of every axis. */
  outputPadding?: readonly number[];
  /** The sizes of the result; the pads follow from it. */
  outputShape?: readonly number[];
  /** SAME_*: the result is the input times the stride, unless outputShape says otherwise. An odd pad goes to the end (UPPER) or not. */
  autoPad?: AutoPad;
}

/** One axis of the result: its size, and how much was cropped before it. */
interface Axis {
  size: number;
  kernel: number;
  stride: number;
  dilation: number;
  begin: number;
  out: number;
}

function axisOf(options: ConvTransposeOptions, axis: number): Axis {
  const { x, w, strides, dilations, pads, outputPadding, outputShape, autoPad } = options;
  const rank = x.dims.length - 2;
  const [size, kernel] = [at(x.dims, axis + 2), at(w.dims, axis + 2)];
  const stride = strides ? at(strides, axis) : 1;
  const dilation = dilations ? at(dilations, axis) : 1;
  const extra = outputPadding ? at(outputPadding, axis) : 0;
  const full = stride * (size - 1) + extra + (kernel - 1) * dilation + 1;
  const same = autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER';
  if (!outputShape && !same) {
    const begin = pads ? at(pads, axis) : 0;
    return { size, kernel, stride, dilation, begin, out: full - begin - (pads ? at(pads, axis + rank) : 0) };
  }
  const out = outputShape ? at(outputShape, axis) : size * stride;
  const total = full - out;
  const begin = autoPad === 'SAME_UPPER' ? Math.floor(total / 2) : total - Math.floor(total / 2);
  return { size, kernel, stride, dilation, begin, out };
}

/**
 * ONNX ConvTranspose: every input adds its multiple of the kernel to the output, y[n, m, i * stride + p * dilation - begin, ...] +=
 * x[n, c, i, ...] * w[c, m, p, ...], and what falls outside is lost.
 */
export function convTranspose(options: ConvTransposeOptions): NdArray {
  const { x, w, b, group = 1 } = options;
  const [batch, channels] = [at(x.dims, 0), at(x.dims, 1)];
  const groupFilters = at(w.dims, 1);
  const filters = groupFilters * group;
  if (at(w.dims, 0) !== channels || channels % group !== 0) throw new Error(`w [${w.dims}] does not fit ${channels} channels`);
  const unit: Axis = { size: 1, kernel: 1, stride: 1, dilation: 1, begin: 0, out: 1 };
  const axes = x.dims.slice(2).map((_, axis) => axisOf(options, axis));
  const [vertical, horizontal] = [axes.at(-2) ?? unit, axes.at(-1) ?? unit];
  const y = array([batch, filters, ...axes.map(({ out }) => out)]);
  const plane = vertical.out * horizontal.out;
  for (let i = 0; i < y.data.length; i++) y.data[i] = b ? at(b.data, Math.floor(i / plane) % filters) : 0;
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < channels; c++) {
      const first = Math.floor(c / (channels / group)) * groupFilters;
      for (let i = 0; i < vertical.size; i++) {
        for (let j = 0; j < horizontal.size; j++) {
          const value = at(x.data, ((n * channels + c) * vertical.size + i) * horizontal.size + j);
          for (let m = 0; m < groupFilters; m++) {
            for (let p = 0; p < vertical.kernel; p++) {
              for (let q = 0; q < horizontal.kernel; q++) {
                const row = i * vertical.stride + p * vertical.dilation - vertical.begin;
                const column = j * horizontal.stride + q * horizontal.dilation - horizontal.begin;
                if (row < 0 || row >= vertical.out || column < 0 || column >= horizontal.out) continue;
                const weight = at(w.data, ((c * groupFilters + m) * vertical.kernel + p) * horizontal.kernel + q);
                const place = (n * filters + first + m) * plane + row * horizontal.out + column;
                y.data[place] = at(y.data, place) + value * weight;
              }
            }
          }
        }
      }
    }
  }
  return y;
}
