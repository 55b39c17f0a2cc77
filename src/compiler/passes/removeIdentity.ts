import { dropout, identity } from '../../ops/identity.ts';
import type { Pass } from './pass.ts';

/** Identity, and Dropout at inference, give way to their input, unless they connect an input of the network to an output. */
export const removeIdentity: Pass = {
  name: 'removeIdentity',
  match(node, network) {
    const [input] = node.inputs;
    const [output] = node.outputs;
    if ((node.op !== identity && node.op !== dropout) || !input || !output) return undefined;
    if (network.outputs.includes(output) && !network.producer(input)) return undefined;
    return { label: `${node.name}: removed`, remove: [node], insert: [], rename: new Map([[output, input]]) };
  },
};
