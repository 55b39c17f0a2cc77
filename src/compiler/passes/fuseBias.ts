import { product } from '../../graph/dims.ts';
import { add, type BinaryAttributes } from '../../ops/elementwise/binary.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { matMul } from '../../ops/gemm/matmul.ts';
import type { Node } from '../../ops/operator.ts';
import { isOp } from '../network.ts';
import type { Pass } from './pass.ts';

/** A constant row that is added to a matrix product becomes its bias. */
export const fuseBias: Pass = {
  match(node, network) {
    const [a, b] = node.inputs;
    const [output] = node.outputs;
    if (!isOp(node, add) || !a || !b || !output) return undefined;
    const [x, bias] = a.constant ? [b, a] : [a, b];
    const before = network.privateProducer(x, node) as Node<Clamped> | undefined;
    const columns = x.dims.at(-1);
    if (!before || !isOp(before, matMul) || before.inputs[2] || before.attributes.clamp) return undefined;
    const fits = bias.constant && bias.dims.at(-1) === columns && product(bias.dims) === columns && before.inputs[1]?.dims.length === 2;
    if (!fits || output.dims.join() !== x.dims.join()) return undefined;
    const { clamp, axis } = node.attributes as BinaryAttributes;
    if (axis !== undefined) return undefined;
    const fused: Node = {
      ...before,
      attributes: { ...before.attributes, clamp },
      inputs: [...before.inputs, bias],
      outputs: node.outputs,
    } as Node;
    return { remove: [before, node], insert: [fused] };
  },
};
