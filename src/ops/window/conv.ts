import { ConvArg, DepthwiseConvArg, DepthwiseRingArg, GEMM_SUMS, GemvArg, NR, Op } from '../../../assembly/opcodes.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { formatDims } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { type Args, pointerOf } from '../../plan/place.ts';
import { convMacs, macsOf } from '../cost.ts';
import { type Clamped, clampWords } from '../elementwise/clamp.ts';
import { gemmBlocks, sumDepth } from '../gemm/blocks.ts';
import type { Lowering, Node, OpenNode, Operator } from '../operator.ts';
import { asImage, input, invalid, output } from '../shapes.ts';
import { type Choice, type ConvShape, chooseConvolution } from './choose.ts';
import type { ConvCall } from './convCall.ts';
import { readWindow, resolveWindow, type WindowAttributes, windowArgs } from './window.ts';
import { emitWinograd } from './winograd.ts';

export interface ConvAttributes extends WindowAttributes, Clamped {
  readonly group: number;
  /** The clamp of a normalised input, X · scale + shift. */
  readonly inputClamp?: Clamped['clamp'];
}

/** The inputs; only fusion adds the last three. */
export enum ConvInput {
  X,
  W,
  Bias,
  /** Has the output's shape; added before the clamp. */
  Residual,
  /** Scale and shift of the input X, per channel: [C] each. */
  Scale,
  Shift,
}

/**
 * ONNX Conv over one or two spatial dimensions: X [N, C, ...], W [M, C / group, ...], optional B [M]. Fusion adds inputs:
 * `ConvInput`.
 */
export const conv: Operator<ConvAttributes> = {
  clamps: true,
  name: 'Conv',
  since: 1,
  inputs: [2, 3],
  attributes: (reader) => {
    return { ...readWindow(reader), group: reader.positive('group', 1) };
  },
  inferShape(node) {
    const { out } = convWindow(node);
    return [{ type: 'float32', dims: [at(input(node, 0).dims, 0), at(input(node, 1).dims, 0), ...out] }];
  },
  layout: () => ({ inputs: ['channelsLast', 'rowMajor', 'rowMajor', 'channelsLast', 'any', 'any'], output: 'channelsLast' }),
  macs: (node) => convMacs(node.outputs[0]?.dims ?? [], input(node, 1).dims),
  slices: true,
  lower(node, lowering) {
    const [x, y] = [input(node, 0), node.outputs[0] as Value];
    const shape = { window: convWindow(node), from: x, to: y, groups: node.attributes.group };
    const choice = chooseConvolution(shape, lowering, node);
    if (choice.op === Op.DepthwiseConv || choice.op === Op.DepthwiseRing) lowerDepthwise(node, lowering, shape, choice);
    else lowerGeneral(node, lowering, shape, choice);
  },
};

/**
 * Whether each output pixel is made of one input pixel, of all channels: such a convolution can scale and shift its input as
 * it packs it.
 */
export function isPointwise(node: Node<ConvAttributes>): boolean {
  const [x, y] = [input(node, 0).dims, node.outputs[0]?.dims ?? []];
  const { kernel, stride } = convWindow(node);
  const same = x.every((size, axis) => axis === 1 || size === y[axis]);
  return same && node.attributes.group === 1 && product([...kernel, ...stride]) === 1;
}

/** @throws LanewiseError INVALID_MODEL, UNSUPPORTED */
export function convWindow(node: OpenNode<ConvAttributes>) {
  const { dims } = input(node, 0);
  const weights = input(node, 1).dims;
  const { group } = node.attributes;
  const [filters = 0, depth = 0] = weights;
  checkFilters(node, filters, depth * group === dims[1] && filters % group === 0 && depth > 0);
  return resolveWindow(node, dims, weights.slice(2));
}

/**
 * Checks the weights and the bias of a convolution or its transpose.
 * @param filters the number of output channels
 * @param fits whether the weights' channels match the input's
 * @throws LanewiseError INVALID_MODEL
 */
export function checkFilters(node: OpenNode<WindowAttributes & { readonly group: number }>, filters: number, fits: boolean): void {
  const [{ dims }, { dims: weights }] = [input(node, 0), input(node, 1)];
  const { group, kernel } = node.attributes;
  const shown = formatDims(weights);
  // The input is no picture: resolveWindow throws.
  if (dims.length < 3) return;
  if (weights.length !== dims.length) throw invalid(node, `weights ${shown} do not fit an input of ${formatDims(dims)}`);
  if (kernel?.some((size, i) => size !== weights[i + 2])) {
    throw invalid(node, `kernel_shape ${formatDims(kernel)} contradicts weights ${shown}`);
  }
  if (!fits) throw invalid(node, `weights ${shown} in ${group} group(s) do not fit ${dims[1]} input channels`);
  const bias = node.inputs[ConvInput.Bias]?.dims;
  if (bias && (bias.length !== 1 || bias[0] !== filters)) {
    throw invalid(node, `bias ${formatDims(bias)} does not fit ${filters} output channels`);
  }
}

