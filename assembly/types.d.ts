// AssemblyScript's types, for TypeScript, which compiles opcodes.ts too.

declare type i32 = number;

/**
 * 1 in binaries with the packs *more* or *training-more*, else 0: scripts/binaries.mjs sets it, and what it excludes is not
 * compiled.
 */
declare const PACK_MORE: i32;
/** Likewise for the packs *training* and *training-more*. */
declare const PACK_TRAINING: i32;
/** Likewise for the pack *quantized*. */
declare const PACK_QUANTIZED: i32;
/** 1 in binaries of the pack *quantized* that use relaxed dots of integers, whose float32 is strict. */
declare const PACK_DOTS: i32;
/** 1 in binaries whose float32 is relaxed: see madd in math/simd.inline.ts. */
declare const RELAXED: i32;
