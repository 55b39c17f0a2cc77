import type { Bytes } from '../formats/bytes.ts';
import { openSource, unreadable } from '../source.ts';
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

/**
 * The bytes of a URL; undefined if the server has nothing there.
 * @throws LanewiseError FILE_NOT_FOUND if there is no server, or its answer breaks off
 */
export async function downloadIfThere(url: string): Promise<Uint8Array | undefined> {
  try {
    const response = await fetch(url);
    return response.ok ? new Uint8Array(await response.arrayBuffer()) : undefined;
  } catch (cause) {
    throw unreadable(url, cause);
  }
}
