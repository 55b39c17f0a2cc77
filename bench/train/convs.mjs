// Times the convolutions of ResNet-20 for CIFAR-10 and their gradients, a layer at a time on one thread: node
// bench/train/convs.mjs [--batch 128] [--seconds 1] [--only 16x16]. GFLOP/s count every form as direct; packing and
// transforming weights is part of it. Milliseconds of the processor in the
// fastest run; `step` has what all layers of the network take.

import { parseArgs } from 'node:util';
import { importSources } from '../sources.mjs';

const { values } = parseArgs({
  options: { batch: { type: 'string', default: '128' }, seconds: { type: 'string', default: '1' }, only: { type: 'string', default: '' } },
});
const { addBinaries, planSteps, Engine, compileModule, algorithmOf } = await importSources(
  'train-convs',
  `export { planSteps } from './bench/train/plan.ts';
  export { algorithmOf } from './src/plan/forms.ts';
  export { Engine } from './src/runtime/engine.ts';
  export { addBinaries } from './src/training/binaries.ts';
  export { compileModule } from './src/runtime/wasm.ts';`,
);

const batch = Number(values.batch);
/** Pixels along each axis, channels, filters, kernel, stride, how many of them the network has. */
const layers = [
  [32, 3, 16, 3, 1, 1],
  [32, 16, 16, 3, 1, 6],
  [32, 16, 32, 3, 2, 1],
  [32, 16, 32, 1, 2, 1],
  [16, 32, 32, 3, 1, 5],
  [16, 32, 64, 3, 2, 1],
  [16, 32, 64, 1, 2, 1],
  [8, 64, 64, 3, 1, 5],
].map(([size, channels, filters, kernel, stride, count]) => ({ size, channels, filters, kernel, stride, count }));

addBinaries();
const module = await compileModule('strict', 'training');
const sums = {};
for (const layer of layers) {
  const { size, channels, filters, kernel, stride, count } = layer;
  const title = `${size}x${size} ${channels}->${filters} ${kernel}x${kernel}/${stride}`;
  if (!title.includes(values.only)) continue;
  const { plan, ranges } = planSteps({ batch, ...layer });
  const engine = new Engine(module);
  engine.use(plan);
  for (const { pointer, dims } of plan.inputs) {
    const view = engine.view(
      pointer,
      dims.reduce((a, b) => a * b, 1),
    );
    view.forEach((_, i) => {
      view[i] = (((i * 2654435761) >>> 8) & 1023) / 1024 - 0.4;
    });
  }
  engine.run();
  const flops = (2 * batch * (size / stride) ** 2 * kernel ** 2 * channels * filters) / 1e6;
  const cells = Object.entries(ranges).map(([what, steps]) => {
    let best = Number.POSITIVE_INFINITY;
    for (const end = performance.now() + Number(values.seconds) * 1000; performance.now() < end; ) {
      const start = process.cpuUsage();
      for (const step of steps) engine.run(step, step + 1);
      const { user, system } = process.cpuUsage(start);
      best = Math.min(best, (user + system) / 1000);
    }
    sums[what] = (sums[what] ?? 0) + best * count;
    const kernels = [...new Set(steps.map((step) => algorithmOf(plan.steps[step]).kernel.replace('f32_', '')))].join('+');
    return `${what} ${best.toFixed(2)} ms ${(flops / best).toFixed(0)} (${kernels})`;
  });
  console.log(`${title}: ${cells.join('; ')}`);
}
console.log(
  'step:',
  Object.entries(sums)
    .map(([what, ms]) => `${what} ${ms.toFixed(1)} ms`)
    .join(', '),
);
