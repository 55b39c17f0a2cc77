import { LanewiseError } from './errors.ts';
import type { Bytes } from './formats/bytes.ts';
import { insideFolder } from './formats/onnx/external.ts';
import type { OpenedOnnx } from './formats/onnx/index.ts';
import { readBeside, type Source, sourceName } from './source.ts';

/** Files by the path by which a model names them. */
export type ExternalData = Readonly<Record<string, Uint8Array | ArrayBuffer>>;

/** Not `instanceof`: a buffer may come from another frame. */
const isBuffer = (file: unknown): file is ArrayBuffer => Object.prototype.toString.call(file) === '[object ArrayBuffer]';

const bytesOf = (file: ArrayBuffer | ArrayBufferView): Uint8Array =>
  isBuffer(file) ? new Uint8Array(file) : new Uint8Array(file.buffer, file.byteOffset, file.byteLength);

/** Whether an option is that. */
export const isExternalData = (value: unknown): value is ExternalData =>
  typeof value === 'object' && value !== null && Object.values(value).every((file) => isBuffer(file) || ArrayBuffer.isView(file));

/**
 * The files in which a model keeps data: those that are given, the others from beside the model.
 * @throws LanewiseError FILE_NOT_FOUND, INVALID_MODEL, ABORTED
 */
export async function readExternal(
  { external }: OpenedOnnx,
  source: Source,
  given: ExternalData = {},
  signal?: AbortSignal,
): Promise<Map<string, Bytes>> {
  const known = new Map(Object.entries(given).map(([name, file]) => [insideFolder(name), bytesOf(file)] as const));
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

/** The error of a file, with the tensor that needs it. */
export function named(cause: unknown, model: string, tensor: string, location: string): unknown {
  if (!(cause instanceof LanewiseError) || cause.code === 'ABORTED') return cause;
  return new LanewiseError(cause.code, `${model}: ${tensor} has its data in '${location}', but ${cause.message}`, { cause });
}
