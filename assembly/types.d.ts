// AssemblyScript's types, for TypeScript, which compiles opcodes.ts too.

declare type i32 = number;

/**
 * 1 in binaries with the packs *more* or *training-more*, else 0: scripts/binaries.mjs sets it, and what it excludes is not
 * compiled.
 */
declare const PACK_MORE: i32;
/** Likewise for the packs *training* and *training-more*. */
declare const PACK_TRAINING: i32;
