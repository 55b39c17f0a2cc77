// What fresh tensors cost in a loop: a network that hardly computes, with an output of 0.8 MB, new in every turn, kept, and read
// in its place. node bench/models/kept.mjs, after npm run build.

import { load, Tensor } from '../../dist/index.js';
import { input, model, relu } from '../../dist/layers.js';

const dims = [1, 1, 512, 400];
const size = 512 * 400;
const x = input(dims.slice(1), { name: 'frame' });
const run = await load(model(x, { mask: relu(x) }).toONNX());
const frame = new Tensor(new Float32Array(size).fill(1), dims);
const mask = new Tensor(new Float32Array(size), dims);
const views = { frame: run.view('frame'), mask: run.view('mask') };

const ways = {
  new: () => run.runSync({ frame }),
  kept: () => run.runSync({ frame }, { outputs: { mask } }),
  views: () => run.runSync({ frame: views.frame }, { outputs: { mask: views.mask } }),
};
const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
// In turns, so that what else the machine does is the same for all.
for (let round = 0; round < 40; round++) {
  for (const [name, turn] of Object.entries(ways)) {
    for (let i = 0; i < 25; i++) {
      const begun = performance.now();
      turn();
      if (round > 1) times[name].push(performance.now() - begun);
    }
  }
}
for (const [name, all] of Object.entries(times)) {
  const sorted = all.sort((a, b) => a - b);
  const at = (part) => sorted[Math.floor(sorted.length * part)].toFixed(3);
  console.log(`${name.padEnd(6)} ${at(0.5)} ms median, ${at(0.95)} ms at 95 %`);
}
