// For places that forbid compiling and have their bundler import a binary as a module: Cloudflare Workers, Vercel's Edge Runtime. The path is
// that of the package, seen from dist/; `?module` is what Vercel asks for, and Wrangler takes.

import { provide } from '../runtime/wasm.ts';
import strict from './wasm/strict.wasm?module';

provide('strict', strict);
