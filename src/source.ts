import { LanewiseError } from './errors.ts';

/** Where a file comes from: a path (Node), a URL, a fetched Response, or its bytes. */
export type Source = string | URL | Response | ArrayBuffer | ArrayBufferView;

/** The source's name for error messages. */
export function sourceName(source: Source): string {
  if (typeof source === 'string' || source instanceof URL) return shortened(String(source));
  return isResponse(source) ? source.url || 'the response' : 'the model';
}

/** A data URL holds the file itself. */
const shortened = (name: string): string => (name.startsWith('data:') && name.length > 60 ? `${name.slice(0, 57)}...` : name);

/** Not `instanceof Response`: merely naming it makes Node load its whole HTTP client, which takes longer than loading a model. */
const isResponse = (source: unknown): source is Response => Object.prototype.toString.call(source) === '[object Response]';

/**
 * All bytes of a source.
 * @throws LanewiseError FILE_NOT_FOUND, ABORTED, or INVALID_INPUT where it is none of these
 */
export async function readSource(source: Source, signal?: AbortSignal): Promise<Uint8Array> {
  checkAborted(signal);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const name = sourceName(source);
  try {
    if (isResponse(source)) return await readResponse(source, name);
    if (typeof source === 'string' || source instanceof URL) {
      const path = localPath(source);
      if (path !== undefined) return await readFile(path, name);
      return await readResponse(await fetch(source, { signal: signal ?? null }), name);
    }
  } catch (cause) {
    checkAborted(signal);
    if (cause instanceof LanewiseError) throw cause;
    throw new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  throw new LanewiseError('INVALID_INPUT', `a model comes from a path, URL, Response, ArrayBuffer or typed array, got ${describe(source)}`);
}

/** @throws LanewiseError ABORTED where the signal has fired */
export function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new LanewiseError('ABORTED', 'the caller aborted', { cause: signal.reason });
}

const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

/** A file system path, or undefined where the source is to be fetched. */
function localPath(source: string | URL): string | URL | undefined {
  if (!isNode) return undefined;
  if (source instanceof URL) return source.protocol === 'file:' ? source : undefined;
  if (/^file:\/\//i.test(source)) return new URL(source);
  return /^[a-z][a-z0-9+.-]+:\/\/|^(data|blob):/i.test(source) ? undefined : source;
}

async function readFile(path: string | URL, name: string): Promise<Uint8Array> {
  // Not an import, which bundlers for browsers would follow.
  const { promises: fs } = process.getBuiltinModule('node:fs');
  try {
    return await fs.readFile(path);
  } catch (cause) {
    throw fileError(name, cause);
  }
}

/** What Node's file system says, in a sentence. */
export function fileError(name: string, cause: unknown): LanewiseError {
  const { code, message } = cause as { code?: string; message: string };
  const problem = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : message;
  return new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: ${problem}`, { cause });
}

async function readResponse(response: Response, name: string): Promise<Uint8Array> {
  if (!response.ok) throw new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: HTTP ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

const describe = (value: unknown): string =>
  (value as object | null)?.constructor?.name ?? Object.prototype.toString.call(value).slice(8, -1).toLowerCase();
