// A Worker for Cloudflare, or a program for the Edge Runtime, that trains: with the binary that is given, and without, which fails.

import { Tensor } from 'lanewise';
import * as layers from 'lanewise/layers';
import { cosine, crossEntropy, inBatches, sgd, trainer } from 'lanewise/train';
import wasm from 'lanewise/wasm/strict-training.wasm?module';
import { train } from './trained.js';

export async function answer() {
  const lanewise = { Tensor, ...layers, cosine, crossEntropy, inBatches, sgd, trainer };
  try {
    const { code, message } = await train(lanewise).catch((error) => error);
    return { ...(await train(lanewise, { wasm })), without: { code, message } };
  } catch (error) {
    return { error: error.stack };
  }
}

export default { fetch: async () => Response.json(await answer()) };
