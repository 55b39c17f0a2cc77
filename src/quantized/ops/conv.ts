import { MR, NR, type Op, WindowArg } from '../../../assembly/opcodes.ts';
import { DEPTH_STEP, QuantizedConvArg, QuantizedOp, QuantizedWinogradArg } from '../../../assembly/opcodes-quantized.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { elementBytes } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { convMacs } from '../../ops/cost.ts';
import { allocate } from '../../ops/elements.ts';
import { shifted } from '../../ops/emit.ts';
import { rowMajor } from '../../ops/layouts.ts';
import type { Lowering, Node, Operator } from '../../ops/operator.ts';
import { asImage, input, output } from '../../ops/shapes.ts';
import { type ConvAttributes, convWindow } from '../../ops/window/conv.ts';
import { readWindow, type Window, wholeWindow, windowArgs } from '../../ops/window/window.ts';
import type { Args, Place, Pointer } from '../../plan/place.ts';
import { rangeOf, saturated } from '../rounding.ts';
import { checkBytes, checkCount, flipOf, multiplier, numberOf, numbersOf, unsigned } from '../scales.ts';
import { convSums } from '../sums.ts';
import { asDense, blockOf, isKnown, lessZero, nearly } from '../weights.ts';
import { storedBytes } from './stored.ts';
import { winogradTiles } from './winograd.ts';

/** The inputs of QLinearConv. */
export enum QConvInput {
  X,
  XScale,
  XZero,
  W,
  WScale,
  WZero,
  YScale,
  YZero,
  Bias,
}

export interface QConvAttributes extends ConvAttributes {
  /** Limits of the stored bytes, as the type has them: what a Relu or a Clip leaves. */
  readonly range?: readonly [number, number];
}

/** A convolution of bytes whose places are known. */
export interface QConvCall {
  readonly window: Window;
  readonly from: Value;
  readonly to: Value;
  readonly source: Place;
  readonly target: Place;
  readonly weights: Pointer;
  /** Whether the weights are packed as int16. */
  readonly wide?: boolean;
  /** The int8 weights of `weights`, where they are constant: such layers may run by Winograd's algorithm. */
  readonly filters?: Value;
  /** Channels of a depthwise convolution that are computed once more, by int16 weights. */
  readonly far?: readonly { readonly first: number; readonly count: number; readonly weights: Pointer }[];
  readonly groups: number;
  /** The input's zero point: a number, of its type, or where it is. */
  readonly inZero: number | Pointer;
  readonly stored: Args;
  readonly macs: number;
}

/**
 * ONNX QLinearConv: integers from end to end, bit for bit as onnxruntime 1.30 computes it: float32(sum + bias) times
 * float32(float32(x scale · w scale) / y scale), rounded half to even, + zero point.
 */
export const qLinearConv: Operator<QConvAttributes> = {
  name: 'QLinearConv',
  since: 10,
  pack: 'quantized',
  inputs: [8, 9],
  types: ['any'],
  slices: true,
  attributes: (reader) => ({ ...readWindow(reader), group: reader.positive('group', 1) }),
  inferShape(node) {
    const [x, w, zero] = [QConvInput.X, QConvInput.W, QConvInput.YZero].map((i) => input(node, i)) as [Value, Value, Value];
    const { out } = convWindow(asConv(node));
    const filters = at(w.dims, 0);
    checkBytes(node, x, w, zero);
    checkCount(node, node.inputs[QConvInput.XScale], 'float32', 1);
    checkCount(node, node.inputs[QConvInput.XZero], x.type, 1);
    checkCount(node, node.inputs[QConvInput.WScale], 'float32', 1, filters);
    checkCount(node, node.inputs[QConvInput.WZero], w.type, 1, filters);
    checkCount(node, node.inputs[QConvInput.YScale], 'float32', 1);
    checkCount(node, zero, zero.type, 1);
    checkCount(node, node.inputs[QConvInput.Bias], 'int32', filters);
    return [{ type: zero.type, dims: [at(x.dims, 0), filters, ...out] }];
  },
  layout: (node) => (hasKernel(node) ? { inputs: ['channelsLast', 'rowMajor'], output: 'channelsLast' } : rowMajor()),
  macs: (node) => convMacs(output(node).dims, input(node, QConvInput.W).dims),
  evaluate(node, [x, xScale, xZero, w, wScale, wZero, yScale, yZero, bias]) {
    const { type, dims } = output(node);
    const scales = scalesOf(at(dims, 1), Number(xScale?.[0]), Array.from(wScale as Float32Array), Number(yScale?.[0]));
    const sums = convSums(node, convWindow(asConv(node)), node.attributes.group, [x as Int8Array, xZero], [w as Int8Array, wZero]);
    const [zero, range] = [Number(yZero?.[0]), node.attributes.range ?? rangeOf(type)];
    const inner = product(dims.slice(2));
    const y = allocate(type, sums.length);
    sums.forEach((sum, i) => {
      const f = Math.floor(i / inner) % scales.length;
      y[i] = saturated(Math.fround(Math.fround((sum + Number(bias?.[f] ?? 0)) | 0) * (scales[f] as number)), zero, range);
    });
    return [y];
  },
  lower(node, lowering) {
    const [x, w, y] = [input(node, QConvInput.X), input(node, QConvInput.W), output(node)];
    if (!hasKernel(node)) return lowering.evaluate(node);
    const window = convWindow(asConv(node));
    const { group: groups } = node.attributes;
    emitQConv(lowering, {
      window,
      from: x,
      to: y,
      source: lowering.place(x),
      ...qWeights(lowering, w, node.inputs[QConvInput.WZero], node.inputs[QConvInput.Bias], window, groups),
      target: lowering.define(y),
      groups,
      inZero: numberOf(node.inputs[QConvInput.XZero]),
      stored: storedBytes(lowering, y, node.inputs[QConvInput.YZero], tableOf(node), node.attributes.range),
      macs: convMacs(y.dims, w.dims),
    });
  },
};

