// Reading a body chunk by chunk. Loaded where it is needed: in Node, for progress, for a signal, for streams and Blobs.

import { checkAborted } from './abort.ts';
import { kindOf, shown } from './arguments.ts';
import { LanewiseError } from './errors.ts';
import { allocated } from './formats/bytes.ts';
import type { Reading, ReadOptions } from './reading.ts';

/**
 * All bytes of a body, held once if their number is known.
 * @param reading does the steps that may fail, which `onProgress` is none of
 * @throws LanewiseError INVALID_INPUT if it was read before, or is no stream of bytes; TOO_LARGE, ABORTED; what `reading` and
 *   `onProgress` throw
 */
export async function readBody(
  source: Response | Blob | ReadableStream,
  name: string,
  { signal, onProgress }: ReadOptions,
  reading: Reading,
): Promise<Uint8Array> {
  const response = responseOf(source, name);
  let total = 'size' in source ? source.size : lengthOf(response.headers);
  let whole = total === undefined ? undefined : allocated(total, name);
  const chunks: Uint8Array[] = [];
  let loaded = 0;
  const tell = () => {
    checkAborted(signal);
    onProgress?.({ loaded, total });
  };
  const reader = response.body?.getReader();
  const cancel = (reason: unknown) => reader?.cancel(reason).catch(() => {});
  const abort = () => cancel(signal?.reason);
  signal?.addEventListener('abort', abort);
  try {
    tell();
    while (reader) {
      // It ends when it is cancelled.
      const { done, value } = await reading(() => reader.read());
      checkAborted(signal);
      if (done) break;
      if (kindOf(value) !== 'Uint8Array')
        throw new LanewiseError('INVALID_INPUT', `${name} is no stream of Uint8Arrays: it has ${shown(value)}`);
      // A server that is in another place may compress a response without telling the page, which sees a length that is too small.
      if (whole && loaded + value.length > whole.length) {
        chunks.push(whole.subarray(0, loaded));
        whole = total = undefined;
      }
      if (whole) whole.set(value, loaded);
      else chunks.push(value);
      loaded += value.length;
      tell();
    }
    if (loaded !== total) {
      total = loaded;
      tell();
    }
  } catch (error) {
    cancel(error);
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  return whole?.subarray(0, loaded) ?? joined(chunks, loaded, name);
}

/** @throws LanewiseError INVALID_INPUT if its body was read before, in part or whole */
function responseOf(source: Response | Blob | ReadableStream, name: string): Response {
  let cause: unknown;
  try {
    // Only this tells of a stream that nobody reads any more.
    const response = kindOf(source) === 'Response' ? (source as Response) : new Response(source as Blob);
    if (!response.bodyUsed && !response.body?.locked) return response;
  } catch (error) {
    cause = error;
  }
  throw new LanewiseError('INVALID_INPUT', `${name} was read before, or is being read: a stream gives its bytes only once`, { cause });
}

/** How many bytes a response gives; undefined if nobody says: the length is that of what travels, compressed or not. */
function lengthOf(headers: Headers): number | undefined {
  const length = headers.get('content-length');
  return length && /^\d+$/.test(length) && !headers.get('content-encoding') ? Number(length) : undefined;
}

function joined(chunks: readonly Uint8Array[], length: number, name: string): Uint8Array {
  const [first] = chunks;
  if (first?.length === length) return first;
  const whole = allocated(length, name);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
