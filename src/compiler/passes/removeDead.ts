import type { Pass } from './pass.ts';

/** Nodes whose outputs nobody reads. From the last to the first: one that is gone may leave another unread. */
export const removeDead: Pass = {
  backwards: true,
  match(node, network) {
    const read = node.outputs.some((value) => network.readers(value).length > 0 || network.outputs.includes(value));
    return read ? undefined : { remove: [node] };
  },
};