/** The node with the inputs of a Conv. */
const asConv = <N extends { readonly inputs: readonly (Value | undefined)[] }>(node: N): N => ({
  ...node,
  inputs: [node.inputs[QConvInput.X], node.inputs[QConvInput.W], node.inputs[QConvInput.Bias]],
});

/** Whether everything that the kernel needs is known: weights, scales, zero points; others run on the host. */
const hasKernel = (node: Node<QConvAttributes>): boolean =>
  node.inputs.every((value, i) => i === QConvInput.X || i === QConvInput.W || !value || value.constant) &&
  isKnown(input(node, QConvInput.W), node.inputs[QConvInput.WZero]);

/** What the sums of each column are multiplied by. */
const scalesOf = (columns: number, x: number, w: readonly number[], y: number): Float32Array =>
  Float32Array.from({ length: columns }, (_, i) => multiplier(x, w[w.length === 1 ? 0 : i] as number, y));

const tableOf = (node: Node<QConvAttributes>): Float32Array => {
  const [x, w, y] = [QConvInput.XScale, QConvInput.WScale, QConvInput.YScale].map((i) => numbersOf(input(node, i)));
  return scalesOf(at(input(node, QConvInput.W).dims, 0), at(x as number[], 0), w as number[], at(y as number[], 0));
};

/** Panels of weights [M, C / group, ...] less their zero points; `wide` if they are of int16. */
export function qWeights(
  lowering: Lowering,
  weights: Value,
  zero: Value | undefined,
  bias: Value | undefined,
  window: Window,
  groups: number,
): Pick<QConvCall, 'weights' | 'wide' | 'filters' | 'far'> {
  const less = weights.constant ? lessZero(weights, zero, 0) : weights;
  const [filters = 1, channels = 1] = less.dims;
  if (less.type === 'int16' && !bias && isDepthwise(groups, channels, filters)) {
    const [near, far] = nearly(less);
    return {
      weights: qPanels(lowering, near, bias, window, groups),
      far: far.map(({ first, weights }) => {
        const [count = 1] = weights.dims;
        return { first, count, weights: qPanels(lowering, weights, bias, window, count) };
      }),
    };
  }
  return { weights: qPanels(lowering, less, bias, window, groups), wide: less.type === 'int16', filters: less };
}

/** Whether each channel is a group of its own. A single channel is a matrix product. */
const isDepthwise = (groups: number, channels: number, filters: number): boolean => groups > 1 && channels === 1 && filters === groups;

/** Panels of int8 or int16 weights [M, C / group, ...]. */
export function qPanels(lowering: Lowering, weights: Value, bias: Value | undefined, window: Window, groups: number): Pointer {
  const [filters = 1, channels = 1] = weights.dims;
  const [height, width] = window.kernel;
  const size = blockOf(groups);
  if (isDepthwise(groups, channels, filters) && weights.type === 'int16' && size > 1)
    return qPanels(lowering, asDense(weights, size), bias, window, groups / size);
  if (isDepthwise(groups, channels, filters) && weights.type === 'int8') {
    return lowering.panels({
      weights,
      bias,
      groups: 1,
      columns: filters,
      depth: [width, height, 1],
      groupStride: 0,
      columnStride: height * width,
      strides: [1, width, 0],
    });
  }
  const columns = filters / groups;
  const depth = height * width * channels;
  return lowering.panels({
    weights,
    bias,
    groups,
    columns,
    depth: [height, width, channels],
    groupStride: columns * depth,
    columnStride: depth,
    strides: [width, 1, height * width],
  });
}

const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;

/** Whether an output pixel is made of the input pixel at the same place. */
const isPointwise = ({ kernel, stride, padBegin, padEnd }: Window): boolean =>
  product([...kernel, ...stride]) === 1 && [...padBegin, ...padEnd].every((pad) => pad === 0);

/** A product of `rows` × `depth` bytes by panels, whose rows are without gaps. */
export interface QMatrixCall extends Omit<QConvCall, 'window' | 'filters' | 'groups' | 'macs'> {
  readonly rows: number;
  readonly depth: number;
  readonly columns: number;
}

