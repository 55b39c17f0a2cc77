import relaxed from '../../build/limit-relaxed.js';
import strict from '../../build/limit-strict.js';
import { decodeBinary } from '../binary.ts';
import type { Variant } from '../runtime/wasm.ts';

/** What assembly/bench/multiply_add.ts exports. */
interface Exports {
  /** Floating-point operations per step. */
  readonly STEP: { readonly value: number };
  run(steps: number, seed: number): number;
}

/** Milliseconds, half of them to let the engine optimise the code. */
const DURATION = 300;
/**
 * A sample takes about a millisecond, like an instruction of a network, because for a few microseconds processors run faster
 * than they can sustain.
 */
const CALLS = 128;
const STEPS = 4096;

/**
 * The most GFLOP/s that multiply-adds of 128-bit vectors give in this engine, on one thread: the best of many samples,
 * because other programs share the machine.
 */
export async function multiplyAddLimit(variant: Variant): Promise<number> {
  const { instance } = await WebAssembly.instantiate(decodeBinary(variant.startsWith('strict') ? strict : relaxed));
  const { STEP, run } = instance.exports as unknown as Exports;
  let best = Number.POSITIVE_INFINITY;
  for (const end = performance.now() + DURATION; performance.now() < end; ) {
    const start = performance.now();
    for (let i = 0; i < CALLS; i++) run(STEPS, 0);
    best = Math.min(best, performance.now() - start);
  }
  return (CALLS * STEPS * STEP.value) / (best * 1e6);
}
