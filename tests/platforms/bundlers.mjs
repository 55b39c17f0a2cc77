// What bundlers make of the package with the configurations that users write, in Chromium.

import { examplePlatform } from './harness/example.mjs';
import { isolation } from './harness/site.mjs';

const vite = { example: 'vite', site: 'dist', entry: 'main.js' };
const bundled = (example, more) => ({ example, site: 'public', assets: 'public', entry: 'main.js', ...more });
/** Threads, which need worker.js to be found. */
const threaded = { options: { threads: 2 }, headers: isolation };

const mustThread = ({ variant }) => {
  if (variant !== 'strict-threads') throw new Error(`ran on ${variant}`);
};

export const platforms = [
  examplePlatform('Chromium', 'Vite', vite),
  examplePlatform('Chromium', 'webpack', bundled('webpack', { assets: '.' })),
  examplePlatform('Chromium', 'esbuild', bundled('esbuild')),
  examplePlatform('Chromium', 'Rollup', bundled('rollup')),
  examplePlatform('Chromium', 'webpack, threads', bundled('webpack', { assets: '.', ...threaded }), mustThread),
  examplePlatform('Chromium', 'esbuild, threads', bundled('esbuild', threaded), mustThread),
  examplePlatform('Chromium', 'Rollup, threads', bundled('rollup', threaded), mustThread),
];
