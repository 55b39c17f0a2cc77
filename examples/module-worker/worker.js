import { load } from 'lanewise';
import { cifar10, pictureFromBlob, topK, toTensor } from 'lanewise/vision';

const loading = load(new URL('./model.onnx', import.meta.url));

async function classify(blob) {
  const model = await loading;
  // A worker may block, so there is no need to wait for run().
  const { logits } = model.runSync({ input: toTensor(await pictureFromBlob(blob), cifar10) });
  const [best] = topK(logits.data, 1);
  return cifar10.labels[best.index];
}

self.onmessage = async ({ data, ports: [port] }) => {
  try {
    port.postMessage({ label: await classify(data) });
  } catch (error) {
    port.postMessage({ error: error.message });
  }
};
