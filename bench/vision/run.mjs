// Times what pictures go through, with SIMD and by the plain loops, in turn: node bench/vision/run.mjs
// The gain is the ratio of the medians, so that a busy machine slows both sides.

import { cpus } from 'node:os';
import { importSources } from '../sources.mjs';

const ROUNDS = 60;
/** Milliseconds for each side before the clock runs: until the engine has optimised it. */
const WARM_UP = 300;

const { allowSimd, imagenet, resize, toTensor, usesSimd } = await importSources(
  'vision',
  "export * from './src/vision/index.ts'; export { allowSimd, usesSimd } from './src/vision/simd.ts';",
);
if (!usesSimd()) throw new Error('this engine does not compile the SIMD binary');

/** Noise: the time does not depend on the bytes. */
function noise(width, height, channels) {
  let state = 1;
  const data = Uint8Array.from({ length: width * height * channels }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
  return { width, height, channels, data };
}

const rgb = noise(1024, 768, 3);
const rgba = noise(1024, 768, 4);
const small = noise(224, 224, 3);
const large = noise(4000, 3000, 4);
const { mean, std } = imagenet;
const cases = {
  'resize 1024×768 RGB to 341×256, bilinear': () => resize(rgb, 341, 256),
  'resize 1024×768 RGB to 341×256, bicubic': () => resize(rgb, 341, 256, { filter: 'bicubic' }),
  'resize 1024×768 RGBA to 341×256, bilinear': () => resize(rgba, 341, 256),
  'resize 4000×3000 RGBA to 341×256, bilinear': () => resize(large, 341, 256),
  'resize 224×224 RGB to 512×512, bilinear': () => resize(small, 512, 512),
  'rows alone: 1024×768 RGB to 341×768': () => resize(rgb, 341, 768),
  'columns alone: 1024×768 RGB to 1024×256': () => resize(rgb, 1024, 256),
  'toTensor of 224×224 RGB, no resize': () => toTensor(small, { mean, std }),
  'toTensor of 1024×768 RGB, preset imagenet': () => toTensor(rgb, imagenet),
};

const median = (times) => times.sort((a, b) => a - b)[times.length >> 1];
const rows = Object.entries(cases).map(([name, run]) => {
  const sides = [true, false].map((simd) => {
    allowSimd(simd);
    for (const end = performance.now() + WARM_UP; performance.now() < end; ) run();
    return { simd, times: [] };
  });
  for (let round = 0; round < ROUNDS; round++) {
    for (const { simd, times } of sides) {
      allowSimd(simd);
      const start = performance.now();
      run();
      times.push(performance.now() - start);
    }
  }
  const [fast, slow] = sides.map(({ times }) => median(times));
  return [name, `${fast.toFixed(3)} ms`, `${slow.toFixed(3)} ms`, `${(slow / fast).toFixed(1)}×`];
});

const header = ['case', 'SIMD', 'loops', 'gain'];
const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i].length)));
for (const row of [header, ...rows]) console.log(row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[0]))).join('  '));
console.log(`\nNode ${process.versions.node}, V8 ${process.versions.v8}, ${cpus()[0]?.model ?? 'unknown processor'}`);
