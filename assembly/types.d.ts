// AssemblyScript's types, for TypeScript, which compiles opcodes.ts too.

declare type i32 = number;

/**
 * 1 in binaries with the pack *more*, 0 in those with only the core: scripts/binaries.mjs sets it, and what it excludes is not
 * compiled.
 */
declare const PACK_MORE: i32;
/** Likewise for the pack *training*. */
declare const PACK_TRAINING: i32;
