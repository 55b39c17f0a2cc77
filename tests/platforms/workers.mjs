// Workers of pages.

import { examplePlatform } from './harness/example.mjs';

const moduleWorker = { example: 'module-worker', site: 'dist', entry: 'worker.js' };
const serviceWorker = { example: 'service-worker', site: 'public', assets: ['public'], entry: 'service-worker.js' };

export const platforms = ['Chromium', 'Firefox'].flatMap((browser) => [
  examplePlatform(browser, 'module Worker', moduleWorker),
  examplePlatform(browser, 'service worker', serviceWorker),
]);
