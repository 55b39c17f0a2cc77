// A Worker for Cloudflare, or a program for the Edge Runtime, that runs networks of bytes: with the binary that is given, and without, which fails.

import * as lanewise from 'lanewise';
import { writeOnnx } from 'lanewise/formats';
import wasm from 'lanewise/wasm/strict-quantized.wasm?module';
import { runQuantized } from './quantized.js';

export async function answer() {
  const all = { load: lanewise.load, Tensor: lanewise.Tensor, writeOnnx };
  try {
    const { code, message } = await runQuantized(all).catch((error) => error);
    return { ...(await runQuantized(all, { wasm })), without: { code, message } };
  } catch (error) {
    return { error: error.stack };
  }
}

export default { fetch: async () => Response.json(await answer()) };
