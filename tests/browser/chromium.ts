import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const inPath = (name: string): string[] => (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, name));

/** A Chromium or Chrome of this machine, the one that CHROMIUM_PATH names first; undefined where there is none. */
export function findChromium(): string | undefined {
  const named = process.env.CHROMIUM_PATH;
  return [...(named ? [named] : []), '/usr/bin/chromium', '/usr/bin/chromium-browser', ...inPath('google-chrome')].find(existsSync);
}

/** Without a screen, and without talking to anyone but the test. */
export const browserArguments = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A camera that shows a moving test picture, and that every page may use.
  '--use-fake-device-for-media-stream',
  '--use-fake-ui-for-media-stream',
];
