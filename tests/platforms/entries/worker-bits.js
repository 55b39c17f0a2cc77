// A Worker for Cloudflare that answers with what bits.js finds. The models have rarer operators, too: their binary is given by name.

import wasm from 'lanewise/wasm/strict-more.wasm';
import { measure } from './bits.js';

export default {
  async fetch(_request, { FILES }) {
    const read = async (name) => new Uint8Array(await (await FILES.fetch(`http://files/${name}`)).arrayBuffer());
    try {
      return Response.json(await measure(() => import('lanewise'), read, { wasm }));
    } catch (error) {
      return Response.json({ error: error.stack });
    }
  },
};
