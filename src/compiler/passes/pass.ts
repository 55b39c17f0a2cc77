import type { Node } from '../../ops/operator.ts';
import type { Network, Patch } from '../network.ts';

/** One rewriting rule, tried at every node until it has nothing left to do. It only proposes; the driver applies. */
export interface Pass {
  /** Tried from the last node to the first. */
  readonly backwards?: boolean;
  match(node: Node, network: Network): Patch | undefined;
}