function lowerGeneral(node: Node<ConvAttributes>, lowering: Lowering, shape: ConvShape, choice: Choice): void {
  const [x, y] = [input(node, 0), output(node)];
  const { window, groups } = shape;
  const [kernelHeight, kernelWidth] = window.kernel;
  const channels = asImage(x.dims).channels / groups;
  const outChannels = asImage(y.dims).channels / groups;
  const taps = kernelHeight * kernelWidth;
  const depth = taps * channels;
  const weights = lowering.panels({
    winograd: 'form' in choice ? choice.form : undefined,
    weights: input(node, 1),
    bias: node.inputs[ConvInput.Bias],
    groups,
    columns: outChannels,
    depth: [kernelHeight, kernelWidth, channels],
    groupStride: outChannels * depth,
    columnStride: depth,
    strides: [kernelWidth, 1, taps],
  });
  const source = lowering.place(x);
  const place = (value: Value | undefined) => value && lowering.place(value);
  const [residual, scale, shift] = node.inputs.slice(ConvInput.Residual).map(place);
  const target = lowering.define(y);
  const call: ConvCall = {
    ...shape,
    source,
    target,
    weights,
    residual,
    scale,
    shift,
    inputClamp: node.attributes.inputClamp,
    clamped: node.attributes,
    macs: macsOf(node),
  };
  if ('form' in choice) emitWinograd(lowering, call, choice.form);
  else emitConv(lowering, call, choice);
}

/** The instruction of a convolution by panels of weights; matrix products use it too. */
export function emitConv(lowering: Lowering, call: ConvCall, { op } = chooseConvolution(call, lowering)): void {
  const { window, from, to, source, target, residual, groups } = call;
  const image = asImage(to.dims);
  const channels = asImage(from.dims).channels / groups;
  const outChannels = image.channels / groups;
  const pixels = image.batch * image.height * image.width;
  const depth = product(window.kernel) * channels;
  const [min, max] = clampWords(call.clamped);
  if (op === Op.Gemv) {
    lowering.emit(
      op,
      {
        [GemvArg.Input]: source.pointer,
        [GemvArg.Output]: target.pointer,
        [GemvArg.Weights]: call.weights,
        [GemvArg.Residual]: pointerOf(residual),
        [GemvArg.Groups]: groups,
        [GemvArg.Channels]: channels,
        [GemvArg.OutChannels]: outChannels,
        [GemvArg.SumDepth]: sumDepth(depth),
        [GemvArg.Min]: min,
        [GemvArg.Max]: max,
      },
      call.macs,
    );
    return;
  }
  const block = gemmBlocks(pixels, depth, outChannels, lowering.threads);
  const narrow = outChannels % NR === 0 ? 0 : NR;
  const [inMin, inMax] = clampWords({ clamp: call.inputClamp });
  lowering.emit(
    Op.Conv,
    {
      ...windowArgs(window, from, to, source, target, channels),
      [ConvArg.Weights]: call.weights,
      [ConvArg.Zeros]: lowering.zeros(window.kernel[1] * channels * 4),
      [ConvArg.Scratch]: lowering.workspace(GEMM_SUMS + block.pixels * (block.depth + narrow) * 4 + 48),
      [ConvArg.Residual]: pointerOf(residual),
      [ConvArg.ResidualPixelStride]: residual ? residual.pixelStride : 0,
      [ConvArg.Groups]: groups,
      [ConvArg.OutChannels]: outChannels,
      [ConvArg.BlockPixels]: block.pixels,
      [ConvArg.BlockDepth]: block.depth,
      [ConvArg.SumDepth]: sumDepth(depth),
      [ConvArg.Min]: min,
      [ConvArg.Max]: max,
      [ConvArg.InScale]: pointerOf(call.scale),
      [ConvArg.InShift]: pointerOf(call.shift),
      [ConvArg.InMin]: inMin,
      [ConvArg.InMax]: inMax,
    },
    call.macs,
  );
}

function lowerDepthwise(node: Node<ConvAttributes>, lowering: Lowering, { window }: ConvShape, choice: Choice): void {
  const [x, y] = [input(node, 0), output(node)];
  const [kernelHeight, kernelWidth] = window.kernel;
  const { channels } = asImage(x.dims);
  const weights = lowering.panels({
    weights: input(node, 1),
    bias: node.inputs[ConvInput.Bias],
    groups: 1,
    columns: channels,
    depth: [kernelHeight, kernelWidth, 1],
    groupStride: 0,
    columnStride: kernelHeight * kernelWidth,
    strides: [kernelWidth, 1, 0],
  });
  const ring: Args = 'ring' in choice ? { [DepthwiseRingArg.Ring]: lowering.workspace(choice.ring) } : {};
  const [min, max] = clampWords(node.attributes);
  lowering.emit(
    choice.op,
    {
      ...windowArgs(window, x, y, lowering.place(x), lowering.define(y), channels),
      [DepthwiseConvArg.Weights]: weights,
      [DepthwiseConvArg.Min]: min,
      [DepthwiseConvArg.Max]: max,
      ...ring,
    },
    macsOf(node),
  );
}
