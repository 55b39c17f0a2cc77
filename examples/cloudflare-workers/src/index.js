// A PNG that is posted comes back as a label: { "label": "cat", "probability": 0.998 }.

import { load } from 'lanewise/runtime';
import { cifar10, softmax, topK, toTensor } from 'lanewise/vision';
import file from '../model.lanewise';
import { decodePng, unfilter } from './png.js';

const LABELS = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
const MOST_BYTES = 1_000_000;
/** After so many runs the engine has compiled what a request needs. */
const WARM_UPS = 20;

// What stands at the top of a module is start-up, which no request pays for.
const model = await load(file);
const rows = Uint8Array.from({ length: 64 * 289 }, (_, i) => (i % 289 ? i : (i / 289) % 5));
for (let i = 0; i < WARM_UPS; i++) classify(unfilter(rows, 96, 64, 3));

function classify(picture) {
  const { logits } = model.runSync({ input: toTensor(picture, cifar10) });
  const [{ index, value }] = topK(softmax(logits.data), 1);
  return { label: LABELS[index], probability: value };
}

export default {
  async fetch(request) {
    if (request.method !== 'POST') return new Response('POST a PNG\n', { status: 405 });
    const bytes = new Uint8Array(await request.arrayBuffer());
    if (bytes.length > MOST_BYTES) return Response.json({ error: 'the picture is too large' }, { status: 413 });
    try {
      return Response.json(classify(await decodePng(bytes)));
    } catch (error) {
      return Response.json({ error: error.message }, { status: 400 });
    }
  },
};
