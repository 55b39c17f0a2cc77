// A child process: checks that all runtimes agree on a model, then times them in turn. Arguments: MODEL RUNS WARM_UP.

import { answer } from './answer.mjs';
import { interleave } from './interleave.mjs';
import { modelPath } from './models.mjs';
import { RUNTIMES } from './runtimes.mjs';
import { checkEqual } from './statistics.mjs';

/**
 * Relative to the largest output. Float32 sums in another order differ by about a millionth per layer; a wrong pad or weight
 * by far more.
 */
const TOLERANCE = 1e-4;

const [name, runs, warmUp] = process.argv.slice(2);
await answer(async () => {
  const opened = {};
  for (const [key, { start }] of Object.entries(RUNTIMES)) opened[key] = await (await start())(modelPath(name));

  const expected = (await opened.lanewise.run()).slice();
  const errors = {};
  for (const [key, { run }] of Object.entries(opened)) {
    errors[key] = checkEqual(`${name}: ${RUNTIMES[key].label} beside Lanewise`, await run(), expected, TOLERANCE);
  }
  const times = await interleave(Object.fromEntries(Object.entries(opened).map(([key, { run }]) => [key, run])), {
    runs: Number(runs),
    warmUp: Number(warmUp),
  });
  return { times, errors };
});
