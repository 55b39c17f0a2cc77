import { batchNormalization } from '../../ops/batchNormalization.ts';
import { add } from '../../ops/binary.ts';
import type { Clamped } from '../../ops/clamp.ts';
import { conv } from '../../ops/conv.ts';
import { gemm } from '../../ops/gemm.ts';
import type { Node } from '../../ops/operator.ts';
import { relu } from '../../ops/relu.ts';
import type { Pass } from './pass.ts';

/** Operators that clamp as they store. */
const clamping: ReadonlySet<unknown> = new Set<unknown>([add, batchNormalization, conv, gemm]);

/** An activation that is a clamp becomes part of the only node that feeds it. */
export const fuseClamp: Pass = {
  name: 'fuseClamp',
  match(node, network) {
    const [x] = node.inputs;
    const before = x && network.producer(x);
    if (node.op !== (relu as unknown) || !before || !clamping.has(before.op) || !network.isPrivate(x, node)) return undefined;
    const attributes = before.attributes as Clamped;
    if (attributes.clamp) return undefined;
    const fused: Node = { ...before, attributes: { ...attributes, clamp: (node.attributes as Clamped).clamp }, outputs: node.outputs };
    return { label: `${node.name}: fused into ${before.name}`, remove: [before, node], insert: [fused], rename: new Map() };
  },
};
