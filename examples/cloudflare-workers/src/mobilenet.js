// A PNG that is posted comes back as the number of a class of a quantised MobileNetV2: { "class": 7, "probability": 0.02 }.

import { load } from 'lanewise/runtime';
import { imagenet, softmax, topK, toTensor } from 'lanewise/vision';
import wasm from 'lanewise/wasm/strict-quantized.wasm?module';
import file from '../mobilenet.lanewise';
import { decodePng } from './png.js';

const MOST_BYTES = 1_000_000;

// What stands at the top of a module is start-up, which no request pays for.
const model = await load(file, { wasm });

function classify(picture) {
  const { output } = model.runSync({ input: toTensor(picture, imagenet) });
  const [{ index, value }] = topK(softmax(output.data), 1);
  return { class: index, probability: value };
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
