import { cast, isStill } from '../../ops/elementwise/cast.ts';
import { concat } from '../../ops/move/concat.ts';
import { expand, tile } from '../../ops/move/expand.ts';
import { pad, padsOf } from '../../ops/move/pad.ts';
import { rangesOf, slice } from '../../ops/move/slice.ts';
import { split } from '../../ops/move/split.ts';
import { permOf, transpose } from '../../ops/move/transpose.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import { dropout, identity } from '../../ops/shape/identity.ts';
import { flatten, reshape, squeeze, unsqueeze } from '../../ops/shape/reshape.ts';
import type { Pass } from './pass.ts';

/** Operators that give the very elements they take wherever type and dimensions stay. */
const still: ReadonlySet<unknown> = new Set([concat, dropout, expand, flatten, identity, reshape, split, squeeze, tile, unsqueeze]);

/** Identity, Dropout at inference, and what changes nothing here (a Pad by nothing, a Reshape to the same shape) give way to their input. */
export const removeIdentity: Pass = {
  match(node) {
    const [input] = node.inputs;
    const [output, second] = node.outputs;
    if (!input || !output || second) return undefined;
    if (input.type !== output.type || input.dims.join() !== output.dims.join() || !changesNothing(node)) return undefined;
    return { remove: [node], rename: new Map([[output, input]]) };
  },
};

/** Whether a node is of an operator, and one that changes nothing. */
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

const changesNothing = (node: Node): boolean => still.has(node.op) || rules.some((fits) => fits(node));
