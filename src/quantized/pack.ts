// Which binary runs the pack *quantized*: it depends on the engine's dots of integers, not on the option relaxed, because the
// float32 of both is strict.

import type { Variant } from '../binaries.ts';
import { LanewiseError } from '../errors.ts';
import { MOST_PAGES, packNames } from '../runtime/wasm.ts';
import { addBinaries } from './binaries.ts';
import { hasExactDots } from './dots.ts';

/** Given modules whose dots are exact here. */
const exact = new WeakSet<WebAssembly.Module>();
/** What the export `dots` gives for 255s against 127s; saturating dots give 65534. */
const EXACT = 4 * 255 * 127;

/** Adds the binaries and their names. */
export function addPack(): void {
  addBinaries();
  packNames.quantized = (variant: Variant, module?: WebAssembly.Module) => {
    const threads = variant.endsWith('-threads') ? '-threads' : '';
    if (module) checkDots(module, threads);
    return `${hasExactDots() ? 'dots' : 'strict'}${threads}-quantized`;
  };
}

/**
 * Checks a module that was given: whoever gives one may not know every machine that it runs on.
 * @throws LanewiseError INVALID_INPUT if its dots saturate here
 */
function checkDots(module: WebAssembly.Module, threads: string): void {
  if (hasExactDots() || exact.has(module) || !WebAssembly.Module.exports(module).some(({ name }) => name === 'dots')) return;
  const memory = new WebAssembly.Memory({ initial: 1, ...(threads && { maximum: MOST_PAGES, shared: true }) });
  let found: unknown;
  try {
    const { dots } = new WebAssembly.Instance(module, { env: { memory } }).exports as { dots(weights: number, bytes: number): number };
    found = dots(0x7f7f7f7f, -1);
  } catch (error) {
    // A module for the other kind of memory: what uses it says so.
    if (error instanceof WebAssembly.LinkError) return;
    throw error;
  }
  if (found !== EXACT) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `option wasm: the relaxed dots of this engine saturate: give a module compiled from lanewise/wasm/strict${threads}-quantized.wasm`,
    );
  }
  exact.add(module);
}
