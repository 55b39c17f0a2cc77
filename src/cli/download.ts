import { LanewiseError } from '../errors.ts';
import type { Bytes } from '../formats/bytes.ts';
import { openSource } from '../source.ts';
import { nameOf } from './places.ts';
import { Progress } from './progress.ts';

/**
 * The bytes of a URL, with a line of progress where a terminal shows it.
 * @throws LanewiseError FILE_NOT_FOUND
 */
export async function download(url: string): Promise<Bytes> {
  const progress = new Progress(nameOf(url));
  try {
    return (await openSource(url, { onProgress: ({ loaded, total }) => progress.show(loaded, total) })).bytes;
  } finally {
    progress.clear();
  }
}

/** The bytes of a URL; undefined if the server has nothing there. @throws LanewiseError FILE_NOT_FOUND if there is no server */
export async function downloadIfThere(url: string): Promise<Uint8Array | undefined> {
  const response = await request(url);
  return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
}

async function request(url: string): Promise<Response> {
  try {
    return await fetch(url);
  } catch (cause) {
    throw unreadable(url, cause);
  }
}

/** fetch says only that it failed; why, its cause says. */
function unreadable(url: string, cause: unknown): LanewiseError {
  const { message, cause: why } = cause as { message: string; cause?: { message?: string; code?: string } };
  return new LanewiseError('FILE_NOT_FOUND', `${url} could not be read: ${why?.message || why?.code || message}`, { cause });
}
