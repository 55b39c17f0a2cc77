import { ConvArg, DepthwiseConvArg, GEMM_SUMS, NR, Op } from '../../../assembly/opcodes.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { formatDims } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { convMacs, macsOf } from '../cost.ts';
import { type Clamped, clampWords } from '../elementwise/clamp.ts';
import { gemmBlocks, sumDepth } from '../gemm/blocks.ts';
import type { Lowering, Node, OpenNode, Operator, Winograd } from '../operator.ts';
import { asImage, input, invalid, output } from '../shapes.ts';
import type { ConvCall } from './convCall.ts';
import { readWindow, resolveWindow, type Window, type WindowAttributes, windowArgs } from './window.ts';
import { directCost, emitWinograd, winogradCost, winogradForms } from './winograd.ts';

export interface ConvAttributes extends WindowAttributes, Clamped {
  readonly group: number;
  /** Of X times scale plus shift. */
  readonly inputClamp?: Clamped['clamp'];
}

/** The last three after fusion only. */
export enum ConvInput {
  X,
  W,
  Bias,
  /** Of the output's shape; added before the clamp. */
  Residual,
  /** Of X, [C], with a shift. */
  Scale,
  Shift,
}

/**
 * ONNX Conv over one or two spatial dimensions: X [N, C, ...], W [M, C / group, ...], optional B [M]. Fusion adds inputs: `ConvInput`.
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
    if (isDepthwise(node)) lowerDepthwise(node, lowering);
    else lowerGeneral(node, lowering);
  },
};

/** One filter per channel. */
export function isDepthwise(node: OpenNode<ConvAttributes>): boolean {
  const { group } = node.attributes;
  return group > 1 && group === input(node, 0).dims[1] && group === input(node, 1).dims[0];
}

/** Whether each of its pixels is made of one of the input's, of all channels: such a one can scale and shift its input as it packs that. */
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
 * @param filters the output's channels
 * @param fits whether the channels of the weights are those of the input
 * @throws LanewiseError INVALID_MODEL
 */
