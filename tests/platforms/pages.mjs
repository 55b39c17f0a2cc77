// Pages without a bundler, under a policy, and with threads.

import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missing, withBrowser } from './harness/browser.mjs';
import { buildBits, examplePlatform, measureInPage, refusalPlatform } from './harness/example.mjs';
import { isolation, openSite } from './harness/site.mjs';

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

/** The page without a bundler, its package on another server, from which browsers take no workers. */
const otherServer = (browserName) => ({
  name: `page, package on another server, threads, ${browserName}`,
  async run(context) {
    const skipped = missing(browserName);
    if (skipped) return { skipped };
    const bits = await buildBits(context, { ...noBundler, options: { threads: 2 } });
    const server = await openSite({ '/': join(bits, 'node_modules/lanewise') }, { 'access-control-allow-origin': '*' });
    try {
      const folder = `${bits}-${browserName}`;
      for (const file of ['main.js', 'bits.js', 'options.js']) cpSync(join(bits, file), join(folder, file));
      const html = readFileSync(join(bits, 'index.html'), 'utf8');
      writeFileSync(join(folder, 'index.html'), html.replaceAll('./node_modules/lanewise', server.origin));
      const found = await withBrowser(browserName, context.signal, (browser) => measureInPage(context, browser, folder, isolation));
      isThreaded(found);
      return found;
    } finally {
      server.close();
    }
  },
});

export const platforms = ['Chromium', 'Firefox'].flatMap((browser) => [
  examplePlatform(browser, 'page, no bundler', noBundler),
  otherServer(browser),
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
