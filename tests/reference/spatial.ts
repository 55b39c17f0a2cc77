import { at, type NdArray } from './array.ts';

export type AutoPad = 'NOTSET' | 'VALID' | 'SAME_UPPER' | 'SAME_LOWER';

/** How a window moves along the spatial axes; left out: strides and dilations of 1, pads of 0. */
export interface WindowOptions {
  strides?: readonly number[];
  /** ONNX order: every axis' begin, then every axis' end; [top, left, bottom, right] in 2-D. */
  pads?: readonly number[];
  dilations?: readonly number[];
}

/** One spatial axis. Output o reads inputs o * stride - begin + k * dilation for k from 0 to kernel - 1. */
export interface WindowAxis {
  size: number;
  kernel: number;
  stride: number;
  dilation: number;
  begin: number;
  end: number;
  /** Output positions. */
  out: number;
}

/**
 * The pads, in ONNX order, that Conv, MaxPool and AveragePool derive from auto_pad.
 * SAME_* makes ceil(input / stride) outputs; an odd pad goes to the end (UPPER) or to the beginning (LOWER).
 * NOTSET and VALID give zeros; with NOTSET, the operator's own pads count instead.
 */
export function resolvePads(
  autoPad: AutoPad,
  inputSize: readonly number[],
  kernel: readonly number[],
  stride: readonly number[] = inputSize.map(() => 1),
  dilation: readonly number[] = inputSize.map(() => 1),
): number[] {
  const begins: number[] = [];
  const ends: number[] = [];
  for (let axis = 0; axis < inputSize.length; axis++) {
    const size = at(inputSize, axis);
    const step = at(stride, axis);
    const reach = (at(kernel, axis) - 1) * at(dilation, axis) + 1;
    const same = autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER';
    // A stride longer than the kernel may leave inputs unread; it never crops them.
    const total = same ? Math.max(0, (Math.ceil(size / step) - 1) * step + reach - size) : 0;
    const smaller = Math.floor(total / 2);
    begins.push(autoPad === 'SAME_LOWER' ? total - smaller : smaller);
    ends.push(autoPad === 'SAME_LOWER' ? smaller : total - smaller);
  }
  return [...begins, ...ends];
}

/**
 * The two spatial axes of x for Conv, MaxPool and AveragePool; [N, C, L] counts as [N, C, 1, L], so one pair of loops serves both ranks.
 * @param ceilMode round the output size up rather than down
 */
export function windowAxes(x: NdArray, kernel: readonly number[], options: WindowOptions, ceilMode = false): [WindowAxis, WindowAxis] {
  const rank = x.dims.length - 2;
  const { strides = kernel.map(() => 1), dilations = kernel.map(() => 1), pads = [...kernel, ...kernel].map(() => 0) } = options;
  if (rank < 1 || rank > 2) throw new Error(`x has dims [${x.dims}], not [N, C, L] or [N, C, H, W]`);
  for (const [what, list, length] of [
    ['kernel', kernel, rank],
    ['strides', strides, rank],
    ['dilations', dilations, rank],
    ['pads', pads, 2 * rank],
  ] as const) {
    if (list.length !== length) throw new Error(`${what} are [${list}]; ${rank} spatial axes need ${length}`);
  }
  const axes = kernel.map((k, axis): WindowAxis => {
    const size = at(x.dims, axis + 2);
    const stride = at(strides, axis);
    const dilation = at(dilations, axis);
    const begin = at(pads, axis);
    const end = at(pads, axis + rank);
    const steps = (begin + size + end - ((k - 1) * dilation + 1)) / stride;
    let out = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
    // Rounding up may add a window that starts in the end padding and so sees no input: it does not count.
    if (ceilMode && (out - 1) * stride >= begin + size) out -= 1;
    return { size, kernel: k, stride, dilation, begin, end, out: Math.max(0, out) };
  });
  const unit: WindowAxis = { size: 1, kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0, out: 1 };
  return [axes.at(-2) ?? unit, axes.at(-1) ?? unit];
}

/** The dims of a result with `channels` channels: as x's, but with the windows' output sizes. */
export function outputDims(x: NdArray, channels: number, [vertical, horizontal]: [WindowAxis, WindowAxis]): number[] {
  return x.dims.length === 3 ? [at(x.dims, 0), channels, horizontal.out] : [at(x.dims, 0), channels, vertical.out, horizontal.out];
}
