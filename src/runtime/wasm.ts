// The border to WebAssembly: which binary, compiled once, instantiated once per model. It does not know operators.

import { PROGRAM_VERSION } from '../../assembly/opcodes.ts';
import { type BinaryName, given, type Text, texts, type Variant } from '../binaries.ts';
import { decodeBinary } from '../binary.ts';
import { LanewiseError } from '../errors.ts';
import type { Pack } from '../plan/packs.ts';

export type { Variant };

/**
 * Pages of 64 KiB. One less than the maximum, so that the address one past the end still fits 32 bits.
 * @internal
 */
export const MOST_PAGES = 65535;
/**
 * Bytes of a page.
 * @internal
 */
export const PAGE = 65536;

/**
 * What the binary exports.
 * @internal
 */
export interface Kernels {
  /** Runs a program from byte address `from` to `to`; returns where it stopped. */
  run(from: number, to: number): number;
  /** Makes the instance one of several threads: see assembly/program.ts. */
  join(index: number, count: number, base: number, bytes: number): void;
  /** The checksum of bytes in memory, a multiple of 16, as a signed number: see assembly/math/xxh32.ts. */
  xxh32(data: number, bytes: number): number;
  /** Where the binary's own tables end. */
  readonly staticEnd: { readonly value: number };
  /** The version of programs that it runs: PROGRAM_VERSION. */
  readonly version?: { readonly value: number };
}

/** v128.const and i8x16.popcnt in a function: the smallest module that needs SIMD. */
const SIMD_PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11];
/** The same with f32x4.relaxed_madd. */
const RELAXED_PROBE = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 19, 1, 17, 0, 65, 0, 253, 15, 65, 0, 253, 15, 65, 0, 253, 15, 253,
  133, 2, 11,
];
/**
 * Tables with 64-bit addresses are in engines since 2025, V8 13.3 among them. V8 has had the compiler that WIDE needs since
 * 12.8.
 */
const RECENT_PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 4, 4, 1, 112, 4, 0];

const validates = (bytes: readonly number[]): boolean => WebAssembly.validate(Uint8Array.from(bytes));

/**
 * Whether the engine has registers for the wide tile: see WIDE in assembly/opcodes.ts.
 * @internal
 */
export const hasWideTile = (): boolean => validates(RECENT_PROBE);

/**
 * @param relaxed true: a relaxed binary; 'auto': one if the engine supports it
 * @param shared whether threads share the memory
 * @throws LanewiseError NO_SIMD
 * @internal
 */
export function chooseVariant(relaxed: boolean | 'auto', shared = false): Variant {
  const kind = chooseKind(relaxed);
  return shared ? `${kind}-threads` : kind;
}

function chooseKind(relaxed: boolean | 'auto'): 'strict' | 'relaxed' {
  if (typeof WebAssembly === 'undefined') throw new LanewiseError('NO_SIMD', 'this engine has no WebAssembly');
  if (!validates(SIMD_PROBE)) {
    throw new LanewiseError(
      'NO_SIMD',
      'this engine has WebAssembly without SIMD; Chrome 91, Firefox 89, Safari 16.4 and Node 16.4 have it',
    );
  }
  // If nothing can be compiled, the only binary is the one that was provided.
  if (!relaxed || (relaxed === 'auto' && !texts)) return 'strict';
  if (validates(RELAXED_PROBE)) return 'relaxed';
  if (relaxed === 'auto') return 'strict';
  throw new LanewiseError('NO_SIMD', "this engine has no relaxed SIMD; relaxed: 'auto' falls back to the strict binary");
}

/** Compiled modules by name, or promises of them. */
const compiled = new Map<BinaryName, Promise<WebAssembly.Module>>(given.map(([name, module]) => [name, Promise.resolve(module)]));

/**
 * Whether nothing is compiled on this platform.
 * @internal
 */
export const compilesNothing = (): boolean => !texts;

/**
 * Names of binaries of packs that do not have all variants; the packs' chunks fill it in. They may refuse a given module.
 * @internal
 */
export const packNames: Partial<Record<Pack, (variant: Variant, module?: WebAssembly.Module) => BinaryName>> = {};

const nameOf = (variant: Variant, pack: Pack, module?: WebAssembly.Module): BinaryName =>
  packNames[pack]?.(variant, module) ?? ((pack === 'core' ? variant : `${variant}-${pack}`) as BinaryName);

/**
 * The compiled binary of a variant, shared by all models.
 * @internal
 */
export function compileModule(variant: Variant, pack: Pack = 'core'): Promise<WebAssembly.Module> {
  const name = nameOf(variant, pack);
  let module = compiled.get(name);
  if (!module) {
    module = compileBinary(name);
    compiled.set(name, module);
    // A failure (from a page's policy, say) is not cached, so that the next call tries again.
    module.catch(() => compiled.delete(name));
  }
  return module;
}

/**
 * Checks that a binary has the kernels that a program needs.
 * @throws LanewiseError INVALID_INPUT
 * @internal
 */
export function checkPack(module: WebAssembly.Module, pack: Pack, variant: Variant): void {
  const name = nameOf(variant, pack, module);
  const names = ['core', ...WebAssembly.Module.exports(module).map(({ name }) => name)];
  if (pack.split('-').every((part) => names.includes(part))) return;
  const file = `lanewise/wasm/${name}.wasm`;
  throw new LanewiseError('INVALID_INPUT', `option wasm: the model needs kernels of the pack ${pack}: give a module compiled from ${file}`);
}

async function compileBinary(name: BinaryName): Promise<WebAssembly.Module> {
  if (!texts) {
    const given = `import lanewise/wasm/${name}.wasm as a module and give it as the option wasm`;
    throw new LanewiseError(
      'WASM_BLOCKED',
      `this place compiles no WebAssembly, and the model needs another binary than the usual one: ${given}`,
    );
  }
  const { default: text } = await (texts[name] as Text)();
  try {
    return await WebAssembly.compile(decodeBinary(text));
  } catch (cause) {
    throw new LanewiseError(
      'WASM_BLOCKED',
      `the engine refuses to compile WebAssembly (${(cause as Error).message}): a content security policy needs 'wasm-unsafe-eval', or give a compiled module as the option wasm`,
      { cause },
    );
  }
}

/** @internal */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
  if (kernels.version?.value !== PROGRAM_VERSION)
    throw new LanewiseError('INVALID_INPUT', 'option wasm takes a module of this version of Lanewise');
  return kernels;
}
