import { checkAborted, unlessAborted } from './abort.ts';
import { bytesOf, kindOf, type OptionChecks, shown, signalCheck } from './arguments.ts';
import { LanewiseError } from './errors.ts';
import type { Bytes } from './formats/bytes.ts';
import type { BlobLike, ResponseLike, StreamLike, URLLike } from './platform.ts';
import type { Reading, ReadOptions } from './reading.ts';

/**
 * Where a file comes from: a path (in Node), a URL, a fetched Response, a Blob or File, a ReadableStream of Uint8Arrays, or
 * its bytes; or a promise of one of these.
 * @example
 * await load('model.onnx');
 * await load(fetch('model.onnx', { headers }));
 * await load(input.files[0]); // of <input type="file">
 */
export type Source = GivenSource | PromiseLike<GivenSource>;

type GivenSource = string | URLLike | ResponseLike | BlobLike | StreamLike | ArrayBuffer | ArrayBufferView;

/** @internal */
export const readChecks: OptionChecks<ReadOptions> = {
  onProgress: ['a function', (value) => typeof value === 'function'],
  signal: signalCheck,
};

/**
 * A file that is open.
 * @internal
 */
export interface Opened {
  readonly bytes: Bytes;
  /** Its name, for error messages. */
  readonly name: string;
  /** Its path or address, if it has one. */
  readonly at: string | URL | undefined;
}

/** @internal */
export const isBytes = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  kindOf(value) === 'ArrayBuffer' || ArrayBuffer.isView(value);

/**
 * Opens a source; the bytes of a large file are read when they are needed.
 * @throws LanewiseError FILE_NOT_FOUND, TOO_LARGE, ABORTED, or INVALID_INPUT if it is none of these, or was read before; what
 *   `onProgress` throws
 * @internal
 */
export async function openSource(given: Source, options: ReadOptions = {}): Promise<Opened> {
  const { signal, onProgress } = options;
  let name = 'the model';
  let at: string | URL | undefined;
  const reading: Reading = async (step) => {
    checkAborted(signal);
    try {
      return await step();
    } catch (cause) {
      checkAborted(signal);
      throw cause instanceof LanewiseError ? cause : unreadable(name, cause);
    }
  };
  const source: unknown = await reading(() => unlessAborted(Promise.resolve(given), signal));
  const there = (bytes: Bytes): Opened => {
    onProgress?.({ loaded: bytes.length, total: bytes.length });
    return { bytes, name, at };
  };
  if (isBytes(source)) return there(bytesOf(source, name));
  let body = source as Response | Blob | ReadableStream;
  const kind = kindOf(source);
  if (typeof source === 'string' || source instanceof URL) {
    at = source;
    name = String(source);
    const path = await reading(() => localPath(source));
    if (path !== undefined) return there(await reading(async () => (await nodeFiles()).openFile(path, name)));
    body = await reading(() => fetch(source, { signal: (signal as AbortSignal | undefined) ?? null }));
  } else if (kind === 'Response') {
    at = (body as Response).url || undefined;
    name = at ?? 'the response';
  } else if (kind === 'File' || kind === 'Blob') name = (body as File).name || name;
  else if (kind !== 'ReadableStream') {
    throw new LanewiseError(
      'INVALID_INPUT',
      `a model comes from a path, URL, Response, Blob, File, ReadableStream, ArrayBuffer or typed array, or a promise of one, got ${shown(source)}`,
    );
  }
  if (kindOf(body) === 'Response') {
    const { ok, status, statusText, bodyUsed } = body as Response;
    if (!ok) throw new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: HTTP ${status} ${statusText}`.trimEnd());
    // A page need not fetch the chunk only for this.
    if (!isNode && !onProgress && !signal && !bodyUsed)
      return { bytes: new Uint8Array(await reading(() => (body as Response).arrayBuffer())), name, at };
  }
  const { readBody } = await reading(() => import('./stream.ts'));
  return { bytes: await readBody(body, name, options, reading), name, at };
}

/**
 * The error of a file that could not be read.
 * @internal
 */
export function unreadable(name: string, cause: unknown): LanewiseError {
  // fetch says only that it failed; why, its cause says.
  const inner = (cause as Error | undefined)?.cause as (Partial<Error> & { readonly code?: string }) | undefined;
  const why = cause instanceof Error ? inner?.message || inner?.code || cause.message : shown(cause);
  return new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: ${why}`, { cause });
}

const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

/**
 * A chunk that browsers do not need, and do not load.
 * @internal
 */
export const nodeFiles = () => import('./file.ts');

/**
 * The file system path; undefined if the source is to be fetched.
 * @internal
 */
export function localPath(source: string | URL): string | URL | undefined {
  if (!isNode) return undefined;
  if (source instanceof URL) return source.protocol === 'file:' ? source : undefined;
  if (/^file:\/\//i.test(source)) return new URL(source);
  return /^[a-z][a-z0-9+.-]+:\/\/|^(data|blob):/i.test(source) ? undefined : source;
}

/**
 * Writes a file, in Node.
 * @throws LanewiseError FILE_NOT_FOUND if it cannot be written, INVALID_INPUT outside Node
 * @internal
 */
export async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  if (!isNode) throw new LanewiseError('INVALID_INPUT', `'${path}' cannot be written: there is no file system here`);
  return (await nodeFiles()).writeFile(path, bytes);
}
