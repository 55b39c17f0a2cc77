import { CrossEntropyArg, CrossEntropyGradientArg, LossSumArg, TrainingOp } from '../../../assembly/opcodes-training.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import type { Lowering, Node, Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { aroundAxis } from '../../ops/strides.ts';
import type { Args, Layout, Pointer } from '../../plan/place.ts';
import type { Ruled } from '../rules/rule.ts';
import { emitTraining } from './emit.ts';

export interface CrossEntropyAttributes {
  /** How much of every target is spread over all classes. */
  readonly smoothing: number;
  /** Of each class; undefined: 1. */
  readonly weights?: readonly number[] | undefined;
  /** The label of what does not count. */
  readonly ignore?: number | undefined;
}

/** No label. */
const NONE = -(2 ** 31);

/** Elements in a part of the sums over rows, about: a kernel's share for a thread. */
const PART = 4096;

/** Bytes of a part's sums: see training/f32_cross_entropy. */
const SUMS = 3;

const scalar = { type: 'float32', dims: [] } as const;

/** The loss and what else is summed. @param divisor of the loss; 0: the sum of the weights */
export function emitLossSum(
  lowering: Lowering,
  sums: Pointer,
  parts: number,
  divisor: number,
  [loss, correct, total]: readonly Value[],
): void {
  const place = (value: Value | undefined) => (value ? lowering.define(value).pointer : 0);
  emitTraining(lowering, TrainingOp.LossSum, {
    [LossSumArg.Sums]: sums,
    [LossSumArg.Parts]: parts,
    [LossSumArg.Loss]: place(loss),
    [LossSumArg.Correct]: place(correct),
    [LossSumArg.Total]: place(total),
    [LossSumArg.Divisor]: { float: divisor },
  });
}

export const sumsOf = (lowering: Lowering, parts: number): Pointer => lowering.scratch(parts * SUMS, 'float64');

/** Shares of the classes as labels, not their numbers. */
const hasShares = (node: Pick<Node, 'inputs' | 'name'>): boolean => input(node, 1).type === 'float32';

function around(node: Node<CrossEntropyAttributes>, lowering: Lowering) {
  const { dims } = input(node, 0);
  return aroundAxis(dims, 1, lowering.layoutOf(input(node, 0)));
}

/** What the loss and its gradient have in common. */
function sharedArgs(node: Node<CrossEntropyAttributes>, lowering: Lowering): Args {
  const { smoothing, weights, ignore = NONE } = node.attributes;
  const classes = at(input(node, 0).dims, 1);
  const { outer, length, inner } = around(node, lowering);
  return {
    [CrossEntropyArg.Input]: lowering.place(input(node, 0)).pointer,
    [CrossEntropyArg.Labels]: lowering.place(input(node, 1)).pointer,
    [CrossEntropyArg.Shares]: Number(hasShares(node)),
    [CrossEntropyArg.Weights]: lowering.table(weights ? Float32Array.from(weights) : new Float32Array(classes).fill(1)),
    [CrossEntropyArg.Outer]: outer,
    [CrossEntropyArg.Length]: length,
    [CrossEntropyArg.Inner]: inner,
    [CrossEntropyArg.Keep]: { float: 1 - smoothing },
    [CrossEntropyArg.Spread]: { float: smoothing / classes },
    [CrossEntropyArg.Ignore]: ignore,
  };
}

/** Labels that are shares lie as the logits do; classes have a dimension less. */
const layoutsOf = (node: Pick<Node, 'inputs' | 'name'>, layout: Layout): readonly Layout[] => [
  layout,
  hasShares(node) ? layout : 'rowMajor',
  'rowMajor',
];

/**
 * The mean of PyTorch's cross_entropy. Inputs: float32 logits [N, C, ...], labels int32 [N, ...] or float32 as the logits. Outputs:
 * the loss [], how many are right [], what the loss was divided by [].
 */
export const crossEntropyLoss: Ruled<CrossEntropyAttributes> = {
  name: 'CrossEntropy',
  rule: ({ inputs, outputs, attributes }, [gradient], tape) =>
    gradient ? [tape.add(crossEntropyGradient, [...inputs, outputs[2] as Value, gradient], attributes)] : [],
  since: 1,
  inputs: [2, 2],
  outputs: [1, 3],
  types: ['float32', 'any'],
  inferShape: ({ outputCount }) => [scalar, scalar, scalar].slice(0, outputCount),
  layout: (node, layoutOf) => ({ inputs: layoutsOf(node, layoutOf(input(node, 0))), output: 'rowMajor' }),
  lower(node, lowering) {
    const { outer, length, inner } = around(node, lowering);
    const lanes = inner === 1 ? 1 : 4;
    const size = Math.ceil(PART / (length * lanes || 1));
    const parts = Math.ceil((outer * ((inner + 3) >> 2)) / size);
    const sums = sumsOf(lowering, parts);
    emitTraining(lowering, TrainingOp.CrossEntropy, {
      ...sharedArgs(node, lowering),
      [CrossEntropyArg.Sums]: sums,
      [CrossEntropyArg.PartSize]: size,
    });
    emitLossSum(lowering, sums, parts, hasShares(node) ? product(input(node, 0).dims) / length : 0, node.outputs);
  },
};

/** The gradient of `crossEntropyLoss` for its logits. Inputs: its own, then its third output and the gradient of its first. */
export const crossEntropyGradient: Operator<CrossEntropyAttributes> = {
  name: 'CrossEntropyGradient',
  since: 1,
  inputs: [4, 4],
  types: ['float32', 'any', 'float32'],
  inferShape: (node) => [{ type: 'float32', dims: input(node, 0).dims }],
  layout(node, layoutOf) {
    const layout = layoutOf(input(node, 0));
    return { inputs: layoutsOf(node, layout), output: layout };
  },
  lower(node, lowering) {
    emitTraining(lowering, TrainingOp.CrossEntropyGradient, {
      ...sharedArgs(node, lowering),
      [CrossEntropyGradientArg.Total]: lowering.place(input(node, 2)).pointer,
      [CrossEntropyGradientArg.Gradient]: lowering.place(input(node, 3)).pointer,
      [CrossEntropyGradientArg.Output]: lowering.define(output(node)).pointer,
    });
  },
};
