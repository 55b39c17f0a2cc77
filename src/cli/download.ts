import { LanewiseError } from '../errors.ts';
import { nameOf } from './places.ts';
import { Progress } from './progress.ts';

/**
 * The bytes of a URL, with a line of progress where a terminal shows it.
 * @throws LanewiseError FILE_NOT_FOUND
 */
export async function download(url: string): Promise<Uint8Array> {
  const response = await request(url);
  if (!response.ok) throw new LanewiseError('FILE_NOT_FOUND', `${url} could not be read: HTTP ${response.status} ${response.statusText}`);
  // The length of a compressed body says nothing about what it becomes.
  const length = response.headers.has('content-encoding') ? 0 : Number(response.headers.get('content-length'));
  const progress = new Progress(nameOf(url), length);
  const parts: Uint8Array[] = [];
  let loaded = 0;
  try {
    for await (const part of response.body ?? []) {
      parts.push(part);
      loaded += part.length;
      progress.show(loaded);
    }
  } catch (cause) {
    throw unreadable(url, cause);
  } finally {
    progress.clear();
  }
  const bytes = new Uint8Array(loaded);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
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
