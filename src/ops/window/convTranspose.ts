import { Col2ImArg, Op } from '../../../assembly/opcodes.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import { convMacs, macsOf } from '../cost.ts';
import { allocate } from '../elements.ts';
import { type Clamped, clampWords } from '../elementwise/clamp.ts';
import { emitCopy, shifted } from '../emit.ts';
import { pictureFirst } from '../layouts.ts';
import type { Lowering, Node, OpenNode, Operator } from '../operator.ts';
import { asImage, input, invalid, output } from '../shapes.ts';
import { stridesOf } from '../strides.ts';
import { checkFilters, emitConv } from './conv.ts';
import type { ConvCall } from './convCall.ts';
import {
  type AutoPad,
  type Axis,
  type GivenAxis,
  LIMIT,
  planar,
  readWindow,
  type Window,
  type WindowAttributes,
  wholeWindow,
  windowArgs,
} from './window.ts';

export interface ConvTransposeAttributes extends WindowAttributes, Clamped {
  readonly group: number;
  readonly outputPadding: readonly number[] | undefined;
  readonly outputShape: readonly number[] | undefined;
}

/**
 * ONNX ConvTranspose over one or two spatial dimensions: X [N, C, ...], W [C, M / group, ...], optional B [M]. A matrix
 * product gives what each input pixel contributes to the output around it, and a second pass adds that up.
 */
export const convTranspose: Operator<ConvTransposeAttributes> = {
  clamps: true,
  name: 'ConvTranspose',
  since: 1,
  inputs: [2, 3],
  attributes(reader) {
    return {
      ...readWindow(reader),
      group: reader.positive('group', 1),
      outputPadding: reader.ints('output_padding'),
      outputShape: reader.ints('output_shape'),
    };
  },
  inferShape(node) {
    const { out } = transposedWindow(node);
    return [{ type: 'float32', dims: [at(input(node, 0).dims, 0), at(input(node, 1).dims, 1) * node.attributes.group, ...out] }];
  },
  layout: pictureFirst,
  slices: true,
  macs: (node) => convMacs(input(node, 0).dims, input(node, 1).dims),
  lower: (node, lowering) => lowerTransposed(node, lowering, emitConv),
};

/** @param emit makes the instruction of the matrix product, with float32 as its output */
export function lowerTransposed(
  node: Node<ConvTransposeAttributes>,
  lowering: Lowering,
  emit: (lowering: Lowering, call: ConvCall) => void,
): void {
  const [x, y] = [input(node, 0), output(node)];
  const window = transposedWindow(node);
  const { group } = node.attributes;
  const image = asImage(x.dims);
  const channels = image.channels / group;
  const outChannels = asImage(y.dims).channels / group;
  const columns = outChannels * window.kernel[0] * window.kernel[1];
  const weights = lowering.panels({
    weights: tapsFirst(node, lowering),
    bias: undefined,
    groups: group,
    columns,
    depth: [1, 1, channels],
    groupStride: channels * columns,
    columnStride: 1,
    strides: [0, 0, columns],
  });
  const pixels = image.batch * image.height * image.width;
  const pixelStride = columns * group * 4;
  const scratch = { pointer: lowering.scratch(pixels * columns * group), layout: 'channelsLast' as const, pixelStride, strides: [] };
  emit(lowering, {
    window: wholeWindow([1, 1], [image.height, image.width]),
    from: x,
    to: { type: 'float32', dims: [image.batch, columns * group, image.height, image.width] },
    source: lowering.place(x),
    target: scratch,
    weights,
    groups: group,
    clamped: {},
    macs: macsOf(node),
  });
  const target = lowering.define(y);
  const bias = node.inputs[2] && lowering.place(node.inputs[2]).pointer;
  const [min, max] = clampWords(node.attributes);
  for (let g = 0; g < group; g++) {
    lowering.emit(Op.Col2Im, {
      ...windowArgs(
        window,
        x,
        y,
        { ...scratch, pointer: shifted(scratch.pointer, g * columns * 4) },
        { ...target, pointer: shifted(target.pointer, g * outChannels * 4) },
        outChannels,
      ),
      [Col2ImArg.Bias]: bias ? shifted(bias, g * outChannels * 4) : 0,
      [Col2ImArg.Min]: min,
      [Col2ImArg.Max]: max,
    });
  }
}

