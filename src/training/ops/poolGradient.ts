import { AveragePoolGradientArg, MaxPoolGradientArg, TrainingOp } from '../../../assembly/opcodes-training.ts';
import type { Value } from '../../graph/value.ts';
import { channelsLast } from '../../ops/layouts.ts';
import type { Lowering, Node, Operator } from '../../ops/operator.ts';
import { asImage, input, output } from '../../ops/shapes.ts';
import type { Counting } from '../../ops/window/pool.ts';
import { type Window, windowArgs } from '../../ops/window/window.ts';
import type { Args } from '../../plan/place.ts';
import { emitTraining } from './emit.ts';

export interface PoolGradientAttributes {
  readonly window: Window;
  /** The dimensions of the pool's input. */
  readonly dims: readonly number[];
}

const shared: Pick<Operator<PoolGradientAttributes>, 'since' | 'slices' | 'layout' | 'inferShape'> = {
  since: 1,
  slices: true,
  layout: channelsLast,
  inferShape: ({ attributes: { dims } }) => [{ type: 'float32', dims }],
};

/** The gradient of MaxPool and GlobalMaxPool. Inputs: the gradient of y, x, y. */
export const maxPoolGradient: Operator<PoolGradientAttributes> = {
  ...shared,
  name: 'MaxPoolGradient',
  inputs: [3, 3],
  lower(node, lowering) {
    const [x, y] = [lowering.place(input(node, 1)), lowering.place(input(node, 2))];
    emitTraining(lowering, TrainingOp.MaxPoolGradient, {
      ...windowWords(node, lowering),
      [MaxPoolGradientArg.X]: x.pointer,
      [MaxPoolGradientArg.Y]: y.pointer,
      [MaxPoolGradientArg.XPixelStride]: x.pixelStride,
      [MaxPoolGradientArg.YPixelStride]: y.pixelStride,
    });
  },
};

/** The gradient of AveragePool and GlobalAveragePool, and of a pool that sums. Input: the gradient of y. */
export const averagePoolGradient: Operator<PoolGradientAttributes & { readonly counting: Counting }> = {
  ...shared,
  name: 'AveragePoolGradient',
  inputs: [1, 1],
  lower(node, lowering) {
    const { window, counting } = node.attributes;
    emitTraining(lowering, TrainingOp.AveragePoolGradient, {
      ...windowWords(node, lowering),
      [AveragePoolGradientArg.CountIncludePad]: counting,
      [AveragePoolGradientArg.PadBottom]: window.padEnd[0],
      [AveragePoolGradientArg.PadRight]: window.padEnd[1],
    });
  },
};

function windowWords(node: Node<PoolGradientAttributes>, lowering: Lowering): Args {
  const [dy, dx] = [input(node, 0), output(node)];
  const { window } = node.attributes;
  return {
    ...windowArgs(window, dx, dy, lowering.define(dx), lowering.place(dy), asImage(dx.dims).channels),
    [MaxPoolGradientArg.Adds]: Number(!tiles(window, dx, dy)),
  };
}

/** Whether the windows cover every pixel of the picture once. */
function tiles({ kernel, stride, dilation, padBegin }: Window, dx: Value, dy: Value): boolean {
  const [from, to] = [asImage(dx.dims), asImage(dy.dims)];
  return [
    [from.height, to.height],
    [from.width, to.width],
  ].every(([size = 0, count = 0], i) => {
    const taps = kernel[i as 0 | 1];
    return padBegin[i] === 0 && (taps === 1 || dilation[i] === 1) && (count === 1 || stride[i] === taps) && count * taps >= size;
  });
}
