// A child process: from a file to the first result in one runtime, and the memory it took. Arguments: RUNTIME MODEL.

import { existsSync, readFileSync } from 'node:fs';
import { answer } from './answer.mjs';
import { modelPath } from './models.mjs';
import { RUNTIMES } from './runtimes.mjs';

/** Bytes. Not resourceUsage() where there is better: on Linux it starts from what the parent process had. */
function peakMemory() {
  const status = '/proc/self/status';
  const line = existsSync(status) && /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(status, 'utf8'));
  return 1024 * (line ? Number(line[1]) : process.resourceUsage().maxRSS);
}

const [key, name] = process.argv.slice(2);
await answer(async () => {
  const open = await RUNTIMES[key].start();
  const start = performance.now();
  const { run } = await open(modelPath(name));
  const loaded = performance.now();
  await run();
  const ms = performance.now() - start;
  return { ms, openMs: loaded - start, peak: peakMemory() };
});