/** The weights as [C, taps, M / group], so that those of one output pixel are contiguous. */
function tapsFirst(node: Node<ConvTransposeAttributes>, lowering: Lowering): Value {
  const w = input(node, 1);
  const [rows = 0, filters = 0, ...kernel] = w.dims;
  const taps = product(kernel);
  const name = JSON.stringify([w.name, 'taps first']);
  const value: Value = { name, type: w.type, dims: [rows, taps, filters] };
  if (w.constant) {
    const source = w.constant;
    const read = () => {
      const from = source.read() as Float32Array;
      const data = allocate(w.type, from.length);
      for (let r = 0; r < rows; r++) {
        for (let m = 0; m < filters; m++) {
          for (let t = 0; t < taps; t++) data[(r * taps + t) * filters + m] = at(from, (r * filters + m) * taps + t);
        }
      }
      return data;
    };
    return { ...value, constant: { ...value, read }, fixed: w.fixed ?? false };
  }
  const target = lowering.define(value);
  const strides = stridesOf('rowMajor', [rows, filters, taps], 4);
  emitCopy(lowering, 4, target.pointer, lowering.place(w).pointer, {
    sizes: [rows, taps, filters],
    strides: [stridesOf('rowMajor', value.dims, 4), [at(strides, 0), at(strides, 2), at(strides, 1)]],
  });
  return value;
}

/** The window of the convolution whose transpose this is; `out` are the sizes of this one's output. */
export function transposedWindow(node: OpenNode<ConvTransposeAttributes>): Window {
  const { dims } = input(node, 0);
  const weights = input(node, 1).dims;
  const { group, outputPadding, outputShape, autoPad } = node.attributes;
  const [channels = 0, each = 0] = weights;
  const filters = each * group;
  checkFilters(node, filters, channels === dims[1] && channels % group === 0 && filters > 0);
  const rank = dims.length - 2;
  // Some exporters give all dimensions, with the batch's and the channels'.
  const shape = outputShape?.slice(outputShape.length - rank);
  if ((shape && shape.length !== rank) || (outputPadding && (outputPadding.length !== rank || outputPadding.some((size) => size < 0)))) {
    throw invalid(
      node,
      `output_shape [${outputShape ?? []}] and output_padding [${outputPadding ?? []}] should be ${rank} numbers from 0 on`,
    );
  }
  return planar(node, dims, weights.slice(2), (axis) => {
    const more = { autoPad, outputPadding: outputPadding?.[axis.index], wanted: shape?.[axis.index] };
    return spread(axis, more, (problem) => invalid(node, problem));
  });
}

/**
 * One axis of a transposed convolution. @param wanted the output's size, which then determines the padding
 * @param fail makes the error if it does not fit
 */
export function spread(
  { size, kernel, stride, dilation, ...pads }: GivenAxis,
  { autoPad, outputPadding = 0, wanted }: { autoPad: AutoPad; outputPadding?: number | undefined; wanted?: number | undefined },
  fail: (problem: string) => Error,
): Axis {
  const extent = (kernel - 1) * dilation + 1;
  const full = stride * (size - 1) + outputPadding + extent;
  if (full >= LIMIT) throw fail(`a result of ${full} positions is too large`);
  const same = autoPad === 'SAME_UPPER' || autoPad === 'SAME_LOWER';
  const target = wanted ?? (same ? size * stride : undefined);
  let { begin, end } = autoPad === 'VALID' ? { begin: 0, end: 0 } : pads;
  if (target !== undefined) {
    const total = full - target;
    const half = Math.floor(total / 2);
    begin = autoPad === 'SAME_UPPER' ? half : total - half;
    end = total - begin;
  }
  const out = full - begin - end;
  if (out < 1) throw fail(`pads ${begin} and ${end} leave nothing of ${full} positions`);
  return { out, kernel, stride, dilation, begin, end };
}
