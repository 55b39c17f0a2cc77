import {
  BatchNormApplyArg,
  BatchNormGradientApplyArg,
  BatchNormGradientFactorsArg,
  BatchNormGradientSumsArg,
  BatchNormMomentsArg,
  BatchNormStatisticsArg,
  TrainingOp,
} from '../../../assembly/opcodes-training.ts';
import { LanewiseError } from '../../errors.ts';
import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import { type Clamped, clampWords } from '../../ops/elementwise/clamp.ts';
import type { OpenNode, Operator } from '../../ops/operator.ts';
import { asImage, input } from '../../ops/shapes.ts';
import { pointerOf } from '../../plan/place.ts';
import type { Rule, Ruled } from '../rules/rule.ts';
import { emitTraining } from './emit.ts';

export interface BatchNormTrainingAttributes extends Clamped {
  readonly epsilon: number;
  /** The share of the batch in the running statistics, as in PyTorch: 0.1. */
  readonly momentum: number;
}

/** Elements of a block of pixels: of the passes that read and write several pictures, so that these lie in the first cache. */
const [ALONE, SEVERAL] = [4096, 2048];

/** Pixels, channels, and how many pixels a block has, by shape alone, and few enough for float32 to add them up. */
function sizesOf({ dims }: Value, elements: number): { pixels: number; channels: number; block: number; blocks: number; row: number } {
  const { channels } = asImage(dims);
  const pixels = product(dims) / channels;
  const row = Math.ceil(channels / 4) * 4;
  const block = Math.min(256, Math.max(16, Math.ceil(elements / row)));
  return { pixels, channels, block, blocks: Math.ceil(pixels / block), row };
}

/** @throws LanewiseError INVALID_INPUT: one value has no variance */
function checkBatch(node: OpenNode<unknown>, { dims }: Value): number {
  const { channels } = asImage(dims);
  if (product(dims) > channels) return channels;
  throw new LanewiseError(
    'INVALID_INPUT',
    `node '${node.name}': batch-norm learns from more than one value per channel, got [${dims}]: train with larger batches or pictures`,
  );
}

/**
 * Batch-norm by the statistics of its batch (Ioffe and Szegedy 2015, arXiv:1502.03167), as PyTorch's BatchNorm in training.
 *
 * Inputs: x [N, C, ...]; scale, bias, running mean and running variance [C]; a residual of x's shape, which is added before the
 * clamp. Outputs: y; the mean [2, C], as the nearest float32 and what that leaves; 1 / sqrt(variance + epsilon) [C], of the
 * variance of the set; if there are five, the new running statistics, with the unbiased variance. The old ones stay: see `chainStatistics`.
 * @throws LanewiseError INVALID_INPUT if a channel has a single value
 */
