import type { Pass } from './pass.ts';

/** Nodes whose outputs nobody reads. From the last to the first: one that is gone may leave another unread. */
export const removeDead: Pass = {
  name: 'removeDead',
  backwards: true,
  match(node, network) {
    const read = node.outputs.some((value) => network.readers(value).length > 0 || network.outputs.includes(value));
    return read ? undefined : { label: `${node.name}: nobody reads it`, remove: [node], insert: [], rename: new Map() };
  },
};
