import { add, sum } from '../../ops/elementwise/binary.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { clip, constantClamp } from '../../ops/elementwise/relu.ts';
import { permOf, transpose } from '../../ops/move/transpose.ts';
import type { Node } from '../../ops/operator.ts';
import { isOp } from '../network.ts';
import type { Pass } from './pass.ts';

/** One spelling for what files spell in several ways, so that the passes that follow need to know one only. */
export const canonicalize: Pass = {
  match(node, network) {
    const replace = (by: Partial<Node>, more: Node[] = []) => ({
      remove: [...more, node],
      insert: [{ ...node, ...by } as Node],
    });
    const op: unknown = node.op;
    if (op === sum && node.inputs.length === 2) return replace({ op: add as Node['op'] });
    if (op === clip && node.inputs.length > 1) {
      const clamp = constantClamp(node as Node<Clamped>);
      return clamp && replace({ inputs: node.inputs.slice(0, 1), attributes: { clamp } });
    }
    const [x] = node.inputs;
    const before = x && network.producer(x);
    if (op === transpose && before && isOp(before, transpose)) {
      const first = permOf(before as Node<never>);
      const perm = permOf(node as Node<never>).map((axis) => first[axis]);
      return replace({ inputs: before.inputs, attributes: { perm } }, network.isPrivate(x, node) ? [before] : []);
    }
    return undefined;
  },
};
