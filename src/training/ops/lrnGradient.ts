import { LrnGradientArg, TrainingOp } from '../../../assembly/opcodes-training.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { channelsLast } from '../../ops/layouts.ts';
import { type LrnAttributes, seen } from '../../ops/norm/lrn.ts';
import type { Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { emitTraining } from './emit.ts';

/** The gradient of LRN. Inputs: x, the gradient of y. */
export const lrnGradient: Operator<LrnAttributes> = {
  name: 'LRNGradient',
  since: 1,
  inputs: [2, 2],
  slices: true,
  inferShape: (node) => [{ type: 'float32', dims: input(node, 0).dims }],
  layout: channelsLast,
  macs: (node) => 2 * product(input(node, 0).dims) * seen(node),
  lower(node, lowering) {
    const { dims } = input(node, 0);
    const { alpha, beta, bias, size } = node.attributes;
    const taps = seen(node);
    const channels = at(dims, 1);
    const [source, gradient] = [lowering.place(input(node, 0)), lowering.place(input(node, 1))];
    const target = lowering.define(output(node));
    emitTraining(lowering, TrainingOp.LrnGradient, {
      [LrnGradientArg.Input]: source.pointer,
      [LrnGradientArg.Gradient]: gradient.pointer,
      [LrnGradientArg.Result]: target.pointer,
      [LrnGradientArg.Scratch]: lowering.workspace(2 * (Math.ceil(channels / 4) * 4 + taps) * 4),
      [LrnGradientArg.Pixels]: product(dims) / channels,
      [LrnGradientArg.Channels]: channels,
      [LrnGradientArg.InPixelStride]: source.pixelStride,
      [LrnGradientArg.GradientPixelStride]: gradient.pixelStride,
      [LrnGradientArg.ResultPixelStride]: target.pixelStride,
      [LrnGradientArg.Size]: taps,
      [LrnGradientArg.Alpha]: { float: alpha / size },
      [LrnGradientArg.Beta]: { float: beta },
      [LrnGradientArg.Bias]: { float: bias },
    });
  },
};
