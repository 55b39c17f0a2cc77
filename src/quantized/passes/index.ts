import type { Network, Patch } from '../../compiler/network.ts';
import type { Pass } from '../../compiler/passes/pass.ts';
import type { Node } from '../../ops/operator.ts';
import { dequantizeLinear } from '../ops/dequantizeLinear.ts';
import { poolBytes } from '../ops/maxPool.ts';
import { quantizeLinear } from '../ops/quantizeLinear.ts';
import { numbersOf } from '../scales.ts';
import type { Rule } from './facts.ts';
import { fuseAverage, fuseBinary } from './fuseArithmetic.ts';
import { fuseDynamic } from './fuseDynamic.ts';
import { clampBytes, fuseFunctions } from './fuseFunctions.ts';
import { fuseProducts } from './fuseProducts.ts';
import { moveBytes, quantizeFirst } from './move.ts';
import { splitWeights } from './splitWeights.ts';

/** Nodes of one kind, with equal parameters, that read the same value: the first serves all. */
const shareNodes: Rule = (node, network) => {
  // Once for the whole network, before a rule counts readers.
  if (node !== network.nodes[0]) return undefined;
  const first = new Map<string, Node>();
  const numbers = new Map<unknown, number>();
  for (const next of network.nodes) {
    if (![quantizeLinear.name, dequantizeLinear.name].includes(next.op.name) || next.op.original) continue;
    const [x, ...parameters] = next.inputs;
    if (!x || parameters.some((value) => value && (!value.constant || value.dims.length > 1))) continue;
    if (!numbers.has(x)) numbers.set(x, numbers.size);
    // As text, in which NaN and infinities differ; JSON has none of them.
    const lists = parameters.map((value) => value && [value.type, value.dims.length, numbersOf(value)]);
    const key = JSON.stringify(next.attributes) + [next.op.name, numbers.get(x), lists];
    const same = first.get(key);
    if (same) return { remove: [next], rename: new Map([[next.outputs[0], same.outputs[0]]]) } as Patch;
    first.set(key, next);
  }
  return undefined;
};

const rules: readonly Rule[] = [
  shareNodes,
  poolBytes.match,
  fuseFunctions,
  clampBytes,
  moveBytes,
  quantizeFirst,
  fuseProducts,
  fuseBinary,
  fuseAverage,
  splitWeights,
  fuseDynamic,
];

/** Networks of QuantizeLinear and DequantizeLinear become networks of integers: the first rule that applies. */
export const fuseQuantized: Pass = {
  match(node: Node, network: Network) {
    for (const rule of rules) {
      const patch = rule(node, network);
      if (patch) return patch;
    }
    return undefined;
  },
};
