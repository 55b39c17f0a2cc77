// The binaries as texts, each a chunk of its own, of which a page fetches the one that it needs. Entries for places that forbid compiling are
// without them (src/edge).

import { addTexts } from './runtime/wasm.ts';

addTexts({
  strict: () => import('../build/strict.js'),
  relaxed: () => import('../build/relaxed.js'),
  'strict-threads': () => import('../build/strict-threads.js'),
  'relaxed-threads': () => import('../build/relaxed-threads.js'),
  'strict-more': () => import('../build/strict-more.js'),
  'relaxed-more': () => import('../build/relaxed-more.js'),
  'strict-threads-more': () => import('../build/strict-threads-more.js'),
  'relaxed-threads-more': () => import('../build/relaxed-threads-more.js'),
});
