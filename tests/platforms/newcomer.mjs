// The projects that somebody begins with, from an empty folder: a strict TypeScript project, React with Vite, Next.

import { spawn } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missing, openPage, withBrowser } from './harness/browser.mjs';
import { npmRun } from './harness/example.mjs';
import { checkLabel } from './harness/setup.mjs';
import { openSite } from './harness/site.mjs';

const typescript = {
  name: 'TypeScript, strict',
  async run(context) {
    const cwd = context.example('typescript');
    await npmRun(context, cwd, 'build');
    const printed = await context.exec(process.execPath, ['dist/classify.js'], { cwd });
    checkLabel(printed);
    const failed = await context.exec(process.execPath, ['dist/classify.js', 'missing.png'], { cwd }).catch((error) => error.message);
    if (!failed.includes('ENOENT')) throw new Error(`for a picture that is not there it says: ${failed}`);
    return { note: printed.trim().split('\n')[0] };
  },
};

const react = {
  name: 'React, Vite, worker, Chromium',
  async run(context) {
    const skipped = missing('Chromium');
    if (skipped) return { skipped };
    const cwd = context.example('react');
    await npmRun(context, cwd, 'build');
    const site = await openSite({ '/': join(cwd, 'dist') });
    try {
      return await withBrowser('Chromium', context.signal, async (browser) => {
        const { page, complaints } = await openPage(browser, `${site.origin}/`);
        // Before the page's own scripts.
        await page.evaluateOnNewDocument(() => {
          globalThis.seen = [];
          const look = () => seen.push(document.querySelector('progress')?.value ?? 0);
          new MutationObserver(look).observe(document, { subtree: true, attributes: true, attributeFilter: ['value'] });
        });
        // A megabyte in a second, which the bar has time to show.
        await page.emulateNetworkConditions({ download: 1e6, upload: 1e6, latency: 20 });
        await page.reload();
        await page.waitForSelector('button:not([disabled])', { timeout: 30_000 });
        await page.click('button');
        await page.waitForFunction(() => document.querySelector('#label').textContent !== '…', { timeout: 30_000 });
        const [label, progress, workers, seen] = await page.evaluate(() => [
          document.querySelector('#label').textContent,
          document.querySelector('progress').value,
          performance.getEntriesByType('resource').filter(({ name }) => /worker/.test(name)).length,
          globalThis.seen,
        ]);
        const all = await complaints();
        const between = seen.filter((value) => value > 0 && value < 1).length;
        if (label !== 'cat' || progress !== 1 || between === 0 || all.length > 0) {
          throw new Error(`the page says '${label}' at ${[...seen, progress]} and complains of: ${all.join('; ') || 'nothing'}`);
        }
        return { note: `cat; ${between} steps of progress; ${workers > 0 ? 'a worker' : 'no worker of its own file'}` };
      });
    } finally {
      site.close();
    }
  },
};

const next = {
  name: 'Next, routes in Node and at the edge, client, Chromium',
  patience: 450_000,
  async run(context) {
    const cwd = context.example('next');
    mkdirSync(join(cwd, 'public'));
    copyFileSync(join(cwd, 'cat.png'), join(cwd, 'public/cat.png'));
    await npmRun(context, cwd, 'model');
    await npmRun(context, cwd, 'build');
    const env = { ...process.env, PORT: '0', NEXT_TELEMETRY_DISABLED: '1' };
    const server = spawn(process.execPath, ['node_modules/next/dist/bin/next', 'start', '--port', '0'], {
      cwd,
      env,
      signal: context.signal,
    });
    try {
      const origin = await new Promise((resolve, reject) => {
        let printed = '';
        const read = (data) => {
          printed += data;
          const found = /http:\/\/localhost:(\d+)/.exec(printed);
          if (found) resolve(`http://127.0.0.1:${found[1]}`);
        };
        server.stdout.on('data', read);
        server.stderr.on('data', read);
        server.on('error', reject);
        server.on('exit', () => reject(new Error(`Next ended: ${printed}`)));
      });
      const body = readFileSync(join(cwd, 'cat.png'));
      const answers = [];
      for (const runtime of ['node', 'edge']) {
        const response = await fetch(`${origin}/api/${runtime}`, { method: 'POST', body, signal: context.signal });
        answers.push(await response.text());
      }
      if (answers[0] !== answers[1] || JSON.parse(answers[0]).label !== 'cat')
        throw new Error(`the routes answer ${answers.join(' and ')}`);
      if (missing('Chromium')) return { note: 'cat in Node and at the edge' };
      await withBrowser('Chromium', context.signal, async (browser) => {
        const { page, complaints } = await openPage(browser, `${origin}/`);
        await page.waitForFunction(() => document.querySelector('#label').textContent !== '…', { timeout: 30_000 });
        const label = await page.evaluate(() => document.querySelector('#label').textContent);
        const all = await complaints();
        if (label !== 'cat' || all.length > 0) throw new Error(`the page says '${label}' and complains of: ${all.join('; ')}`);
      });
      return { note: 'cat in Node, at the edge, in the page' };
    } finally {
      server.kill();
    }
  },
};

export const platforms = [typescript, react, next];
