import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { localPath } from '../source.ts';

/** The path that a word of the command line is; undefined for a URL to fetch. */
export function pathOf(place: string): string | undefined {
  const path = localPath(place);
  return path instanceof URL ? fileURLToPath(path) : path;
}

/** The place of another file in the same folder. */
export function placeBeside(place: string, name: string): string {
  const path = pathOf(place);
  return path === undefined ? new URL(name, place).href : join(dirname(path), name);
}

/** The name of the file at a place. */
export function nameOf(place: string): string {
  const path = pathOf(place);
  if (path !== undefined) return basename(path);
  const { pathname, host } = new URL(place);
  return basename(pathname) || host;
}
