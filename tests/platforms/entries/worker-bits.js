// A Worker for Cloudflare or an edge function that answers with what bits.js finds.

import { measure } from './bits.js';

export default {
  async fetch(_request, { FILES }) {
    const read = async (name) => new Uint8Array(await (await FILES.fetch(`http://files/${name}`)).arrayBuffer());
    try {
      return Response.json(await measure(() => import('lanewise'), read));
    } catch (error) {
      return Response.json({ error: error.stack });
    }
  },
};
