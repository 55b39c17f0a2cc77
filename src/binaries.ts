// The binaries as texts, each a chunk of its own, of which a page fetches only the one that it needs. Platforms that forbid
// compiling use edge/binaries.ts instead.

/** strict gives the same bits on every engine; relaxed may fuse multiply and add. */
export type Variant = 'strict' | 'relaxed' | 'strict-threads' | 'relaxed-threads';

/**
 * A variant with the kernels of the core, or with those of other packs, too: plan/packs.ts. Files in lanewise/wasm have these
 * names.
 * @internal
 */
export type BinaryName = KernelsName | TrainingName | QuantizedName;

type KernelsName = `${Variant}${'' | '-more'}`;

/** @internal */
export type TrainingName = `strict${'' | '-threads'}-training${'' | '-more'}`;

/** @internal */
export type QuantizedName = `${'strict' | 'dots'}${'' | '-threads'}-quantized`;

/** @internal */
export type Text = () => Promise<{ readonly default: string }>;

/**
 * Fetches a binary: see binary.ts. `lanewise/train` and the chunk of integers add their own.
 * @internal
 */
export type Texts = Record<KernelsName, Text> & Partial<Record<TrainingName | QuantizedName, Text>>;

/**
 * Binaries that are available compiled.
 * @internal
 */
export const given: readonly (readonly [BinaryName, WebAssembly.Module])[] = [];

/**
 * Undefined on platforms that forbid compiling.
 * @internal
 */
export const texts: Texts | undefined = {
  strict: () => import('../build/strict.js'),
  relaxed: () => import('../build/relaxed.js'),
  'strict-threads': () => import('../build/strict-threads.js'),
  'relaxed-threads': () => import('../build/relaxed-threads.js'),
  'strict-more': () => import('../build/strict-more.js'),
  'relaxed-more': () => import('../build/relaxed-more.js'),
  'strict-threads-more': () => import('../build/strict-threads-more.js'),
  'relaxed-threads-more': () => import('../build/relaxed-threads-more.js'),
};
