import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LanewiseError } from '../errors.ts';
import { localPath } from '../source.ts';

/** The path that a word of the command line is; undefined for a URL to fetch. */
export function pathOf(place: string): string | undefined {
  const path = localPath(place);
  return path instanceof URL ? fileURLToPath(path) : path;
}

/** @throws LanewiseError FILE_NOT_FOUND if what begins as a URL is none */
function urlOf(place: string): URL {
  if (URL.canParse(place)) return new URL(place);
  throw new LanewiseError('FILE_NOT_FOUND', `${place} could not be read: it is no valid URL`);
}

/** The place of another file in the same folder. */
export function placeBeside(place: string, name: string): string {
  const path = pathOf(place);
  return path === undefined ? new URL(name, urlOf(place)).href : join(dirname(path), name);
}

/** The name of the file at a place. */
export function nameOf(place: string): string {
  const path = pathOf(place);
  if (path !== undefined) return basename(path);
  const { pathname, host } = urlOf(place);
  return basename(pathname) || host;
}
