// Examples in browsers: one is built and opened as it is, then built again with the list of models in the place of its own code.

import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { missing, openPage, withBrowser } from './browser.mjs';
import { openSite } from './site.mjs';

const here = fileURLToPath(new URL('..', import.meta.url));

/**
 * An example of which a browser opens what was built.
 * @typedef {object} PageExample
 * @property {string} example the folder's name under examples/
 * @property {string} site where in it lies what is served
 * @property {string[]} [assets] where in it the model and the photo go
 * @property {string} [before] a script of its package.json that runs once before it is built
 * @property {string} entry the script that loads Lanewise: the list of models takes its place
 * @property {'bits' | 'quantized' | 'trained'} [runs] what does: bits.js, unless it says another
 * @property {object} [options] for every `load` of the list
 * @property {string[]} [build] arguments that the build gets after its own
 * @property {Record<string, string>} [headers] of the server
 */

/** What is built, once for all browsers: by the example's name, and with the list of models by its options too. */
const built = new Map();
const once = (key, build) => {
  if (!built.has(key)) built.set(key, build());
  return built.get(key);
};

/** Builds an example as it is; gives its folder, and the one that is to be served. */
const buildPlain = (context, { example, site, assets = ['.'], before, build: more = [] }) =>
  once(JSON.stringify([example, more]), async () => {
    const folder = context.example(example, assets[0]);
    for (const into of assets.slice(1)) {
      for (const file of ['model.onnx', 'cat.png']) copyFileSync(join(folder, assets[0], file), join(folder, into, file));
    }
    if (before) await npmRun(context, folder, before);
    await build(context, folder, more);
    const plain = `${folder}-plain-${built.size}`;
    cpSync(join(folder, site), plain, { recursive: true });
    return { folder, plain };
  });

/** Builds it with the list of models; gives the folder that is to be served. */
export const buildBits = (context, { site, entry, options = {}, runs = 'bits', ...more }) =>
  once(JSON.stringify([more.example, more.build, options, runs]), async () => {
    const { folder } = await buildPlain(context, { site, ...more });
    copyFileSync(join(here, `entries/${runs === 'bits' ? '' : `${runs}-`}browser.js`), join(folder, entry));
    copyFileSync(join(here, `${runs}.js`), join(folder, `${runs}.js`));
    writeFileSync(join(folder, 'options.js'), `export default ${JSON.stringify(options)};\n`);
    await build(context, folder, more.build);
    const bits = `${folder}-bits-${built.size}`;
    cpSync(join(folder, site), bits, { recursive: true });
    return bits;
  });

async function build(context, folder, more = []) {
  for (const output of ['dist', 'public/build']) rmSync(join(folder, output), { recursive: true, force: true });
  const { scripts = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  if (scripts.build) await npmRun(context, folder, 'build', more);
}

/** `npm run SCRIPT`, with what it prints in the error where it fails. */
export function npmRun(context, cwd, name, more = []) {
  const args = ['run', name, '--', ...more];
  const path = process.env.npm_execpath;
  return path ? context.exec(process.execPath, [path, ...args], { cwd }) : context.exec('npm', args, { cwd });
}

/** Opens a built example in a browser. @throws Error where its label is wrong or anything goes wrong in it */
async function checkExample(browser, folder, headers) {
  const site = await openSite({ '/': folder }, headers);
  try {
    await checkPage(browser, `${site.origin}/`);
  } finally {
    site.close();
  }
}

/** Opens an example's page. @throws Error where its label is wrong or anything goes wrong in it */
export async function checkPage(browser, address) {
  const { page, complaints } = await openPage(browser, address);
  const label = await labelOf(page);
  const all = await complaints();
  if (label !== 'cat' || all.length > 0) throw new Error(`the example says '${label}' and complains of: ${all.join('; ') || 'nothing'}`);
}

/** What the page says of its picture, or what it still says after 30 s. */
async function labelOf(page) {
  const read = () => page.evaluate(() => document.querySelector('#label')?.textContent);
  await page.waitForFunction(() => document.querySelector('#label')?.textContent !== '…', { timeout: 30_000 }).catch(() => {});
  return read();
}

/**
 * Runs the list of models in a page.
 * @returns what `measure` of bits.js gives
 * @throws Error with its `code` where it failed, or where the page's policy was broken
 */
export async function measureInPage(context, browser, folder, headers) {
  const site = await openSite({ '/': folder, '/models/': `${context.models}/` }, headers);
  try {
    const { complaints } = await openPage(browser, `${site.origin}/`);
    const late = new Promise((_, reject) => context.signal.addEventListener('abort', () => reject(new Error('out of time'))));
    const { error, ...found } = await Promise.race([site.report, late]);
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    // An example's own code was replaced, so that the rest of its page may complain of other things.
    const breaches = (await complaints()).filter((text) => text.startsWith('policy:'));
    if (breaches.length > 0) throw new Error(breaches.join('; '));
    return found;
  } finally {
    site.close();
  }
}

/**
 * The platform that an example is in a browser.
 * @param {string} browserName Chromium or Firefox
 * @param {string} name of the platform; the browser's is added
 * @param {PageExample} example
 * @param {(found: object) => void} [check] throws where what was measured is not as it should be
 */
export const examplePlatform = (browserName, name, example, check) => ({
  name: `${name}, ${browserName}`,
  async run(context) {
    const skipped = missing(browserName);
    if (skipped) return { skipped };
    const { plain } = await buildPlain(context, example);
    const bits = await buildBits(context, example);
    return withBrowser(browserName, context.signal, async (browser) => {
      await checkExample(browser, plain, example.headers);
      const found = await measureInPage(context, browser, bits, example.headers);
      check?.(found);
      return found;
    });
  },
});

/** A check of how an example fails: what `measure` throws under other headers. */
export const refusalPlatform = (browserName, name, example, headers, { code, message }) => ({
  name: `${name}, ${browserName}`,
  async run(context) {
    const skipped = missing(browserName);
    if (skipped) return { skipped };
    const bits = await buildBits(context, example);
    return withBrowser(browserName, context.signal, async (browser) => {
      const outcome = await measureInPage(context, browser, bits, headers).catch((error) => error);
      if (outcome.code !== code || !message.test(outcome.message))
        throw new Error(`expected ${code}, got ${outcome.message ?? outcome.hash}`);
      return { note: code };
    });
  },
});
