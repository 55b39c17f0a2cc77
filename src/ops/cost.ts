import type { Cost, Node } from './operator.ts';

/** What a node costs; nothing where its operator does not say. */
export const costOf = <A>(node: Node<A>): Cost => node.op.cost?.(node) ?? { macs: 0, params: 0 };
