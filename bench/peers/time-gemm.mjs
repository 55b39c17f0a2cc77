// A child process: a matrix product of 512³ in Lanewise, and the most that 128-bit multiply-adds give here. Arguments: RUNS WARM_UP.

import { Tensor } from '../../dist/index.js';
import { dense, input, model } from '../../dist/layers.js';
import { importSources } from '../sources.mjs';
import { answer } from './answer.mjs';
import { interleave } from './interleave.mjs';
import { noise } from './statistics.mjs';

const { multiplyAddLimit } = await importSources('limit', "export { multiplyAddLimit } from './src/cli/limit.ts';");

const SIZE = 512;
const [runs, warmUp] = process.argv.slice(2).map(Number);

await answer(async () => {
  const x = input([SIZE]);
  const compiled = await model(x, dense(x, SIZE, { name: 'gemm' })).compile();
  const feeds = { [compiled.inputs[0].name]: new Tensor('float32', noise(SIZE * SIZE), [SIZE, SIZE]) };
  const gemm = () =>
    compiled
      .profile(feeds)
      .filter(({ macs }) => macs > 0)
      .reduce((sum, { ms }) => sum + ms, 0);

  const times = await interleave({ gemm }, { runs: Math.max(runs, 30), warmUp });
  const gflops = (ms) => (2 * SIZE ** 3) / ms / 1e6;
  const limit = await multiplyAddLimit('strict');
  return { limit, gemm: { median: gflops(times.gemm.median), best: gflops(times.gemm.min) } };
});