export const batchNormTraining: Ruled<BatchNormTrainingAttributes> = {
  name: 'BatchNormTraining',
  rule: (...given) => batchNormRule(...given),
  since: 1,
  inputs: [5, 6],
  outputs: [1, 5],
  slices: true,
  inferShape(node) {
    const { dims } = input(node, 0);
    const channels = checkBatch(node, input(node, 0));
    const all = [dims, [2, channels], [channels], [channels], [channels]];
    return all.slice(0, node.outputCount).map((dims) => ({ type: 'float32', dims }));
  },
  layout: () => ({ inputs: ['channelsLast', 'any', 'any', 'any', 'any', 'channelsLast'], output: 'channelsLast' }),
  macs: (node) => 3 * product(input(node, 0).dims),
  lower(node, lowering) {
    const x = input(node, 0);
    const [y, mean, invStd, newMean, newVariance] = node.outputs;
    const { pixels, channels, block, blocks, row } = sizesOf(x, ALONE);
    const source = lowering.place(x);
    const vector = (i: number) => lowering.place(input(node, i)).pointer;
    const kept = (made: Value | undefined, size: number) => (made ? lowering.define(made).pointer : lowering.scratch(size));
    const partials = lowering.scratch(3 * blocks * row);
    emitTraining(lowering, TrainingOp.BatchNormStatistics, {
      [BatchNormStatisticsArg.Input]: source.pointer,
      [BatchNormStatisticsArg.Partials]: partials,
      [BatchNormStatisticsArg.Pixels]: pixels,
      [BatchNormStatisticsArg.Channels]: channels,
      [BatchNormStatisticsArg.InPixelStride]: source.pixelStride,
      [BatchNormStatisticsArg.BlockPixels]: block,
    });
    const factors = lowering.scratch(3 * row);
    emitTraining(lowering, TrainingOp.BatchNormMoments, {
      [BatchNormMomentsArg.Partials]: partials,
      [BatchNormMomentsArg.Scale]: vector(1),
      [BatchNormMomentsArg.Bias]: vector(2),
      [BatchNormMomentsArg.Mean]: kept(mean, 2 * channels),
      [BatchNormMomentsArg.InvStd]: kept(invStd, channels),
      [BatchNormMomentsArg.Factors]: factors,
      [BatchNormMomentsArg.NewMean]: newMean ? lowering.define(newMean).pointer : 0,
      [BatchNormMomentsArg.NewVariance]: newVariance ? lowering.define(newVariance).pointer : 0,
      [BatchNormMomentsArg.OldMean]: vector(3),
      [BatchNormMomentsArg.OldVariance]: vector(4),
      [BatchNormMomentsArg.Pixels]: pixels,
      [BatchNormMomentsArg.Channels]: channels,
      [BatchNormMomentsArg.BlockPixels]: block,
      [BatchNormMomentsArg.Epsilon]: { float: node.attributes.epsilon },
      [BatchNormMomentsArg.Momentum]: { float: node.attributes.momentum },
    });
    const residual = node.inputs[5] && lowering.place(node.inputs[5]);
    const target = lowering.define(y as Value);
    const [min, max] = clampWords(node.attributes);
    emitTraining(
      lowering,
      TrainingOp.BatchNormApply,
      {
        [BatchNormApplyArg.Input]: source.pointer,
        [BatchNormApplyArg.Output]: target.pointer,
        [BatchNormApplyArg.Residual]: pointerOf(residual),
        [BatchNormApplyArg.Factors]: factors,
        [BatchNormApplyArg.Pixels]: pixels,
        [BatchNormApplyArg.Channels]: channels,
        [BatchNormApplyArg.InPixelStride]: source.pixelStride,
        [BatchNormApplyArg.OutPixelStride]: target.pixelStride,
        [BatchNormApplyArg.ResidualPixelStride]: residual?.pixelStride ?? 0,
        [BatchNormApplyArg.BlockPixels]: sizesOf(x, SEVERAL).block,
        [BatchNormApplyArg.Min]: min,
        [BatchNormApplyArg.Max]: max,
      },
      product(x.dims),
    );
  },
};

/**
 * The gradients of `batchNormTraining`. Inputs: the gradient of y, x, scale, and the mean and 1 / std that it gave; y, if it
 * clamped. Outputs: the gradients of scale and bias; of x, if there are three or four; and of a residual, the gradient of y
 * where the clamp passes it, which there is if x has a gradient and y was clamped.
 */
