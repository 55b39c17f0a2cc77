// In place of ../binaries.ts for places that forbid compiling and have their bundler import a binary as a module: Cloudflare Workers, Vercel's
// Edge Runtime. The path is that of the package, seen from dist/edge/; `?module` is what Vercel asks for, and Wrangler takes.

import type { BinaryName, Texts } from '../binaries.ts';
import strict from '../wasm/strict.wasm?module';

export const given: readonly (readonly [BinaryName, WebAssembly.Module])[] = [['strict', strict]];

export const texts: Texts | undefined = undefined;
