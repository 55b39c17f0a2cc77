import { load } from 'lanewise/runtime';
import { cifar10, pictureFromBlob, topK, toTensor } from 'lanewise/vision';

const model = await load('model.lanewise');

async function classify(blob) {
  const input = toTensor(await pictureFromBlob(blob), cifar10);
  const { logits } = await model.run({ input });
  const [best] = topK(logits.data, 1);
  return cifar10.labels[best.index];
}

const response = await fetch('cat.png');
document.querySelector('#label').textContent = await classify(await response.blob());
