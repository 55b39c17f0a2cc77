import { dropout, identity } from '../../ops/identity.ts';
import type { Pass } from './pass.ts';

/** Identity, and Dropout at inference, give way to their input. */
export const removeIdentity: Pass = {
  name: 'removeIdentity',
  match(node) {
    const [input] = node.inputs;
    const [output] = node.outputs;
    if ((node.op !== identity && node.op !== dropout) || node.outputs.length > 1 || !input || !output) return undefined;
    return { label: `${node.name}: removed`, remove: [node], insert: [], rename: new Map([[output, input]]) };
  },
};
