import { WindowArg } from '../../../assembly/opcodes.ts';
import { at } from '../../graph/at.ts';
import { formatDims } from '../../graph/tensor.ts';
import type { ValueType } from '../../graph/value.ts';
import type { Args, Place } from '../../plan/place.ts';
import type { AttributeReader } from '../attributes.ts';
import type { OpenNode } from '../operator.ts';
import { asImage, invalid, unsupported } from '../shapes.ts';

export type AutoPad = 'NOTSET' | 'SAME_UPPER' | 'SAME_LOWER' | 'VALID';

/** The attributes that convolution and pooling share, one entry per spatial dimension. */
export interface WindowAttributes {
  /** The kernel's shape; undefined if the weights' shape gives it. */
  readonly kernel: readonly number[] | undefined;
  readonly strides: readonly number[] | undefined;
  readonly dilations: readonly number[] | undefined;
  /** Begins, then ends. */
  readonly pads: readonly number[] | undefined;
  readonly autoPad: AutoPad;
  readonly ceilMode: boolean;
  /** For pools: a window that does not fit may give an empty output. */
  readonly mayBeEmpty?: boolean;
}

export function readWindow(reader: AttributeReader, { ceil = false } = {}): WindowAttributes {
  const list = (name: string, least: number) => {
    const values = reader.ints(name);
    for (const value of values ?? []) {
      if (value < least || value >= LIMIT) throw reader.invalid(name, `holds ${value}, expected ${least} to ${LIMIT - 1}`);
    }
    return values;
  };
  const autoPad = reader.choice('auto_pad', 'NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID');
  return {
    kernel: list('kernel_shape', 1),
    strides: list('strides', 1),
    dilations: list('dilations', 1),
    pads: list('pads', 0),
    autoPad,
    ceilMode: ceil && reader.flag('ceil_mode'),
    mayBeEmpty: ceil,
  };
}

/** Positions stay far below 32 bits, also after padding and dilation. */
export const LIMIT = 2 ** 28;

/** A window over [N, C, H, W] with everything resolved; a single spatial dimension is a picture of one row. */
export interface Window {
  readonly out: readonly number[];
  readonly kernel: readonly [number, number];
  readonly stride: readonly [number, number];
  readonly dilation: readonly [number, number];
  readonly padBegin: readonly [number, number];
  readonly padEnd: readonly [number, number];
}

/**
 * Resolves padding and output size for the input `dims` [N, C, spatial...] (ONNX's formulas for Conv and the pools).
 * @throws LanewiseError UNSUPPORTED for other than one or two spatial dimensions; INVALID_MODEL if the sizes do not fit
 */
export function resolveWindow(node: OpenNode<WindowAttributes>, dims: readonly number[], kernelShape?: readonly number[]): Window {
  return planar(node, dims, kernelShape, (axis) => slide(axis, node.attributes, (problem) => invalid(node, problem)));
}

/** One spatial dimension of the attributes. */
export interface GivenAxis {
  readonly index: number;
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly begin: number;
  readonly end: number;
}

/** A window whose axes `resolve` computes one after the other. @throws as `resolveWindow` */
export function planar(
  node: OpenNode<WindowAttributes>,
  dims: readonly number[],
  kernelShape: readonly number[] | undefined,
  resolve: (axis: GivenAxis) => Axis,
): Window {
  const { attributes: a } = node;
  const spatial = dims.slice(2);
  const rank = spatial.length;
  if (dims.length < 3) throw invalid(node, `input ${formatDims(dims)} has no spatial dimension; expected [N, C, ...]`);
  const kernel = a.kernel ?? kernelShape;
  if (!kernel) throw invalid(node, "attribute 'kernel_shape' is missing");
  const ones = spatial.map(() => 1);
  const strides = a.strides ?? ones;
  const dilations = a.dilations ?? ones;
  const pads = a.pads ?? [...ones, ...ones].fill(0);
  for (const [name, list, count] of [
    ['kernel_shape', kernel, rank],
    ['strides', strides, rank],
    ['dilations', dilations, rank],
    ['pads', pads, 2 * rank],
  ] as const) {
    if (list.length !== count) throw invalid(node, `attribute '${name}' ${formatDims(list)} should have ${count} entries`);
  }
  if (kernel.includes(0)) throw invalid(node, `a window of ${formatDims(kernel)} is empty`);

  const axes = spatial.map((size, index) =>
    resolve({
      index,
      size,
      kernel: at(kernel, index),
      stride: at(strides, index),
      dilation: at(dilations, index),
      begin: at(pads, index),
      end: at(pads, index + rank),
    }),
  );
  const out = axes.map((axis) => axis.out);
  if (rank === 1) axes.unshift({ out: 1, kernel: 1, stride: 1, dilation: 1, begin: 0, end: 0 });
  if (rank > 2) {
    const [first, second, third] = axes as [Axis, Axis, Axis];
    const rows = spatial[1] as number;
    const alone = second.out === rows && second.kernel === 1 && second.begin + second.end === 0 && first.stride === 1;
    const reach = (first.kernel * first.dilation + first.begin + first.end) * rows;
    if (kernelShape || rank > 3 || !alone || reach >= LIMIT)
      throw unsupported(node, `${rank} spatial dimensions; one or two are supported`);
    // PyTorch's LocalResponseNorm averages this way: the first two dimensions are the rows of one picture, so the window is
    // dilated over them.
    axes[0] = { ...first, dilation: first.dilation * rows, begin: first.begin * rows, end: first.end * rows };
    axes[1] = third;
  }
  const pair = (key: keyof Axis): [number, number] => [at(axes, 0)[key], at(axes, 1)[key]];
  return {
    out,
    kernel: pair('kernel'),
    stride: pair('stride'),
    dilation: pair('dilation'),
    padBegin: pair('begin'),
    padEnd: pair('end'),
  };
}

