// Pages without a bundler, under a policy, and with threads.

import { examplePlatform, refusalPlatform } from './harness/example.mjs';
import { isolation } from './harness/site.mjs';

const noBundler = { example: 'no-bundler', site: '.', entry: 'main.js' };
const policy = (text) => ({ 'content-security-policy': text });
const strict = policy("default-src 'self'; script-src 'self' 'wasm-unsafe-eval'");
const csp = {
  example: 'csp',
  site: 'public',
  assets: ['public'],
  entry: 'main.js',
  headers: strict,
};
/** Threads under that policy: worker.js has to be there, for blobs are not allowed. */
const cspThreads = { ...csp, options: { threads: 2 }, headers: { ...strict, ...isolation } };
const threads = { example: 'threads', site: 'dist', entry: 'main.js', options: { threads: 'auto' }, headers: isolation };

const isThreaded = ({ variant }) => {
  if (variant !== 'strict-threads') throw new Error(`ran on ${variant}`);
};

export const platforms = ['Chromium', 'Firefox'].flatMap((browser) => [
  examplePlatform(browser, 'page, no bundler', noBundler),
  examplePlatform(browser, 'page, strict policy', csp),
  refusalPlatform(browser, 'page, no wasm-unsafe-eval', csp, policy("default-src 'self'"), {
    code: 'WASM_BLOCKED',
    message: /^the engine refuses to compile WebAssembly \(.+\): a content security policy needs 'wasm-unsafe-eval'/,
  }),
  examplePlatform(browser, 'page, threads', threads, isThreaded),
  examplePlatform(browser, 'page, strict policy, threads', { ...cspThreads, build: ['worker=lanewise/worker.js'] }, isThreaded),
  refusalPlatform(browser, 'page, strict policy, no worker.js', cspThreads, cspThreads.headers, {
    code: 'WORKER_FAILED',
    message: /could not be loaded: serve lanewise's dist\/worker\.js as worker\.js beside the bundle/,
  }),
]);
