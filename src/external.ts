// External data: files beside a model, which few models have. Loaded when one does.

import { bytesOf } from './arguments.ts';
import { LanewiseError } from './errors.ts';
import type { Bytes } from './formats/bytes.ts';
import { insideFolder } from './formats/onnx/external.ts';
import type { OpenedOnnx } from './formats/onnx/open.ts';
import { isResponse, localPath, nodeFiles, openSource, type Source, sourceName } from './source.ts';

/** Files by the path that the model gives them. */
export type ExternalData = Readonly<Record<string, Uint8Array | ArrayBuffer>>;

/**
 * A model's external data: the files that are given, the others from beside the model.
 * @throws LanewiseError FILE_NOT_FOUND, INVALID_MODEL, ABORTED; INVALID_INPUT if a file is given that the model does not
 *   name
 */
export async function readExternal(
  { external }: OpenedOnnx,
  source: Source,
  given: ExternalData = {},
  signal?: AbortSignal,
): Promise<Map<string, Bytes>> {
  const known = new Map(Object.entries(given).map(([name, file]) => [insideFolder(name) ?? name, bytesOf(file, `'${name}'`)]));
  if ([...known.keys()].some((name) => !external.has(name))) {
    const [gives, names] = [known, external].map((files) => [...files.keys()].map((name) => `'${name}'`).join(', '));
    throw new LanewiseError('INVALID_INPUT', `option externalData gives ${gives}, but ${sourceName(source)} names ${names || 'no files'}`);
  }
  const files = [...external].map(async ([location, tensor]): Promise<[string, Bytes]> => {
    const file = known.get(location);
    if (file) return [location, file];
    try {
      return [location, await readBeside(source, location, signal)];
    } catch (cause) {
      throw named(cause, sourceName(source), tensor, location);
    }
  });
  return new Map(await Promise.all(files));
}

/** The error of a file, naming the tensor that needs it. */
export function named(cause: unknown, model: string, tensor: string, location: string): unknown {
  if (!(cause instanceof LanewiseError) || cause.code === 'ABORTED') return cause;
  return new LanewiseError(cause.code, `${model}: ${tensor} has its data in '${location}', but ${cause.message}`, { cause });
}

/**
 * The bytes of a file beside the model.
 * @param source where the model came from
 * @param location the file's path relative to the model's folder, with '/' and without '..'
 * @throws LanewiseError FILE_NOT_FOUND, ABORTED, or INVALID_MODEL if a link leads out of the folder
 */
async function readBeside(source: Source, location: string, signal?: AbortSignal): Promise<Bytes> {
  const path = typeof source === 'string' || source instanceof URL ? localPath(source) : undefined;
  if (path !== undefined) return openSource((await nodeFiles()).pathBeside(path, location), signal);
  const base = isResponse(source) ? source.url : typeof source === 'string' || source instanceof URL ? String(source) : '';
  const url = urlBeside(base, location);
  if (!url)
    throw new LanewiseError('FILE_NOT_FOUND', 'only a model from a path or URL has files beside it: give them in the option externalData');
  return openSource(url, signal);
}

/** Undefined for sources without a folder, such as a data URL. */
function urlBeside(base: string, location: string): URL | undefined {
  // In browsers a URL may be relative to the page's.
  const page = (globalThis as { document?: Document }).document?.baseURI ?? (globalThis as { location?: Location }).location?.href;
  try {
    // Encoded, because part of a location could otherwise be taken for another server, a query or '..'.
    return new URL(location.split('/').map(encodeURIComponent).join('/'), new URL(base, page));
  } catch {
    return undefined;
  }
}
