// What a model's run depends on besides its plan: the binary, the threads. Models from files, from layers and compiled ones
// share these options.

import { flagCheck, type OptionChecks } from '../arguments.ts';
import type { Pack } from '../plan/packs.ts';
import type { ReadOptions } from '../reading.ts';
import { readChecks } from '../source.ts';
import type { Binary } from './model.ts';
import { checkPack, chooseVariant, compileModule } from './wasm.ts';

/** The most threads, a guard against numbers that are a mistake. */
export const MOST_THREADS = 64;

/** How a model is run. */
export interface RuntimeOptions extends ReadOptions {
  /** Relaxed SIMD: faster, but results may differ between machines. Default false. */
  readonly relaxed?: boolean | 'auto';
  /**
   * How many threads run the model. Default 1. 'auto': as many as the machine has cores, 8 at most. Threads are workers that
   * share memory, so a page has to be cross-origin isolated (COOP and COEP); elsewhere one worker runs it. Any number gives
   * the same bits.
   */
  readonly threads?: number | 'auto';
  /** Run in a worker even with one thread, so that `run` does not block the caller. Default false. */
  readonly worker?: boolean;
  /**
   * The compiled binary, a `WebAssembly.Module`, for platforms that forbid compiling. `relaxed` and `threads` then say which
   * one it is.
   */
  readonly wasm?: object;
}

/**
 * Starts compiling the binary. `createModel`, which awaits it, reports errors.
 * @internal
 */
export function startCompiling(options: RuntimeOptions, pack?: Pack): Promise<Binary> {
  const compiling = compileFor(options, pack);
  compiling.catch(() => {});
  return compiling;
}

async function compileFor({ threads: count = 1, worker = false, relaxed = false, wasm }: RuntimeOptions, pack?: Pack): Promise<Binary> {
  const runner = count === 1 && !worker ? undefined : await (await import('./threads.ts')).findRunner(count);
  const variant = chooseVariant(relaxed, runner?.shared);
  return { module: (wasm as WebAssembly.Module | undefined) ?? (await compileModule(variant, pack)), variant, runner };
}

/**
 * The binary with the kernels of a pack; the core's is compiling already.
 * @throws LanewiseError INVALID_INPUT if the option wasm lacks them; the errors of `startCompiling`
 * @internal
 */
export async function withPack(compiling: Promise<Binary>, pack: Pack, { wasm }: RuntimeOptions): Promise<Binary> {
  const binary = await compiling;
  const { variant } = binary;
  if (!wasm) return pack === 'core' ? binary : { ...binary, module: await compileModule(variant, pack) };
  checkPack(binary.module, pack, variant);
  return binary;
}

/** @internal */
export const runtimeChecks: OptionChecks<RuntimeOptions> = {
  relaxed: ["true, false or 'auto'", (value) => typeof value === 'boolean' || value === 'auto'],
  threads: [
    `a whole number from 1 to ${MOST_THREADS}, or 'auto'`,
    (value) => value === 'auto' || (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_THREADS),
  ],
  worker: flagCheck,
  wasm: ['a WebAssembly.Module compiled from lanewise/wasm/strict.wasm or another of its kind', isKernels],
  ...readChecks,
};

/** Not by instanceof: places that compile modules for a program may do so in another realm. */
function isKernels(value: unknown): boolean {
  try {
    return WebAssembly.Module.exports(value as WebAssembly.Module).some(({ name }) => name === 'run');
  } catch {
    return false;
  }
}
