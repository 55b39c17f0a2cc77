import type { Node } from '../../ops/operator.ts';
import type { Network, Patch } from '../network.ts';

/** One rewriting rule, tried at every node until it applies nowhere. It only proposes; the driver applies. */
export interface Pass {
  /** Whether nodes are tried from the last to the first. */
  readonly backwards?: boolean;
  match(node: Node, network: Network): Patch | undefined;
}
