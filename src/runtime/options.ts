// What a model's run depends on besides its plan: the binary, the threads. Models from files, from layers and compiled ones share it.

import { LanewiseError } from '../errors.ts';
import type { Binary } from './model.ts';
import { chooseVariant, compileModule } from './wasm.ts';

/** A guard against numbers that are a mistake. */
export const MOST_THREADS = 64;

/** How a model is run. */
export interface RuntimeOptions {
  /** Relaxed SIMD: faster, but results may differ between machines. Default false. */
  readonly relaxed?: boolean | 'auto';
  /**
   * How many threads run the model, 1 where nothing is said; 'auto': as many as the machine has cores, 8 at most. Threads are workers that share
   * memory, so a page has to be cross-origin isolated (COOP and COEP); elsewhere one worker runs it. Any number gives the same bits.
   */
  readonly threads?: number | 'auto';
  /** Whether one thread, too, is a worker, so that `run` leaves the caller's free. Default false. */
  readonly worker?: boolean;
  /** The binary, compiled already, for places that forbid compiling. `relaxed` and `threads` then say which one it is. */
  readonly wasm?: WebAssembly.Module;
  readonly signal?: AbortSignal;
}

/**
 * Starts compiling the binary. What goes wrong is reported by `createModel`, which awaits it.
 * @internal
 */
export function startCompiling(options: RuntimeOptions): Promise<Binary> {
  const compiling = compileFor(options);
  compiling.catch(() => {});
  return compiling;
}

async function compileFor({ threads: count = 1, worker = false, relaxed = false, wasm }: RuntimeOptions): Promise<Binary> {
  const threads = count === 1 && !worker ? undefined : await (await import('./threads.ts')).findThreads(count);
  const variant = chooseVariant(relaxed, threads !== undefined && !threads.openRemote);
  return { module: wasm ?? (await compileModule(variant)), variant, threads };
}

/**
 * An option of the wrong kind.
 * @internal
 */
export const wrongOption = (name: string, expected: string): LanewiseError =>
  new LanewiseError('INVALID_INPUT', `option ${name} takes ${expected}`);

/**
 * @throws LanewiseError INVALID_INPUT for an option of the wrong kind
 * @internal
 */
export function checkRuntimeOptions(options: RuntimeOptions): void {
  const isObject = (value: unknown) => typeof value === 'object' && value !== null;
  if (!isObject(options)) throw new LanewiseError('INVALID_INPUT', 'the options are an object, or left out');
  const { relaxed, threads, worker, wasm, signal } = options;
  if (relaxed !== undefined && typeof relaxed !== 'boolean' && relaxed !== 'auto') throw wrongOption('relaxed', "true, false or 'auto'");
  if (threads !== undefined && threads !== 'auto' && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS)) {
    throw wrongOption('threads', `a whole number from 1 to ${MOST_THREADS}, or 'auto'`);
  }
  if (worker !== undefined && typeof worker !== 'boolean') throw wrongOption('worker', 'true or false');
  if (signal !== undefined && !isObject(signal)) throw wrongOption('signal', 'an AbortSignal');
  const isKernels = (module: WebAssembly.Module) => WebAssembly.Module.exports(module).some(({ name }) => name === 'run');
  if (wasm !== undefined && !(wasm instanceof WebAssembly.Module && isKernels(wasm))) {
    throw wrongOption('wasm', 'a WebAssembly.Module compiled from lanewise/wasm/strict.wasm or another of its kind');
  }
}
