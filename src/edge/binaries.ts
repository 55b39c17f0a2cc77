// Replaces ../binaries.ts and ../training/binaries.ts on platforms that forbid compiling and whose bundlers import a binary
// as a module: Cloudflare Workers, Vercel's Edge Runtime. The path is that of the package, seen from dist/edge/; Vercel
// requires `?module`, and Wrangler accepts it.

import type { BinaryName, Texts } from '../binaries.ts';
import strict from '../wasm/strict.wasm?module';

export const given: readonly (readonly [BinaryName, WebAssembly.Module])[] = [['strict', strict]];

export const texts: Texts | undefined = undefined;

export const addBinaries = (): void => {};
