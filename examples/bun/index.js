// bun index.js [PICTURE]: what a picture shows.

import { load } from 'lanewise';
import { cifar10, softmax, topK, toTensor } from 'lanewise/vision';
import { decodePicture } from 'lanewise/vision/node';

const LABELS = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

const path = Bun.argv[2] ?? 'cat.png';
const model = await load('model.onnx');
const picture = await decodePicture(await Bun.file(path).bytes(), path);
const { logits } = await model.run({ input: toTensor(picture, cifar10) });
const [{ index, value }] = topK(softmax(logits.data), 1);
console.log(`${LABELS[index]} ${(100 * value).toFixed(1)} %`);
