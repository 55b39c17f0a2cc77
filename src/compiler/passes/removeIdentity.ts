import { cast, isStill } from '../../ops/elementwise/cast.ts';
import { pad, padsOf } from '../../ops/move/pad.ts';
import { rangesOf, slice } from '../../ops/move/slice.ts';
import { permOf, transpose } from '../../ops/move/transpose.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import type { Pass } from './pass.ts';

/**
 * Identity, Dropout at inference, and nodes that change nothing here (a Pad by nothing, a Reshape to the same shape) are
 * replaced by their input.
 */
export const removeIdentity: Pass = {
  match(node) {
    const [input] = node.inputs;
    const [output, second] = node.outputs;
    if (!input || !output || second) return undefined;
    if (input.type !== output.type || input.dims.join() !== output.dims.join() || !changesNothing(node)) return undefined;
    return { remove: [node], rename: new Map([[output, input]]) };
  },
};

/** Whether a node is of the operator and changes nothing. */
const rule =
  <A>(op: Operator<A>, changesNothing: (node: Node<A>) => boolean) =>
  (node: Node) =>
    node.op === op && changesNothing(node as Node<A>);

const rules = [
  rule(cast, isStill),
  rule(transpose, (node) => permOf(node).every((axis, i) => axis === i)),
  rule(pad, (node) => padsOf(node).every(([begin, end]) => begin === 0 && end === 0)),
  rule(slice, (node) => rangesOf(node).every(({ start, step }) => start === 0 && step === 1)),
];

const changesNothing = (node: Node): boolean => node.op.still || rules.some((fits) => fits(node));
