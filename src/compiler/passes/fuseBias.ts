import { product } from '../../graph/dims.ts';
import { add } from '../../ops/elementwise/binary.ts';
import { matMul } from '../../ops/gemm/matmul.ts';
import { as } from '../network.ts';
import type { Pass } from './pass.ts';

/** A constant row that is added to a matrix product becomes its bias. */
export const fuseBias: Pass = {
  match(node, network) {
    const sum = as(node, add);
    const [a, b] = node.inputs;
    const [output] = node.outputs;
    if (!sum || !a || !b || !output) return undefined;
    const [x, bias] = a.constant ? [b, a] : [a, b];
    const before = as(network.privateProducer(x, node), matMul);
    const columns = x.dims.at(-1);
    if (!before || before.inputs[2] || before.attributes.clamp) return undefined;
    const fits = bias.constant && bias.dims.at(-1) === columns && product(bias.dims) === columns && before.inputs[1]?.dims.length === 2;
    if (!fits || output.dims.join() !== x.dims.join()) return undefined;
    const { clamp, axis } = sum.attributes;
    if (axis !== undefined) return undefined;
    const fused = {
      ...before,
      attributes: { ...before.attributes, clamp },
      inputs: [...before.inputs, bias],
      outputs: node.outputs,
    };
    return { remove: [before, node], insert: [fused] };
  },
};