export const batchNormGradient: Operator<Clamped> = {
  name: 'BatchNormGradient',
  since: 1,
  inputs: [5, 6],
  outputs: [2, 4],
  slices: true,
  inferShape(node) {
    const { dims } = input(node, 1);
    const { dims: vector } = input(node, 2);
    return [vector, vector, dims, dims].slice(0, node.outputCount).map((dims) => ({ type: 'float32', dims }));
  },
  layout: () => ({ inputs: ['channelsLast', 'channelsLast', 'any', 'any', 'any', 'channelsLast'], output: 'channelsLast' }),
  macs: (node) => 4 * product(input(node, 1).dims),
  lower(node, lowering) {
    const x = input(node, 1);
    const [dScale, dBias, dX, dResidual] = node.outputs;
    const { pixels, channels, block, blocks, row } = sizesOf(x, SEVERAL);
    const [gradient, source] = [lowering.place(input(node, 0)), lowering.place(x)];
    const vector = (i: number) => lowering.place(input(node, i)).pointer;
    const y = node.inputs[5] && lowering.place(node.inputs[5]);
    const masked = dResidual && lowering.define(dResidual);
    const [min, max] = clampWords(node.attributes);
    const partials = lowering.scratch(2 * blocks * row);
    emitTraining(lowering, TrainingOp.BatchNormGradientSums, {
      [BatchNormGradientSumsArg.Input]: source.pointer,
      [BatchNormGradientSumsArg.Gradient]: gradient.pointer,
      [BatchNormGradientSumsArg.Output]: pointerOf(y),
      [BatchNormGradientSumsArg.Masked]: pointerOf(masked),
      [BatchNormGradientSumsArg.Mean]: vector(3),
      [BatchNormGradientSumsArg.Partials]: partials,
      [BatchNormGradientSumsArg.Pixels]: pixels,
      [BatchNormGradientSumsArg.Channels]: channels,
      [BatchNormGradientSumsArg.InPixelStride]: source.pixelStride,
      [BatchNormGradientSumsArg.GradientPixelStride]: gradient.pixelStride,
      [BatchNormGradientSumsArg.OutPixelStride]: y?.pixelStride ?? 0,
      [BatchNormGradientSumsArg.MaskedPixelStride]: masked?.pixelStride ?? 0,
      [BatchNormGradientSumsArg.BlockPixels]: block,
      [BatchNormGradientSumsArg.Min]: min,
      [BatchNormGradientSumsArg.Max]: max,
    });
    const factors = lowering.scratch(4 * row);
    emitTraining(lowering, TrainingOp.BatchNormGradientFactors, {
      [BatchNormGradientFactorsArg.Partials]: partials,
      [BatchNormGradientFactorsArg.Scale]: vector(2),
      [BatchNormGradientFactorsArg.Mean]: vector(3),
      [BatchNormGradientFactorsArg.InvStd]: vector(4),
      [BatchNormGradientFactorsArg.Factors]: factors,
      [BatchNormGradientFactorsArg.ScaleGradient]: lowering.define(dScale as Value).pointer,
      [BatchNormGradientFactorsArg.BiasGradient]: lowering.define(dBias as Value).pointer,
      [BatchNormGradientFactorsArg.Pixels]: pixels,
      [BatchNormGradientFactorsArg.Channels]: channels,
      [BatchNormGradientFactorsArg.BlockPixels]: block,
    });
    if (!dX) return;
    const target = lowering.define(dX);
    const given = masked ?? gradient;
    emitTraining(
      lowering,
      TrainingOp.BatchNormGradientApply,
      {
        [BatchNormGradientApplyArg.Input]: source.pointer,
        [BatchNormGradientApplyArg.Gradient]: given.pointer,
        [BatchNormGradientApplyArg.Result]: target.pointer,
        [BatchNormGradientApplyArg.Factors]: factors,
        [BatchNormGradientApplyArg.Pixels]: pixels,
        [BatchNormGradientApplyArg.Channels]: channels,
        [BatchNormGradientApplyArg.InPixelStride]: source.pixelStride,
        [BatchNormGradientApplyArg.GradientPixelStride]: given.pixelStride,
        [BatchNormGradientApplyArg.ResultPixelStride]: target.pixelStride,
        [BatchNormGradientApplyArg.BlockPixels]: block,
      },
      product(x.dims),
    );
  },
};

/** Reads x and the statistics again, and y where a clamp masks; the residual's gradient is the masked one. */
const batchNormRule: Rule<BatchNormTrainingAttributes> = (node, [dy], tape) => {
  const [x, scale, , , , residual] = node.inputs;
  const [y, mean, invStd] = node.outputs;
  const { clamp } = node.attributes;
  const passes = tape.wants(x) || tape.wants(residual);
  const [dScale, dBias, dX, masked] = tape.all(batchNormGradient, {
    inputs: [dy, x, scale, mean, invStd, clamp && y],
    attributes: clamp ? { clamp } : {},
    outputs: passes ? (clamp ? 4 : 3) : 2,
  });
  // Without a clamp, the residual's gradient is the gradient as it is.
  return [dX, dScale, dBias, undefined, undefined, residual && (masked ?? dy)];
};
