// node dist/classify.js [PICTURE]: what a picture shows.

import { readFile } from 'node:fs/promises';
import { LanewiseError, load } from 'lanewise';
import { cifar10, softmax, topK, toTensor } from 'lanewise/vision';
import { cifar10Labels } from 'lanewise/vision/labels';
import { decodePicture } from 'lanewise/vision/node';

const path = process.argv[2] ?? 'cat.png';
try {
  const model = await load<'logits'>('model.onnx');
  const picture = await decodePicture(await readFile(path), path);
  const { logits } = await model.run({ input: toTensor(picture, cifar10) });
  for (const { index, value } of topK(softmax(logits.data), 3)) console.log(`${cifar10Labels[index]} ${(100 * value).toFixed(1)} %`);
  model.dispose();
} catch (error) {
  if (!(error instanceof LanewiseError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
