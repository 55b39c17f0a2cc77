// node workerd-once.mjs FOLDER: what a Worker that Wrangler has bundled answers, in workerd by miniflare.

import { Miniflare } from 'miniflare';
import { bundled } from '../harness/worker.mjs';

const worker = new Miniflare({ compatibilityDate: '2026-07-01', ...bundled(process.argv[2]) });
console.log(await (await worker.dispatchFetch('http://worker/')).text());
await worker.dispose();
