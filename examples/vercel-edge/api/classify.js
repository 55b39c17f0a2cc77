// An edge function: a PNG that is posted comes back as a label.

import { decode } from 'fast-png';
import { load } from 'lanewise/runtime';
import { cifar10, softmax, topK, toTensor } from 'lanewise/vision';

export const config = { runtime: 'edge' };

const LABELS = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/** Fetched once in an isolate's life; the platform serves what `new URL(…, import.meta.url)` names from the function's own bundle. */
let loading;
const loadModel = () => {
  loading ??= load(new URL('../model.lanewise', import.meta.url)).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
};

export default async function classify(request) {
  if (request.method !== 'POST') return new Response('POST a PNG\n', { status: 405 });
  const model = await loadModel();
  const picture = decode(new Uint8Array(await request.arrayBuffer()));
  const { logits } = await model.run({ input: toTensor(picture, cifar10) });
  const [{ index, value }] = topK(softmax(logits.data), 1);
  return Response.json({ label: LABELS[index], probability: value });
}
