import { checkAborted } from './abort.ts';
import { LanewiseError } from './errors.ts';
import { type Bytes, inMemory } from './formats/bytes.ts';

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

/** All bytes of a source. @throws LanewiseError as `openSource` */
export const readSource = async (source: Source, signal?: AbortSignal): Promise<Uint8Array> => inMemory(await openSource(source, signal));

/**
 * The bytes of a source; a large file's are read when they are asked for.
 * @throws LanewiseError FILE_NOT_FOUND, ABORTED, or INVALID_INPUT where it is none of these
 */
export async function openSource(source: Source, signal?: AbortSignal): Promise<Bytes> {
  checkAborted(signal);
  if (source instanceof ArrayBuffer) return new Uint8Array(source);
  if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
  const name = sourceName(source);
  try {
    if (isResponse(source)) return await readResponse(source, name);
    if (typeof source === 'string' || source instanceof URL) {
      const path = localPath(source);
      if (path !== undefined) return (await nodeFiles()).openFile(path, name);
      return await readResponse(await fetch(source, { signal: signal ?? null }), name);
    }
  } catch (cause) {
    checkAborted(signal);
    if (cause instanceof LanewiseError) throw cause;
    throw new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  throw new LanewiseError('INVALID_INPUT', `a model comes from a path, URL, Response, ArrayBuffer or typed array, got ${describe(source)}`);
}

const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

/** What browsers have no use for, and do not load. */
const nodeFiles = () => import('./file.ts');

/** A file system path, or undefined where the source is to be fetched. */
function localPath(source: string | URL): string | URL | undefined {
  if (!isNode) return undefined;
  if (source instanceof URL) return source.protocol === 'file:' ? source : undefined;
  if (/^file:\/\//i.test(source)) return new URL(source);
  return /^[a-z][a-z0-9+.-]+:\/\/|^(data|blob):/i.test(source) ? undefined : source;
}

/**
 * The bytes of a file that a model names as lying beside it.
 * @param source where the model came from
 * @param location its path relative to the model's folder, with '/' and without '..'
 * @throws LanewiseError FILE_NOT_FOUND, ABORTED, or INVALID_MODEL where a link leads out of the folder
 */
export async function readBeside(source: Source, location: string, signal?: AbortSignal): Promise<Bytes> {
  const path = typeof source === 'string' || source instanceof URL ? localPath(source) : undefined;
  if (path !== undefined) return openSource((await nodeFiles()).pathBeside(path, location), signal);
  const base = isResponse(source) ? source.url : typeof source === 'string' || source instanceof URL ? String(source) : '';
  const url = urlBeside(base, location);
  if (!url)
    throw new LanewiseError('FILE_NOT_FOUND', 'only a model from a path or URL has files beside it: give them in the option externalData');
  return openSource(url, signal);
}

/** Undefined beside what has no folder: a data URL, say. */
function urlBeside(base: string, location: string): URL | undefined {
  // In browsers an address may be relative to the page's.
  const page = (globalThis as { document?: Document }).document?.baseURI ?? (globalThis as { location?: Location }).location?.href;
  try {
    // Encoded, no part of a location can be taken for another server, a query or '..'.
    return new URL(location.split('/').map(encodeURIComponent).join('/'), new URL(base, page));
  } catch {
    return undefined;
  }
}

async function readResponse(response: Response, name: string): Promise<Uint8Array> {
  if (!response.ok) throw new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: HTTP ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

const describe = (value: unknown): string =>
  (value as object | null)?.constructor?.name ?? Object.prototype.toString.call(value).slice(8, -1).toLowerCase();

/**
 * Writes a file, in Node.
 * @throws LanewiseError FILE_NOT_FOUND where it cannot be written, INVALID_INPUT elsewhere
 */
export async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  if (!isNode) throw new LanewiseError('INVALID_INPUT', `'${path}' cannot be written: there is no file system here`);
  return (await nodeFiles()).writeFile(path, bytes);
}
