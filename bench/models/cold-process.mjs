// A child process: from nothing to the first label. Arguments: KIND MODEL PICTURE WIDTH HEIGHT. Prints the label and the
// most memory the process had.

import { existsSync, readFileSync } from 'node:fs';

const [kind, path, picturePath, width, height] = process.argv.slice(2);
const picture = () => ({ width: Number(width), height: Number(height), channels: 3, data: readFileSync(picturePath) });

/** Scores of the default model's classes. */
const KINDS = {
  async onnx(input) {
    const { load } = await import('lanewise');
    return (await load(path)).runSync({ input }).logits;
  },
  async compiled(input) {
    const { load } = await import('lanewise/runtime');
    return (await load(path)).runSync({ input }).logits;
  },
  async 'onnxruntime-web'({ data, dims }) {
    const { default: ort } = await import(new URL('../peers/node_modules/onnxruntime-web/dist/ort.node.min.mjs', import.meta.url));
    ort.env.wasm.numThreads = 1;
    const session = await ort.InferenceSession.create(path);
    return (await session.run({ input: new ort.Tensor('float32', data, dims) })).logits;
  },
};

const { cifar10, toTensor, topK } = await import('lanewise/vision');
const { data } = await KINDS[kind](toTensor(picture(), cifar10));
// Not resourceUsage() where there is better: on Linux it starts from what the parent process had.
const status = existsSync('/proc/self/status') && /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
console.log(cifar10.labels[topK(data, 1)[0].index], status ? status[1] : process.resourceUsage().maxRSS);