export function checkFilters(node: OpenNode<WindowAttributes & { readonly group: number }>, filters: number, fits: boolean): void {
  const [{ dims }, { dims: weights }] = [input(node, 0), input(node, 1)];
  const { group, kernel } = node.attributes;
  const shown = formatDims(weights);
  // No picture: resolveWindow says so.
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

function lowerGeneral(node: Node<ConvAttributes>, lowering: Lowering): void {
  const [x, w, y] = [input(node, 0), input(node, 1), output(node)];
  const window = convWindow(node);
  const { group } = node.attributes;
  const [kernelHeight, kernelWidth] = window.kernel;
  const channels = asImage(x.dims).channels / group;
  const outChannels = asImage(y.dims).channels / group;
  const taps = kernelHeight * kernelWidth;
  const depth = taps * channels;
  const form = chooseForm(node, window, lowering);
  const weights = lowering.panels({
    winograd: form,
    weights: w,
    bias: node.inputs[ConvInput.Bias],
    groups: group,
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
    window,
    from: x,
    to: y,
    source,
    target,
    weights,
    groups: group,
    residual,
    scale,
    shift,
    inputClamp: node.attributes.inputClamp,
    clamped: node.attributes,
    macs: macsOf(node),
  };
  if (form) emitWinograd(lowering, call, form);
  else emitConv(lowering, call);
}

/**
 * The form of Winograd's convolution that costs least, if that is less than the direct one. It is that of one picture, so that a picture has the same
 * bits in any batch. What the caller gives may hold pixels that dwarf others, and a tile of six points blurs those (docs/performance.md).
 */
function chooseForm(node: Node<ConvAttributes>, window: Window, lowering: Lowering): Winograd | undefined {
  const { winograd } = lowering;
  const [x, w] = [input(node, 0), input(node, 1)];
  const { group } = node.attributes;
  const channels = asImage(x.dims).channels / group;
  const plain = [...window.stride, ...window.dilation].every((n) => n === 1);
  if (!winograd || !plain || channels % 4 !== 0 || !w.constant || (node.inputs[2] && !node.inputs[2].constant)) return undefined;
  const fitting = (winograd === true ? winogradForms : [winograd]).filter(({ taps }) => window.kernel.every((n) => n === taps));
  if (winograd !== true) return fitting[0];
  const { height, width } = asImage(node.outputs[0]?.dims ?? []);
  const outChannels = (w.dims[0] ?? 0) / group;
  const direct = directCost(height * width, product(window.kernel) * channels, outChannels);
  const costs = fitting
    .filter(({ points }) => points < 6 || !lowering.isFed(x))
    .map((form) => ({ form, cost: winogradCost({ height, width, channels, outChannels }, form) }));
  const best = costs.reduce((a, b) => (b.cost < a.cost ? b : a), { form: undefined as Winograd | undefined, cost: direct });
  return best.form;
}

/** The convolution instruction, which is also that of matrix products (a 1×1 window over a picture of one column). */
export function emitConv(lowering: Lowering, call: ConvCall): void {
  const { window, from, to, source, target, residual, groups } = call;
  const image = asImage(to.dims);
  const channels = asImage(from.dims).channels / groups;
  const outChannels = image.channels / groups;
  const pixels = image.batch * image.height * image.width;
  const depth = product(window.kernel) * channels;
  const block = gemmBlocks(pixels, depth, outChannels, lowering.threads);
  const narrow = outChannels % NR === 0 ? 0 : NR;
  const [min, max] = clampWords(call.clamped);
  const [inMin, inMax] = clampWords({ clamp: call.inputClamp });
  lowering.emit(
    Op.Conv,
    {
      ...windowArgs(window, from, to, source, target, channels),
      [ConvArg.Weights]: call.weights,
      [ConvArg.Zeros]: lowering.zeros(window.kernel[1] * channels * 4),
      [ConvArg.Scratch]: lowering.workspace(GEMM_SUMS + block.pixels * (block.depth + narrow) * 4 + 48),
      [ConvArg.Residual]: residual?.pointer ?? 0,
      [ConvArg.ResidualPixelStride]: residual?.pixelStride ?? 0,
      [ConvArg.Groups]: groups,
      [ConvArg.OutChannels]: outChannels,
      [ConvArg.BlockPixels]: block.pixels,
      [ConvArg.BlockDepth]: block.depth,
      [ConvArg.SumDepth]: sumDepth(depth),
      [ConvArg.Min]: min,
      [ConvArg.Max]: max,
      [ConvArg.InScale]: call.scale?.pointer ?? 0,
      [ConvArg.InShift]: call.shift?.pointer ?? 0,
      [ConvArg.InMin]: inMin,
      [ConvArg.InMax]: inMax,
    },
    call.macs,
  );
}

/** The largest ring of rows, which should stay in a cache. */
const RING_BYTES = 256 * 1024;

/** What f32_dwconv_ring_c4 needs for its ring; infinite where it does not apply. */
function ringBytes({ kernel, stride, dilation, out }: Window): number {
  const [height, width] = kernel;
  const [step, pixels] = [stride[1], out[1] ?? 0];
  if (width < 3 || width % 2 === 0 || step > 2 || pixels < 5 - step || dilation[0] + dilation[1] > 2) return Number.POSITIVE_INFINITY;
  return 64 * (height * ((pixels - 1) * step + width) + 1);
}

function lowerDepthwise(node: Node<ConvAttributes>, lowering: Lowering): void {
  const [x, w, y] = [input(node, 0), input(node, 1), output(node)];
  const window = convWindow(node);
  const [kernelHeight, kernelWidth] = window.kernel;
  const { channels } = asImage(x.dims);
  const weights = lowering.panels({
    weights: w,
    bias: node.inputs[ConvInput.Bias],
    groups: 1,
    columns: channels,
    depth: [kernelHeight, kernelWidth, 1],
    groupStride: 0,
    columnStride: kernelHeight * kernelWidth,
    strides: [kernelWidth, 1, 0],
  });
  const ring = ringBytes(window);
  const [min, max] = clampWords(node.attributes);
  lowering.emit(
    Op.DepthwiseConv,
    {
      ...windowArgs(window, x, y, lowering.place(x), lowering.define(y), channels),
      [DepthwiseConvArg.Weights]: weights,
      [DepthwiseConvArg.Ring]: ring <= RING_BYTES ? lowering.workspace(ring) : 0,
      [DepthwiseConvArg.Min]: min,
      [DepthwiseConvArg.Max]: max,
    },
    macsOf(node),
  );
}
