// External data: files beside a model, which few models have. Loaded when one does.

import { bytesOf } from './arguments.ts';
import { LanewiseError } from './errors.ts';
import type { Bytes } from './formats/bytes.ts';
import { insideFolder } from './formats/onnx/external.ts';
import type { OpenedOnnx } from './formats/onnx/open.ts';
import type { Progress, ReadOptions } from './reading.ts';
import { localPath, nodeFiles, type Opened, openSource } from './source.ts';

/** Files by the path that the model gives them. */
export type ExternalData = Readonly<Record<string, Uint8Array | ArrayBuffer>>;

/**
 * A model's external data: the files that are given, the others from beside the model.
 * @param model the model's file, whose bytes count in progress
 * @throws LanewiseError FILE_NOT_FOUND, INVALID_MODEL, ABORTED; INVALID_INPUT if a file is given that the model does not
 *   name
 * @internal
 */
export async function readExternal(
  { external }: OpenedOnnx,
  model: Opened,
  { externalData: given = {}, signal, onProgress }: ReadOptions & { readonly externalData?: ExternalData } = {},
): Promise<Map<string, Bytes>> {
  const known = new Map(Object.entries(given).map(([name, file]) => [insideFolder(name) ?? name, bytesOf(file, `'${name}'`)]));
  if ([...known.keys()].some((name) => !external.has(name))) {
    const [gives, names] = [known, external].map((files) => [...files.keys()].map((name) => `'${name}'`).join(', '));
    throw new LanewiseError('INVALID_INPUT', `option externalData gives ${gives}, but ${model.name} names ${names || 'no files'}`);
  }
  let failed: { readonly cause: unknown } | undefined;
  const progress = new Map<string, Progress>();
  const read = async (location: string, tensor: string): Promise<Bytes> => {
    // All are read at once, and count as one with the model.
    progress.set(location, { loaded: 0, total: undefined });
    const tell = (one: Progress) => {
      progress.set(location, one);
      const [loaded, total] = (['loaded', 'total'] as const).map((key) => sum([...progress.values()].map((each) => each[key] ?? NaN)));
      if (failed) return;
      try {
        onProgress?.({ loaded: model.bytes.length + (loaded as number), total: model.bytes.length + (total as number) || undefined });
      } catch (cause) {
        failed = { cause };
        throw cause;
      }
    };
    try {
      return await readBeside(model.at, location, { ...(signal && { signal }), ...(onProgress && { onProgress: tell }) });
    } catch (cause) {
      // Its own error stays as it is.
      if (failed?.cause === cause) throw cause;
      failed ??= { cause };
      throw named(cause, model.name, tensor, location);
    }
  };
  const files = [...external].map(
    async ([location, tensor]): Promise<[string, Bytes]> => [location, known.get(location) ?? (await read(location, tensor))],
  );
  return new Map(await Promise.all(files));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/**
 * The error of a file, naming the tensor that needs it.
 * @internal
 */
export function named(cause: unknown, model: string, tensor: string, location: string): unknown {
  if (!(cause instanceof LanewiseError) || cause.code === 'ABORTED') return cause;
  return new LanewiseError(cause.code, `${model}: ${tensor} has its data in '${location}', but ${cause.message}`, { cause });
}

/**
 * The bytes of a file beside the model.
 * @param at where the model came from
 * @param location the file's path relative to the model's folder, with '/' and without '..'
 * @throws LanewiseError FILE_NOT_FOUND, ABORTED, or INVALID_MODEL if a link leads out of the folder
 */
async function readBeside(at: string | URL | undefined, location: string, options: ReadOptions): Promise<Bytes> {
  const path = at === undefined ? undefined : localPath(at);
  if (path !== undefined) return (await openSource((await nodeFiles()).pathBeside(path, location), options)).bytes;
  const url = at === undefined ? undefined : urlBeside(at, location);
  if (!url)
    throw new LanewiseError('FILE_NOT_FOUND', 'only a model from a path or URL has files beside it: give them in the option externalData');
  return (await openSource(url, options)).bytes;
}

/** Undefined for sources without a folder, such as a data URL. */
function urlBeside(base: string | URL, location: string): URL | undefined {
  // In browsers a URL may be relative to the page's.
  const page = (globalThis as { document?: Document }).document?.baseURI ?? (globalThis as { location?: Location }).location?.href;
  try {
    // Encoded, because part of a location could otherwise be taken for another server, a query or '..'.
    return new URL(location.split('/').map(encodeURIComponent).join('/'), new URL(base, page));
  } catch {
    return undefined;
  }
}
