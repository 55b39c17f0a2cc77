// Chromium and Firefox of this machine, and pages in them that tell all that goes wrong.

import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const kinds = {
  Chromium: {
    variable: 'CHROMIUM_PATH',
    programs: ['chromium', 'chromium-browser', 'google-chrome'],
    options: {
      browser: 'chrome',
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    },
  },
  Firefox: { variable: 'FIREFOX_PATH', programs: ['firefox', 'firefox-esr'], options: { browser: 'firefox' } },
};

/** The path of a browser, the one that its variable names first; undefined where there is none. */
function find({ variable, programs }) {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const named = process.env[variable];
  return [...(named ? [named] : []), ...programs.flatMap((program) => folders.map((folder) => join(folder, program)))].find(existsSync);
}

/** Why a browser is skipped, or undefined where it is there. */
export function missing(name) {
  const kind = kinds[name];
  return find(kind) ? undefined : `${name} was not found; ${kind.variable} may name one`;
}

/**
 * Starts a browser for as long as `use` takes.
 * @param use gets the browser
 */
export async function withBrowser(name, signal, use) {
  const { launch } = (await import('puppeteer-core')).default;
  const kind = kinds[name];
  const browser = await launch({ ...kind.options, executablePath: find(kind), headless: true });
  const close = () => browser.close().catch(() => {});
  signal.addEventListener('abort', close);
  try {
    return await use(browser);
  } finally {
    signal.removeEventListener('abort', close);
    await close();
  }
}

/**
 * Opens a page with nothing cached.
 * @returns the page, and its complaints so far: errors and warnings of the console, exceptions, breaches of its policy
 */
export async function openPage(browser, address) {
  const context = await browser.createBrowserContext();
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => {
    // Browsers ask for /favicon.ico unasked.
    if (message.location()?.url?.endsWith('/favicon.ico')) return;
    if (['error', 'warn', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.evaluateOnNewDocument(() => {
    globalThis.breaches = [];
    document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      globalThis.breaches.push(`policy: ${violatedDirective} ${blockedURI}`);
    });
  });
  await page.goto(address);
  return { page, complaints: async () => [...complaints, ...(await page.evaluate(() => globalThis.breaches))] };
}
