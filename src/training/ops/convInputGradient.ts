import { NR } from '../../../assembly/opcodes.ts';
import { ConvInputGradientArg, TrainingOp } from '../../../assembly/opcodes-training.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { convMacs } from '../../ops/cost.ts';
import { sumDepth } from '../../ops/gemm/blocks.ts';
import { pictureFirst } from '../../ops/layouts.ts';
import type { Operator } from '../../ops/operator.ts';
import { asImage, input, output } from '../../ops/shapes.ts';
import { type Window, windowArgs } from '../../ops/window/window.ts';
import { emitTraining } from './emit.ts';

/** Products of a partial sum: of several taps, or of a part of one. */
const LEAST_SUMMED = 144;
const MOST_SUMMED = 256;

export interface ConvInputGradientAttributes {
  /** The convolution's. */
  readonly window: Window;
  readonly group: number;
  /** The dimensions of the convolution's input. */
  readonly dims: readonly number[];
}

/** The gradient of a convolution's input: dX [N, C, ...] from its output's gradient dY [N, M, ...] and W [M, C / group, ...]. */
export const convInputGradient: Operator<ConvInputGradientAttributes> = {
  name: 'ConvInputGradient',
  since: 1,
  inputs: [2, 2],
  slices: true,
  inferShape: ({ attributes: { dims } }) => [{ type: 'float32', dims }],
  layout: pictureFirst,
  macs: (node) => convMacs(input(node, 0).dims, input(node, 1).dims),
  lower(node, lowering) {
    const { window, group } = node.attributes;
    const [dy, w, dx] = [input(node, 0), input(node, 1), output(node)];
    const [kernelHeight, kernelWidth] = window.kernel;
    const taps = product(window.kernel);
    const [channels, outChannels] = [at(dy.dims, 1) / group, at(dx.dims, 1) / group];
    const depthwise = group > 1 && channels === 1 && outChannels === 1;
    const weights = lowering.panels({
      weights: w,
      bias: undefined,
      groups: depthwise ? 1 : group,
      columns: depthwise ? group : outChannels,
      depth: [kernelHeight, kernelWidth, depthwise ? 1 : channels],
      groupStride: channels * outChannels * taps,
      columnStride: taps,
      strides: [kernelWidth, 1, outChannels * taps],
    });
    const scratch = lowering.workspace(4 * NR * 4 + taps * 16);
    emitTraining(
      lowering,
      depthwise ? TrainingOp.DepthwiseInputGradient : TrainingOp.ConvInputGradient,
      {
        ...windowArgs(window, dy, dx, lowering.place(dy), lowering.define(dx), channels),
        [ConvInputGradientArg.Weights]: weights,
        [ConvInputGradientArg.Zeros]: lowering.zeros(channels * 4),
        [ConvInputGradientArg.Scratch]: scratch,
        [ConvInputGradientArg.Groups]: group,
        [ConvInputGradientArg.OutChannels]: depthwise ? asImage(dx.dims).channels : outChannels,
        [ConvInputGradientArg.SumDepth]: Math.max(LEAST_SUMMED, sumDepth(channels, MOST_SUMMED)),
      },
      convInputGradient.macs?.(node),
    );
  },
};
