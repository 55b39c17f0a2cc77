import type { Pass } from './pass.ts';

/**
 * Removes nodes whose outputs nobody reads, from the last to the first, because one that is removed may leave another
 * unread.
 */
export const removeDead: Pass = {
  backwards: true,
  match(node, network) {
    const read = node.outputs.some((value) => network.readers(value).length > 0 || network.outputs.includes(value));
    return read ? undefined : { remove: [node] };
  },
};
