import { execFile } from 'node:child_process';
import type { Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, chromium, type Page } from 'playwright-core';
import { browserArguments, findChromium } from './chromium.ts';
import { serve } from './serve.ts';

export const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** In a process of its own: Vite's bundler does not take objects from Jest's sandbox. */
const viteBuild = (folder: string) =>
  promisify(execFile)(process.execPath, [at('node_modules/vite/bin/vite.js'), 'build', at(folder)], {
    env: { ...process.env, NODE_ENV: 'production' },
  });

/** A browser, and a server of what was built. */
export interface Site {
  /** Of the folders under build/. */
  origin(): string;
  newPage(): Promise<Page>;
}

/**
 * Tests in Chromium, over folders that Vite builds first; skipped aloud where there is none.
 * @param what is tested, for the message
 */
export function inChromium(what: string, folders: readonly string[], tests: (site: Site) => void): void {
  const executablePath = findChromium();
  if (!executablePath) process.stdout.write(`${what} in a browser: skipped, no Chromium was found here; CHROMIUM_PATH may name one.\n`);
  (executablePath ? describe : describe.skip)(`${what} in Chromium`, () => {
    let browser: Browser;
    let server: Server;
    let origin: string;

    beforeAll(async () => {
      await Promise.all(folders.map(viteBuild));
      server = await serve(at('build'));
      const address = server.address();
      if (!address || typeof address === 'string') throw new Error('the server has no port');
      origin = `http://127.0.0.1:${address.port}`;
      browser = await chromium.launch({ executablePath: executablePath as string, args: browserArguments });
    }, 120_000);

    afterAll(async () => {
      await browser?.close();
      await new Promise((resolve) => server?.close(resolve) ?? resolve(undefined));
    });

    tests({ origin: () => origin, newPage: () => browser.newPage() });
  });
}

/** Pages that report everything that goes wrong in them. */
export function watched(site: Site): { readonly complaints: string[]; newPage(): Promise<Page> } {
  /** What must stay empty: console errors, exceptions, breaches of the page's policy. */
  const complaints: string[] = [];
  beforeEach(() => {
    complaints.length = 0;
  });
  return {
    complaints,
    async newPage() {
      const page = await site.newPage();
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      await page.exposeFunction('complain', (text: string) => complaints.push(text));
      await page.addInitScript(() => {
        document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
          (globalThis as unknown as { complain(text: string): void }).complain(`${violatedDirective} ${blockedURI}`);
        });
      });
      return page;
    },
  };
}

/** Calls what a page has put into its global scope; what the page complains of comes along. */
export async function callPage<P extends object, K extends keyof P & string>(
  site: Site,
  path: string,
  name: K,
  ...args: P[K] extends (...args: infer A) => unknown ? A : never
): Promise<{ result: P[K] extends (...args: never[]) => infer R ? Awaited<R> : never; complaints: string[] }> {
  const page = await site.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  try {
    await page.goto(`${site.origin()}/${path}`, { waitUntil: 'load' });
    const result = await page.evaluate(
      ([name, args]) => (globalThis as unknown as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args),
      [name, args as unknown[]] as const,
    );
    return { result: result as never, complaints };
  } finally {
    await page.close();
  }
}
