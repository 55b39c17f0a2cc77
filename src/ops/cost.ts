import { product } from '../graph/dims.ts';
import type { Node } from './operator.ts';

/** A node's multiply-accumulates; 0 if its operator has no `macs`. */
export const macsOf = <A>(node: Node<A>): number => node.op.macs?.(node) ?? 0;

/**
 * Multiply-accumulates of a convolution: every output element takes a filter of `weights` [M, C / group, ...kernel]. In a
 * transposed one, every input element adds to as many outputs.
 */
export const convMacs = (elements: readonly number[], weights: readonly number[]): number => product(elements) * product(weights.slice(1));
