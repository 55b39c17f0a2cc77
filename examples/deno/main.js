// deno run --allow-read main.js [PICTURE]: what a PNG shows.

import { decode } from 'fast-png';
import { load } from 'lanewise';
import { cifar10, softmax, topK, toTensor } from 'lanewise/vision';

const LABELS = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

const model = await load(await Deno.readFile('model.onnx'));
const picture = decode(await Deno.readFile(Deno.args[0] ?? 'cat.png'));
const { logits } = await model.run({ input: toTensor(picture, cifar10) });
const [{ index, value }] = topK(softmax(logits.data), 1);
console.log(`${LABELS[index]} ${(100 * value).toFixed(1)} %`);