/** A window that covers `kernel` positions once, without padding. */
export const wholeWindow = (kernel: readonly [number, number], out: readonly number[]): Window => ({
  out,
  kernel,
  stride: [1, 1],
  dilation: [1, 1],
  padBegin: [0, 0],
  padEnd: [0, 0],
});

export interface Axis {
  readonly out: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly begin: number;
  readonly end: number;
}

/** One axis of a convolution or a pool. @param fail makes the error if it does not fit */
export function slide(
  { size, kernel, stride, dilation, ...pads }: GivenAxis,
  { autoPad, ceilMode, mayBeEmpty }: Pick<WindowAttributes, 'autoPad' | 'ceilMode' | 'mayBeEmpty'>,
  fail: (problem: string) => Error,
): Axis {
  let { begin, end } = pads;
  const extent = (kernel - 1) * dilation + 1;
  if (extent >= LIMIT || size >= LIMIT) throw fail(`a window of ${extent} over ${size} positions is too large`);
  if (autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER') {
    const out = Math.ceil(size / stride);
    const total = Math.max(0, (out - 1) * stride + extent - size);
    const small = Math.floor(total / 2);
    const upper = autoPad === 'SAME_UPPER';
    return { out, kernel, stride, dilation, begin: upper ? small : total - small, end: upper ? total - small : small };
  }
  if (autoPad === 'VALID') begin = end = 0;
  const room = size + begin + end - extent;
  let out = (ceilMode ? Math.ceil(room / stride) : Math.floor(room / stride)) + 1;
  // With ceil_mode a window has to start inside the input or the padding before it.
  if (ceilMode && (out - 1) * stride >= size + begin) out--;
  // ONNX's formula gives 0 for an input that is too small by less than a stride.
  if (mayBeEmpty ? out < 0 || (size === 0 && out > 0) : room < 0 || size === 0) {
    throw fail(`a window of ${extent} does not fit ${size} positions padded by ${begin} and ${end}`);
  }
  return { out, kernel, stride, dilation, begin, end };
}

/** The words that every windowed instruction starts with. `channels` are those of one window. */
export function windowArgs(window: Window, from: ValueType, to: ValueType, input: Place, output: Place, channels: number): Args {
  const source = asImage(from.dims);
  const target = asImage(to.dims);
  return {
    [WindowArg.Input]: input.pointer,
    [WindowArg.Output]: output.pointer,
    [WindowArg.Batch]: source.batch,
    [WindowArg.InHeight]: source.height,
    [WindowArg.InWidth]: source.width,
    [WindowArg.OutHeight]: target.height,
    [WindowArg.OutWidth]: target.width,
    [WindowArg.InPixelStride]: input.pixelStride,
    [WindowArg.OutPixelStride]: output.pixelStride,
    [WindowArg.KernelHeight]: window.kernel[0],
    [WindowArg.KernelWidth]: window.kernel[1],
    [WindowArg.StrideHeight]: window.stride[0],
    [WindowArg.StrideWidth]: window.stride[1],
    [WindowArg.PadTop]: window.padBegin[0],
    [WindowArg.PadLeft]: window.padBegin[1],
    [WindowArg.DilationHeight]: window.dilation[0],
    [WindowArg.DilationWidth]: window.dilation[1],
    [WindowArg.Channels]: channels,
  };
}
