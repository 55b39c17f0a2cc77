import { batchNormalization } from '../../ops/batchNormalization.ts';
import { add, div, max, mean, min, mod, mul, pow, prelu, sub, sum } from '../../ops/binary.ts';
import type { Clamped } from '../../ops/clamp.ts';
import { conv } from '../../ops/conv.ts';
import { convTranspose } from '../../ops/convTranspose.ts';
import { gemm } from '../../ops/gemm.ts';
import { matMul } from '../../ops/matmul.ts';
import type { Node } from '../../ops/operator.ts';
import { clip, relu } from '../../ops/relu.ts';
import type { Pass } from './pass.ts';

/** Operators that clamp as they store. */
const clamping: ReadonlySet<unknown> = new Set<unknown>([
  ...[add, div, max, mean, min, mod, mul, pow, prelu, sub, sum],
  ...[batchNormalization, conv, convTranspose, gemm, matMul],
]);

/** An activation that is a clamp becomes part of the only node that feeds it. */
export const fuseClamp: Pass = {
  match(node, network) {
    const [x, ...limits] = node.inputs;
    const before = network.privateProducer(x, node);
    const op: unknown = node.op;
    if ((op !== relu && op !== clip) || limits.length > 0) return undefined;
    if (!before || !clamping.has(before.op) || before.outputs.length > 1) return undefined;
    const attributes = before.attributes as Clamped;
    if (attributes.clamp) return undefined;
    const fused: Node = { ...before, attributes: { ...attributes, clamp: (node.attributes as Clamped).clamp }, outputs: node.outputs };
    return { remove: [before, node], insert: [fused] };
  },
};
