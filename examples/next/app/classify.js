import { decode } from 'fast-png';
import { load } from 'lanewise/runtime';
import { cifar10, softmax, topK, toTensor } from 'lanewise/vision';

/** Loaded by the first request, and kept. */
let loading;

/** Answers a PNG that is posted with its label. The same in Node and at the edge. */
export async function classify(request) {
  loading ??= load(new URL('/model.lanewise', request.url)).catch((error) => {
    loading = undefined;
    throw error;
  });
  const model = await loading;
  const picture = decode(new Uint8Array(await request.arrayBuffer()));
  const { logits } = await model.run({ input: toTensor(picture, cifar10) });
  const [{ index, value }] = topK(softmax(logits.data), 1);
  return Response.json({ label: cifar10.labels[index], probability: value });
}