/** The instruction of a matrix product: the rows are a picture of one column. */
export function emitQMatrix(lowering: Lowering, { rows, depth, columns, from, to, source, target, ...call }: QMatrixCall): void {
  emitQConv(lowering, {
    ...call,
    window: wholeWindow([1, 1], [rows, 1]),
    from: { ...from, dims: [1, depth, rows, 1] },
    to: { ...to, dims: [1, columns, rows, 1] },
    source: { ...source, pixelStride: depth },
    target: { ...target, pixelStride: columns * elementBytes(to.type) },
    groups: 1,
    macs: rows * columns * depth,
  });
}

/** The pixels as one row: tiles need not end where rows of the picture do. */
const oneRow = (pixels: number): Args => ({
  [WindowArg.Batch]: 1,
  [WindowArg.InHeight]: 1,
  [WindowArg.InWidth]: pixels,
  [WindowArg.OutHeight]: 1,
  [WindowArg.OutWidth]: pixels,
});

/** Bytes of packed pixels in a block: half of a small second-level cache. */
const BLOCK_BYTES = 128 * 1024;
const MOST_PIXELS = 128;

export function emitQConv(lowering: Lowering, { window, from, to, source, target, filters, inZero, far = [], ...call }: QConvCall): void {
  const image = asImage(to.dims);
  const { wide = false } = call;
  const eachOwn = isDepthwise(call.groups, asImage(from.dims).channels / call.groups, image.channels);
  const depthwise = eachOwn && !wide;
  const groups = eachOwn && wide ? call.groups / blockOf(call.groups) : call.groups;
  const channels = asImage(from.dims).channels / groups;
  const pixels = image.batch * image.height * image.width;
  const outChannels = image.channels / groups;
  const [height, width] = window.kernel;
  const row = roundUp(width * channels, DEPTH_STEP);
  const depth = height * row;
  const most = Math.min(MOST_PIXELS, Math.max(MR, Math.floor(BLOCK_BYTES / (2 * depth))), Math.ceil(pixels / lowering.threads));
  const blockPixels = roundUp(Math.max(1, Math.ceil(pixels / Math.max(1, Math.ceil(pixels / most)))), MR);
  const tiles = roundUp(image.width, MR);
  const columns = (tiles - 1) * window.stride[1] + (width - 1) * window.dilation[1] + 1;
  // As the kernels' headers say.
  const scratch = depthwise
    ? tiles * NR * 4 + 16 + columns * Math.ceil(height / 2) * 32
    : blockPixels * NR * 4 + (MR + 1) * (row + 16) + blockPixels * depth * 2 + 64;
  const winograd =
    !wide && filters && winogradTiles(window, from, to, filters, typeof inZero === 'number' ? inZero : undefined, lowering.threads);
  const tiled: Args = winograd
    ? { [QuantizedWinogradArg.BlockTiles]: winograd.block, [QuantizedWinogradArg.SliceChannels]: winograd.slice }
    : {};
  lowering.emit(
    (depthwise
      ? QuantizedOp.DepthwiseConv
      : wide
        ? QuantizedOp.Conv16
        : winograd
          ? QuantizedOp.Winograd
          : QuantizedOp.Conv) as number as Op,
    {
      ...windowArgs(window, from, to, source, target, depthwise ? groups : channels),
      ...(depthwise || !isPointwise(window) ? {} : oneRow(pixels)),
      [QuantizedConvArg.Weights]: call.weights,
      [QuantizedConvArg.Scratch]: lowering.workspace(winograd ? Math.max(scratch, winograd.scratch) : scratch),
      [QuantizedConvArg.Groups]: groups,
      [QuantizedConvArg.OutChannels]: outChannels,
      [QuantizedConvArg.BlockPixels]: blockPixels,
      [QuantizedConvArg.InFlip]: flipOf(from.type),
      ...(typeof inZero === 'number'
        ? { [QuantizedConvArg.InZero]: unsigned(inZero, from.type) }
        : { [QuantizedConvArg.InZeroAt]: inZero }),
      ...tiled,
      ...call.stored,
    },
    call.macs,
  );
  for (const { first, count, weights } of far) {
    const part = (value: Value): Value => ({ ...value, dims: value.dims.with(1, count) });
    const moved = (place: Place, bytes: number): Place => ({ ...place, pointer: shifted(place.pointer, first * bytes) });
    const stored: Record<number, Args[number]> = { ...call.stored };
    for (const [word, bytes] of [
      [QuantizedConvArg.Scale, Number(stored[QuantizedConvArg.ScaleStep])],
      [QuantizedConvArg.Shift, 4],
    ] as const)
      if (stored[word]) stored[word] = shifted(stored[word] as Pointer, first * bytes);
    emitQConv(lowering, {
      ...call,
      window,
      from: part(from),
      to: part(to),
      source: moved(source, 1),
      target: moved(target, elementBytes(to.type)),
      weights,
      wide: true,
      groups: count,
      inZero,
      stored,
      macs: 0,
    });
  }
}
