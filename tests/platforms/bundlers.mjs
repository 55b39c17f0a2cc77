// What bundlers make of the package with the configurations that users write, in Chromium.

import { spawn } from 'node:child_process';
import { missing, withBrowser } from './harness/browser.mjs';
import { checkPage, examplePlatform } from './harness/example.mjs';
import { isolation } from './harness/site.mjs';

const vite = { example: 'vite', site: 'dist', entry: 'main.js' };
const bundled = (example, more) => ({ example, site: 'public', assets: ['public'], entry: 'main.js', ...more });
/** Its page runs a compiled model. */
const esbuild = bundled('esbuild', { assets: ['.', 'public'], before: 'compile' });
/** Threads, which need worker.js to be found. */
const threaded = { options: { threads: 2 }, headers: isolation };

const mustThread = ({ variant }) => {
  if (variant !== 'strict-threads') throw new Error(`ran on ${variant}`);
};

/** Bundles dependencies another way than a build does. */
const viteServer = {
  name: 'Vite, development server, threads, Chromium',
  async run(context) {
    const skipped = missing('Chromium');
    if (skipped) return { skipped };
    const cwd = context.example('threads');
    const server = spawn(process.execPath, ['node_modules/vite/bin/vite.js'], {
      cwd,
      env: { ...process.env, NO_COLOR: '1' },
      signal: context.signal,
    });
    try {
      const address = await new Promise((resolve, reject) => {
        let printed = '';
        server.stdout.on('data', (data) => {
          printed += data;
          const found = /http:\/\/localhost:\d+\//.exec(printed);
          if (found) resolve(found[0]);
        });
        server.on('error', reject);
        server.on('exit', () => reject(new Error(`Vite ended: ${printed}`)));
      });
      await withBrowser('Chromium', context.signal, (browser) => checkPage(browser, address));
      return { note: 'cat' };
    } finally {
      server.kill();
    }
  },
};

export const platforms = [
  examplePlatform('Chromium', 'Vite', vite),
  viteServer,
  examplePlatform('Chromium', 'webpack', bundled('webpack', { assets: ['.'] })),
  examplePlatform('Chromium', 'esbuild', esbuild),
  examplePlatform('Chromium', 'Rollup', bundled('rollup')),
  examplePlatform('Chromium', 'webpack, threads', bundled('webpack', { assets: ['.'], ...threaded }), mustThread),
  examplePlatform('Chromium', 'esbuild, threads', { ...esbuild, ...threaded }, mustThread),
  examplePlatform('Chromium', 'Rollup, threads', bundled('rollup', threaded), mustThread),
];
