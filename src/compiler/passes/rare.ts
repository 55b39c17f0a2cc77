import type { Value } from '../../graph/value.ts';
import type { UnaryAttributes } from '../../ops/elementwise/unary.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import type { Network } from '../network.ts';
import type { Pass } from './pass.ts';

/** What replaces a product, and the nodes that it is made of. */
export type Gate = { op: Operator<UnaryAttributes>; nodes: Node[] } | undefined;

/** Passes for what few networks have, once they are fetched: see src/compiler/operators.ts. */
export const rare: {
  /** More activations for `fuseActivation`: the one that a node makes of x, if their product with the scale is one. */
  gateOf?: (x: Value, node: Node, scale: number, network: Network) => Gate;
  fuseShuffle?: Pass;
  /** Networks of integers: src/quantized/passes. */
  fuseQuantized?: Pass;
} = {};
