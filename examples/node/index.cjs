// As index.js, in a program that uses require().

const { readFile } = require('node:fs/promises');
const { load } = require('lanewise');
const { cifar10, softmax, toTensor, topK } = require('lanewise/vision');
const { decodePicture } = require('lanewise/vision/node');

const LABELS = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

async function main(path = 'cat.png') {
  const model = await load('model.onnx');
  const picture = await decodePicture(await readFile(path), path);
  const { logits } = await model.run({ input: toTensor(picture, cifar10) });
  const [{ index, value }] = topK(softmax(logits.data), 1);
  console.log(`${LABELS[index]} ${(100 * value).toFixed(1)} %`);
}

main(process.argv[2]);
