import { product } from '../graph/dims.ts';
import type { Cost, Node } from './operator.ts';

/** What a node costs; nothing where its operator does not say. */
export const costOf = <A>(node: Node<A>): Cost => node.op.cost?.(node) ?? { macs: 0, params: 0 };

/** How many learned numbers there are among a node's inputs from `first` on. */
export const learned = ({ inputs }: Pick<Node, 'inputs'>, first = 0): number =>
  inputs.slice(first).reduce((sum, value) => sum + (value?.constant ? product(value.dims) : 0), 0);
