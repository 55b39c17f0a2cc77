import { checkAborted } from './abort.ts';
import { bytesOf, kindOf, shown } from './arguments.ts';
import { LanewiseError } from './errors.ts';
import { type Bytes, inMemory } from './formats/bytes.ts';

/** Where a file comes from: a path (Node), a URL, a fetched Response, or its bytes. */
export type Source = string | URL | Response | ArrayBuffer | ArrayBufferView;

/** The source's name, for error messages. */
export function sourceName(source: Source): string {
  if (typeof source === 'string' || source instanceof URL) return String(source);
  return isResponse(source) ? source.url || 'the response' : 'the model';
}

export const isResponse = (source: unknown): source is Response => kindOf(source) === 'Response';

export const isBytes = (value: unknown): value is ArrayBuffer | ArrayBufferView =>
  kindOf(value) === 'ArrayBuffer' || ArrayBuffer.isView(value);

/** All bytes of a source. @throws LanewiseError as `openSource` */
export const readSource = async (source: Source, signal?: AbortSignal): Promise<Uint8Array> => inMemory(await openSource(source, signal));

/**
 * The bytes of a source; those of a large file are read when they are needed.
 * @throws LanewiseError FILE_NOT_FOUND, ABORTED, or INVALID_INPUT if it is none of these
 */
export async function openSource(source: Source, signal?: AbortSignal): Promise<Bytes> {
  checkAborted(signal);
  const name = sourceName(source);
  if (isBytes(source)) return bytesOf(source, name);
  try {
    if (isResponse(source)) return await readResponse(source, name, signal);
    if (typeof source === 'string' || source instanceof URL) {
      const path = localPath(source);
      if (path !== undefined) return (await nodeFiles()).openFile(path, name);
      return await readResponse(await fetch(source, { signal: signal ?? null }), name, signal);
    }
  } catch (cause) {
    checkAborted(signal);
    if (cause instanceof LanewiseError) throw cause;
    throw new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  throw new LanewiseError('INVALID_INPUT', `a model comes from a path, URL, Response, ArrayBuffer or typed array, got ${shown(source)}`);
}

const isNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

/** Chunks that browsers do not need, and do not load. */
export const nodeFiles = () => import('./file.ts');

/** The file system path; undefined if the source is to be fetched. */
export function localPath(source: string | URL): string | URL | undefined {
  if (!isNode) return undefined;
  if (source instanceof URL) return source.protocol === 'file:' ? source : undefined;
  if (/^file:\/\//i.test(source)) return new URL(source);
  return /^[a-z][a-z0-9+.-]+:\/\/|^(data|blob):/i.test(source) ? undefined : source;
}

async function readResponse(response: Response, name: string, signal?: AbortSignal): Promise<Uint8Array> {
  if (!response.ok) throw new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: HTTP ${response.status} ${response.statusText}`);
  // The body of a Response that somebody else has fetched does not listen to the signal.
  const body = signal && response.body?.pipeThrough(new TransformStream(), { signal });
  return new Uint8Array(await (body ? new Response(body) : response).arrayBuffer());
}

/**
 * Writes a file, in Node.
 * @throws LanewiseError FILE_NOT_FOUND if it cannot be written, INVALID_INPUT outside Node
 */
export async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  if (!isNode) throw new LanewiseError('INVALID_INPUT', `'${path}' cannot be written: there is no file system here`);
  return (await nodeFiles()).writeFile(path, bytes);
}
