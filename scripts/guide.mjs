// Writes the figures and pictures of docs/cnn-from-scratch.md, which are what its own code computes.

import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

// The sources are TypeScript, so they are bundled for this run; in build/, where packages such as sharp are found.
await build({
  entryPoints: ['scripts/guide/write.ts'],
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  outfile: 'build/guide.mjs',
  logLevel: 'warning',
});
await import('../build/guide.mjs');
