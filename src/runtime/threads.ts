// Whether this place has threads, and how many are wanted.

import type { Threads } from './engine.ts';

/** A guard against numbers that are a mistake. */
export const MOST_THREADS = 64;
/** What 'auto' takes at most: beyond it single pictures hardly gain. */
const MOST_AUTOMATIC = 8;

let told = false;

/** Threads for a model; undefined where memory cannot be shared, which is said once. */
export async function findThreads(count: number | 'auto'): Promise<Threads | undefined> {
  const reason = missing();
  if (reason) {
    if (!told) console.warn(`Lanewise runs on one thread here: ${reason}`);
    told = true;
    return undefined;
  }
  const { Team } = await import('./team.ts');
  return { team: Team.shared(), count: count === 'auto' ? Math.min(cores(), MOST_AUTOMATIC) : count };
}

/** Node's own kind of workers. */
export const nodeWorkers = () => globalThis.process?.getBuiltinModule?.('node:worker_threads');

/** Why there can be no threads. */
function missing(): string | undefined {
  if (typeof Worker !== 'function' && !nodeWorkers()) return 'this place has no workers';
  const { crossOriginIsolated } = globalThis as { crossOriginIsolated?: boolean };
  if (typeof SharedArrayBuffer === 'function' && crossOriginIsolated !== false) return undefined;
  return 'memory cannot be shared, for the page is not cross-origin isolated (headers Cross-Origin-Opener-Policy: same-origin, Cross-Origin-Embedder-Policy: require-corp)';
}

const cores = (): number => globalThis.navigator?.hardwareConcurrency ?? process.getBuiltinModule('node:os').availableParallelism();
