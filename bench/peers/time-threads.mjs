// A child process: one runtime on some threads. Arguments: RUNTIME MODEL THREADS RUNS WARM_UP.

import { answer } from './answer.mjs';
import { interleave } from './interleave.mjs';
import { modelPath } from './models.mjs';
import { RUNTIMES } from './runtimes.mjs';

const [key, name, threads, runs, warmUp] = process.argv.slice(2);
// Threads of a runtime that wait for work may keep the process.
process.on('disconnect', () => process.exit());
await answer(async () => {
  const { run } = await (await RUNTIMES[key].start(Number(threads)))(modelPath(name));
  return (await interleave({ [key]: run }, { runs: Number(runs), warmUp: Number(warmUp) }))[key];
});
