import { summarize } from './statistics.mjs';

/** Milliseconds that an action takes; what it returns is awaited. */
async function time(action) {
  const start = performance.now();
  await action();
  return performance.now() - start;
}

/**
 * Times actions in turn, A B C A B C, so that a busy machine slows all of them alike.
 * @param actions functions by name; one that returns a number has measured itself, in milliseconds
 * @param warmUp milliseconds that each runs before the clock counts: V8's optimising tier takes about a second to take over
 * @returns the statistics of each in milliseconds
 */
export async function interleave(actions, { runs, warmUp }) {
  for (const action of Object.values(actions)) {
    const end = performance.now() + warmUp;
    for (let i = 0; i < 3 || performance.now() < end; i++) await action();
  }
  const times = Object.fromEntries(Object.keys(actions).map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const [name, action] of Object.entries(actions)) {
      let own;
      const whole = await time(async () => {
        own = await action();
      });
      times[name].push(typeof own === 'number' ? own : whole);
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, list]) => [name, summarize(list)]));
}
