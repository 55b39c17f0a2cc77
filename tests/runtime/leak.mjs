// The memory of a process after cycles of load, run, dispose: node --expose-gc tests/runtime/leak.mjs [THREADS] [CYCLES...]
// Prints the resident megabytes after each number of cycles.

import { Tensor } from '../../dist/index.js';
import { resnet20 } from '../../dist/zoo.js';

const [threads = 2, ...levels] = process.argv.slice(2).map(Number);
const net = resnet20();
const x = new Tensor('float32', new Float32Array(3072), [1, 3, 32, 32]);

async function resident() {
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    // Workers collect in their own time.
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return Math.round(process.memoryUsage.rss() / 1e5) / 10;
}

const measured = [];
let done = 0;
for (const level of levels) {
  for (; done < level; done++) {
    const model = await net.compile({ threads });
    await model.run({ [model.inputs[0].name]: x });
    model.dispose();
  }
  measured.push(await resident());
}
console.log(JSON.stringify(measured));
