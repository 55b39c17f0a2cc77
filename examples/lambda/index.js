// A handler for AWS Lambda behind a function URL or an API: a PNG that is posted comes back as a label.

import { decode } from 'fast-png';
import { load } from 'lanewise';
import { cifar10, softmax, topK, toTensor } from 'lanewise/vision';

const LABELS = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

// Loaded when the environment starts, and kept by it for the events that follow.
const model = await load(new URL('./model.onnx', import.meta.url));

const answer = (statusCode, body) => ({ statusCode, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

export async function handler({ body = '', isBase64Encoded = false }) {
  if (!isBase64Encoded) return answer(415, { error: 'post a PNG' });
  let picture;
  try {
    picture = decode(Buffer.from(body, 'base64'));
  } catch (error) {
    return answer(400, { error: error.message });
  }
  const { logits } = await model.run({ input: toTensor(picture, cifar10) });
  const [{ index, value }] = topK(softmax(logits.data), 1);
  return answer(200, { label: LABELS[index], probability: value });
}
