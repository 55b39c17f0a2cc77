// Operators that change states in place. Their outputs are the states, under new names.

import {
  AccumulateArg,
  AccumulateKind,
  AdamwArg,
  AdamwNumber,
  ClipArg,
  SgdArg,
  SgdNumber,
  SQUARES_BLOCK,
  SquaresArg,
  TrainingOp,
} from '../../../assembly/opcodes-training.ts';
import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import { shifted } from '../../ops/emit.ts';
import type { LayoutRule, Lowering, Node, OpenNode, Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { type Pointer, pointerOf } from '../../plan/place.ts';
import { emitTraining } from './emit.ts';

export interface UpdateAttributes {
  /** Whether weight decay applies. */
  readonly decays: boolean;
}

export interface SgdAttributes extends UpdateAttributes {
  readonly nesterov: boolean;
}

const pointer = (lowering: Lowering, value: Value | undefined): Pointer | 0 => pointerOf(value && lowering.place(value));

/** The places of states, which the outputs get, too. */
function inPlace(node: Node<never>, lowering: Lowering, states: readonly (Value | undefined)[]): (Pointer | 0)[] {
  node.outputs.forEach((output, i) => {
    const state = states[i];
    if (state) lowering.alias(output, state);
  });
  return states.map((state) => pointer(lowering, state));
}

/** The gradient without gaps in the order of the weight; float32 numbers of the step, its size; the factor. */
function checkUpdate(node: OpenNode<unknown>, numbers: number): void {
  const [weight, gradient, step, factor] = node.inputs;
  const fits = weight?.dims.join() === gradient?.dims.join() && step?.dims.join() === `${numbers}` && product(factor?.dims ?? []) === 1;
  if (!fits) throw new Error(`'${node.name}' has inputs that do not fit`);
}

const states = ({ inputs: [weight, , , , ...slots] }: Pick<OpenNode<unknown>, 'inputs'>): Value[] =>
  [weight, ...slots].filter((value) => value !== undefined);

const typesOf = (values: readonly Value[]) => values.map(({ dims }) => ({ type: 'float32', dims }) as const);

/**
 * torch.optim.SGD's step: weight, gradient, the step's numbers (SgdNumber), a factor of the gradient [1] or nothing, the
 * momentum's buffer or nothing. The outputs are the weight and the buffer.
 */
export const sgdStep: Operator<SgdAttributes> = {
  name: 'Sgd',
  since: 1,
  inputs: [3, 5],
  outputs: [1, 2],
  inferShape(node) {
    checkUpdate(node, SgdNumber.Count);
    return typesOf(states(node));
  },
  lower(node, lowering) {
    const [weight = 0, buffer = 0] = inPlace(node as Node<never>, lowering, states(node));
    emitTraining(lowering, TrainingOp.Sgd, {
      [SgdArg.Weight]: weight,
      [SgdArg.Gradient]: lowering.place(input(node, 1)).pointer,
      [SgdArg.Buffer]: buffer,
      [SgdArg.Numbers]: lowering.place(input(node, 2)).pointer,
      [SgdArg.Factor]: pointer(lowering, node.inputs[3]),
      [SgdArg.Count]: product(output(node).dims),
      [SgdArg.Nesterov]: Number(node.attributes.nesterov),
      [SgdArg.Decays]: Number(node.attributes.decays),
    });
  },
};

/**
 * torch.optim.AdamW's step: weight, gradient, the step's numbers (AdamwNumber), a factor of the gradient [1] or nothing, both
 * moments. The outputs are the weight and the moments.
 */
export const adamwStep: Operator<UpdateAttributes> = {
  name: 'Adamw',
  since: 1,
  inputs: [6, 6],
  outputs: [3, 3],
  inferShape(node) {
    checkUpdate(node, AdamwNumber.Count);
    return typesOf(states(node));
  },
  lower(node, lowering) {
    const [weight = 0, first = 0, second = 0] = inPlace(node as Node<never>, lowering, states(node));
    emitTraining(lowering, TrainingOp.Adamw, {
      [AdamwArg.Weight]: weight,
      [AdamwArg.Gradient]: lowering.place(input(node, 1)).pointer,
      [AdamwArg.FirstMoment]: first,
      [AdamwArg.SecondMoment]: second,
      [AdamwArg.Numbers]: lowering.place(input(node, 2)).pointer,
      [AdamwArg.Factor]: pointer(lowering, node.inputs[3]),
      [AdamwArg.Count]: product(output(node).dims),
      [AdamwArg.Decays]: Number(node.attributes.decays),
    });
  },
};

/** An operator of a state, a tensor of its shape and a float32 [1]; the later ones may be left out. */
const following = (name: string, kind: AccumulateKind, arity: number): Operator => ({
  name,
  since: 1,
  inputs: [arity, arity],
  inferShape: (node) => typesOf([input(node, 0)]),
  lower(node, lowering) {
    const [state = 0] = inPlace(node as Node<never>, lowering, [input(node, 0)]);
    emitTraining(lowering, TrainingOp.Accumulate, {
      [AccumulateArg.State]: state,
      [AccumulateArg.Value]: pointer(lowering, node.inputs[1]),
      [AccumulateArg.Factor]: pointer(lowering, node.inputs[2]),
      [AccumulateArg.Kind]: kind,
      [AccumulateArg.Count]: product(output(node).dims),
    });
  },
});

/** state + factor · value. */
export const accumulate = following('Accumulate', AccumulateKind.Accumulate, 3);

/** state + factor · (value - state): the moving average with the decay 1 - factor. */
export const average = following('Average', AccumulateKind.Average, 3);

/** 0, whatever the state was. */
export const clear = following('Clear', AccumulateKind.Clear, 1);

/** The value, whatever the state was. */
export const assign = following('Assign', AccumulateKind.Set, 2);

/** The gradients' squares are summed in the order in which they lie, whatever that is. */
const anyLayout: LayoutRule = { inputs: ['any'], output: 'rowMajor' };

/**
 * torch.nn.utils.clip_grad_norm_: of the gradients, the factor float32 [1] that brings their common norm to `max` at most, and
 * the norm, float32 []. The sum's order is that of the gradients and of their elements.
 */
export const clip: Operator<{ readonly max: number }> = {
  name: 'ClipNorm',
  since: 1,
  inputs: [1, Number.POSITIVE_INFINITY],
  outputs: [2, 2],
  inferShape: () => [
    { type: 'float32', dims: [1] },
    { type: 'float32', dims: [] },
  ],
  layout: () => anyLayout,
  lower(node, lowering) {
    const counts = node.inputs.map((value) => product(value?.dims ?? [0]));
    const blocks = counts.map((count) => Math.ceil(count / SQUARES_BLOCK));
    const total = blocks.reduce((a, b) => a + b, 0);
    const squares = lowering.scratch(2 * total);
    let done = 0;
    node.inputs.forEach((value, i) => {
      emitTraining(lowering, TrainingOp.Squares, {
        [SquaresArg.Input]: pointer(lowering, value),
        [SquaresArg.Output]: shifted(squares, 8 * done),
        [SquaresArg.Count]: counts[i] ?? 0,
      });
      done += blocks[i] ?? 0;
    });
    const [factor, norm] = node.outputs as [Value, Value];
    emitTraining(lowering, TrainingOp.Clip, {
      [ClipArg.Squares]: squares,
      [ClipArg.Factor]: lowering.define(factor).pointer,
      [ClipArg.Norm]: lowering.define(norm).pointer,
      [ClipArg.Count]: total,
      [ClipArg.Max]: { float: node.attributes.max },
    });
  },
};
