import { add, sum } from '../../ops/elementwise/binary.ts';
import { clip, constantClamp } from '../../ops/elementwise/relu.ts';
import { permOf, transpose } from '../../ops/move/transpose.ts';
import type { Node } from '../../ops/operator.ts';
import { input } from '../../ops/shapes.ts';
import { as } from '../network.ts';
import type { Pass } from './pass.ts';

/** One form for what files express in several ways, so that the passes that follow need to know only one. */
export const canonicalize: Pass = {
  match(node, network) {
    const replace = (by: Partial<Node>, more: Node[] = []) => ({
      remove: [...more, node],
      insert: [{ ...node, ...by } as Node],
    });
    if (as(node, sum) && node.inputs.length === 2) return replace({ op: add });
    const clipped = as(node, clip);
    if (clipped && node.inputs.length > 1) {
      const clamp = constantClamp(clipped);
      return clamp && replace({ inputs: node.inputs.slice(0, 1), attributes: { clamp } });
    }
    const second = as(node, transpose);
    const x = second && input(second, 0);
    const first = x && as(network.producer(x), transpose);
    if (!first) return undefined;
    const perm = permOf(second).map((axis) => permOf(first)[axis]);
    return replace({ inputs: first.inputs, attributes: { perm } }, network.isPrivate(x, node) ? [first] : []);
  },
};
