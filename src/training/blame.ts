import type { LanewiseError } from '../errors.ts';
import type { StepFeeds } from './core.ts';

/**
 * Says where a number that is not finite appears first: in the batch, in what is kept between steps, or in a layer.
 * @param layerOf the first layer of the forward pass that makes one
 */
export async function blame(
  { data }: StepFeeds,
  states: ReadonlyMap<string, { readonly data: Float32Array }>,
  layerOf: () => Promise<string | undefined>,
): Promise<string> {
  for (const [name, numbers] of data) {
    if (numbers instanceof Float32Array && !numbers.every(Number.isFinite)) {
      return `the batch's '${name}' has numbers that are not finite`;
    }
  }
  for (const [name, state] of states) if (!state.data.every(Number.isFinite)) return `'${name}' is not finite`;
  try {
    const layer = await layerOf();
    return layer === undefined ? 'it appears in the loss itself' : `it appears first in the layer '${layer}'`;
  } catch (error) {
    // All activations at once may be too large.
    if ((error as Partial<LanewiseError>).code !== 'TOO_LARGE') throw error;
    return 'where it appears first takes too much memory to find';
  }
}
