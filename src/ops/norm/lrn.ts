import { LrnArg, Op } from '../../../assembly/opcodes.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { channelsLast } from '../layouts.ts';
import type { OpenNode, Operator } from '../operator.ts';
import { input, invalid, output } from '../shapes.ts';

export interface LrnAttributes {
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
  readonly size: number;
}

/** ONNX LRN, local response normalisation across channels (Krizhevsky, Sutskever and Hinton 2012). */
export const lrn: Operator<LrnAttributes> = {
  name: 'LRN',
  since: 1,
  inputs: [1, 1],
  attributes(reader) {
    const size = reader.positive('size', 0);
    return { alpha: reader.float('alpha', 1e-4), beta: reader.float('beta', 0.75), bias: reader.float('bias', 1), size };
  },
  inferShape(node) {
    const { type, dims } = input(node, 0);
    if (dims.length < 3) throw invalid(node, `its input [${dims}] should be [N, C, ...]`);
    return [{ type, dims }];
  },
  layout: channelsLast,
  slices: true,
  macs: (node) => product(input(node, 0).dims) * seen(node),
  lower(node, lowering) {
    const { dims } = input(node, 0);
    const { alpha, beta, bias, size } = node.attributes;
    const taps = seen(node);
    const channels = at(dims, 1);
    const source = lowering.place(input(node, 0));
    const target = lowering.define(output(node));
    lowering.emit(Op.Lrn, {
      [LrnArg.Input]: source.pointer,
      [LrnArg.Output]: target.pointer,
      [LrnArg.Scratch]: lowering.workspace((Math.ceil(channels / 4) * 4 + taps) * 4),
      [LrnArg.Pixels]: product(dims) / channels,
      [LrnArg.Channels]: channels,
      [LrnArg.InPixelStride]: source.pixelStride,
      [LrnArg.OutPixelStride]: target.pixelStride,
      [LrnArg.Size]: taps,
      [LrnArg.Alpha]: { float: alpha / size },
      [LrnArg.Beta]: { float: beta },
      [LrnArg.Bias]: { float: bias },
    });
  },
};

/** How many channels a window sees, at most twice as many as there are, because then it sees all of them from everywhere. */
export const seen = (node: OpenNode<LrnAttributes>): number => Math.min(node.attributes.size, 2 * at(input(node, 0).dims, 1));
