// Whether this platform has threads, and how many are wanted. Loaded if a model is to run on threads.

import type { Runner } from './memory.ts';
import { nodeWorkers, Team } from './team.ts';
import { teamRunner } from './teamMemory.ts';
import { compilesNothing } from './wasm.ts';

/** The most threads of 'auto': with more, single pictures hardly gain. */
const MOST_AUTOMATIC = 8;

let toldOnce = false;

/** Workers for a model; undefined if there are none. If memory cannot be shared there is one, with a warning the first time. */
export async function findRunner(count: number | 'auto'): Promise<Runner | undefined> {
  // workerd, for example, has Node's module of workers, but no workers.
  const workers = !compilesNothing() && (typeof Worker === 'function' || nodeWorkers());
  const shared = canShare();
  if (!workers || (!shared && count !== 1)) {
    if (!toldOnce)
      console.warn(`Lanewise runs on one thread here${workers ? ', a worker' : ''}: ${workers ? NOT_ISOLATED : 'there are no workers'}`);
    toldOnce = true;
  }
  if (!workers) return undefined;
  if (!shared) {
    const { workerRunner } = await import('./workerMemory.ts');
    return workerRunner(await Team.shared());
  }
  return teamRunner(await Team.shared(), count === 'auto' ? Math.min(cores(), MOST_AUTOMATIC) : count);
}

const NOT_ISOLATED =
  'memory cannot be shared, for the page is not cross-origin isolated (headers Cross-Origin-Opener-Policy: same-origin, Cross-Origin-Embedder-Policy: require-corp)';

function canShare(): boolean {
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  return typeof SharedArrayBuffer === 'function' && crossOriginIsolated !== false;
}

const cores = (): number => globalThis.navigator?.hardwareConcurrency ?? process.getBuiltinModule('node:os').availableParallelism();
