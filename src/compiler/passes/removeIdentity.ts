import { cast, isStill } from '../../ops/elementwise/cast.ts';
import { pad, padsOf } from '../../ops/move/pad.ts';
import { rangesOf, slice } from '../../ops/move/slice.ts';
import { permOf, transpose } from '../../ops/move/transpose.ts';
import type { Node } from '../../ops/operator.ts';
import type { Pass } from './pass.ts';

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

function changesNothing(node: Node): boolean {
  const op: unknown = node.op;
  if (op === cast) return isStill(node as Node<never>);
  if (op === transpose) return permOf(node as Node<never>).every((axis, i) => axis === i);
  if (op === pad) return padsOf(node as Node<never>).every(([begin, end]) => begin === 0 && end === 0);
  if (op === slice) return rangesOf(node as Node<never>).every(({ start, step }) => start === 0 && step === 1);
  return node.op.still === true;
}
