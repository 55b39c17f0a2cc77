import { MR, type Op } from '../../../assembly/opcodes.ts';
import { DEPTH_STEP, QuantizedConvArg, QuantizedOp, QuantizedType } from '../../../assembly/opcodes-quantized.ts';
import { at } from '../../graph/at.ts';
import type { Value } from '../../graph/value.ts';
import { convMacs } from '../../ops/cost.ts';
import { rowMajor } from '../../ops/layouts.ts';
import type { Lowering, Node, Operator } from '../../ops/operator.ts';
import { asImage, input, invalid, output } from '../../ops/shapes.ts';
import { type ConvAttributes, convWindow } from '../../ops/window/conv.ts';
import { readWindow, type Window, windowArgs } from '../../ops/window/window.ts';
import type { Args, Place, Pointer } from '../../plan/place.ts';
import { checkZero, flipOf, isByte, isSingle, numberOf, numbersOf, unsigned } from '../scales.ts';

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
    const [x, w] = [input(node, QConvInput.X), input(node, QConvInput.W)];
    const { out } = convWindow(asConv(node));
    const zero = input(node, QConvInput.YZero);
    for (const value of [x, w, zero]) if (!isByte(value)) throw invalid(node, `'${value.name}' is ${value.type}, expected uint8 or int8`);
    checkZero(node, node.inputs[QConvInput.XZero], x.type, input(node, QConvInput.XScale));
    checkZero(node, node.inputs[QConvInput.WZero], w.type, input(node, QConvInput.WScale));
    return [{ type: zero.type, dims: [at(x.dims, 0), at(w.dims, 0), ...out] }];
  },
  layout: (node) => (hasKernel(node) ? { inputs: ['channelsLast', 'rowMajor'], output: 'channelsLast' } : rowMajor()),
  macs: (node) => convMacs(output(node).dims, input(node, QConvInput.W).dims),
  lower(node, lowering) {
    const [x, w, y] = [input(node, QConvInput.X), input(node, QConvInput.W), output(node)];
    const window = convWindow(asConv(node));
    const { group: groups } = node.attributes;
    const [xScale, yScale] = [numberOf(node.inputs[QConvInput.XScale]), numberOf(node.inputs[QConvInput.YScale])];
    const scales = numbersOf(input(node, QConvInput.WScale)).map((scale) => Math.fround(Math.fround(xScale * scale) / yScale));
    const columns = at(y.dims, 1);
    const table = Float32Array.from({ length: columns }, (_, i) => scales[scales.length === 1 ? 0 : i] as number);
    const outZero = unsigned(numberOf(node.inputs[QConvInput.YZero]), y.type);
    const [low, high] = node.attributes.range ?? (y.type === 'int8' ? [-128, 127] : [0, 255]);
    emitQConv(lowering, {
      window,
      from: x,
      to: y,
      source: lowering.place(x),
      weights: qPanels(lowering, w, node.inputs[QConvInput.Bias], window, groups),
      target: lowering.define(y),
      groups,
      inZero: numberOf(node.inputs[QConvInput.XZero]),
      stored: {
        [QuantizedConvArg.Type]: QuantizedType.Byte,
        [QuantizedConvArg.Scale]: lowering.table(table),
        [QuantizedConvArg.ScaleStep]: 4,
        [QuantizedConvArg.OutFlip]: flipOf(y.type),
        [QuantizedConvArg.OutZero]: outZero,
        [QuantizedConvArg.Min]: unsigned(low, y.type),
        [QuantizedConvArg.Max]: unsigned(high, y.type),
      },
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
  node.inputs.every((value, i) => i === QConvInput.X || !value || value.constant) &&
  isSingle(input(node, QConvInput.XScale)) &&
  isSingle(input(node, QConvInput.YScale)) &&
  input(node, QConvInput.W).type === 'int8' &&
  numbersOf(input(node, QConvInput.WZero)).every((zero) => zero === 0);

/** Panels of int8 weights [M, C / group, ...]. */
export function qPanels(lowering: Lowering, weights: Value, bias: Value | undefined, { kernel }: Window, groups: number): Pointer {
  const [filters = 1, channels = 1] = weights.dims;
  const [height, width] = kernel;
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

/** Bytes of packed pixels in a block: half of a small second-level cache. */
const BLOCK_BYTES = 128 * 1024;
const MOST_PIXELS = 128;

export function emitQConv(lowering: Lowering, { window, from, to, source, target, groups, inZero, ...call }: QConvCall): void {
  const channels = asImage(from.dims).channels / groups;
  const image = asImage(to.dims);
  const pixels = image.batch * image.height * image.width;
  const row = Math.ceil((window.kernel[1] * channels) / DEPTH_STEP) * DEPTH_STEP;
  const depth = window.kernel[0] * row;
  const most = Math.min(MOST_PIXELS, Math.max(MR, Math.floor(BLOCK_BYTES / (2 * depth))), Math.ceil(pixels / lowering.threads));
  const blockPixels = Math.max(1, Math.ceil(most / MR)) * MR;
  lowering.emit(
    QuantizedOp.Conv as number as Op,
    {
      ...windowArgs(window, from, to, source, target, channels),
      [QuantizedConvArg.Weights]: call.weights,
      [QuantizedConvArg.Scratch]: lowering.workspace(blockPixels * depth * 2 + MR * row + 16),
      [QuantizedConvArg.Groups]: groups,
      [QuantizedConvArg.OutChannels]: image.channels / groups,
      [QuantizedConvArg.BlockPixels]: blockPixels,
      [QuantizedConvArg.InFlip]: flipOf(from.type),
      ...(typeof inZero === 'number'
        ? { [QuantizedConvArg.InZero]: unsigned(inZero, from.type) }
        : { [QuantizedConvArg.InZeroAt]: inZero }),
      ...call.stored,
    },
    call.macs,
  );
}
