import type { Node } from '../../ops/operator.ts';
import type { Network, Patch } from '../network.ts';
import { canonicalize } from './canonicalize.ts';
import { flattenWeights } from './flattenWeights.ts';
import { foldAffine } from './foldAffine.ts';
import { fuseActivation } from './fuseActivation.ts';
import { fuseBias } from './fuseBias.ts';
import { fuseClamp } from './fuseClamp.ts';
import { fuseNormalization } from './fuseNormalization.ts';
import { fusePad } from './fusePad.ts';
import { fuseResidual } from './fuseResidual.ts';
import type { Pass } from './pass.ts';
import { poolFirst } from './poolFirst.ts';
import { rare } from './rare.ts';
import { removeDead } from './removeDead.ts';
import { removeIdentity } from './removeIdentity.ts';

const fuseQuantized: Pass = { match: (node, network) => rare.fuseQuantized?.match(node, network) };
const fuseShuffle: Pass = { match: (node, network) => rare.fuseShuffle?.match(node, network) };

/** The passes in their order. */
export const passes: readonly Pass[] = [
  removeDead,
  canonicalize,
  removeIdentity,
  fuseQuantized,
  foldAffine,
  fusePad,
  poolFirst,
  fuseActivation,
  fuseShuffle,
  fuseBias,
  fuseResidual,
  fuseClamp,
  fuseNormalization,
  flattenWeights,
];

export interface SimplifyOptions {
  /** Runs only this many of the passes, to bisect a wrong result. */
  readonly maxPasses?: number;
  /** Looks at the network after every patch: see src/compiler/verify.ts. */
  readonly verify?: (network: Network) => void;
}

/** Runs the passes over the network. @returns the patches, in order */
export function simplify(network: Network, { maxPasses = passes.length, verify }: SimplifyOptions = {}): Patch[] {
  const applied: Patch[] = [];
  const attempt = (pass: Pass, i: number): Patch | undefined => {
    const patch = pass.match(network.nodes[i] as Node, network);
    if (!patch) return undefined;
    network.apply(patch);
    verify?.(network);
    applied.push(patch);
    return patch;
  };
  for (const pass of passes.slice(0, maxPasses)) {
    if (pass.backwards) {
      for (let i = network.nodes.length - 1; i >= 0; i--) attempt(pass, i);
      continue;
    }
    for (let i = 0; i < network.nodes.length; i++) {
      const patch = attempt(pass, i);
      // Try the node that now stands there.
      if (patch) i = Math.max(-1, i - patch.remove.length);
    }
  }
  return applied;
}
