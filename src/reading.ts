// How files are read: what source.ts and its chunk stream.ts share.

import type { AbortSignalLike } from './platform.ts';

/** How far reading a file has come. */
export interface Progress {
  /** Bytes that are here. */
  readonly loaded: number;
  /** Bytes of the whole; undefined until the end if nobody says: a stream, or a response that is compressed on its way. */
  readonly total: number | undefined;
}

/** How a file is read. */
export interface ReadOptions {
  /**
   * Is told how far reading has come: at the start, after every chunk, and at the end with `loaded === total`; once, at the
   * end, for bytes and for files in Node, which are there already (a large file's weights are then read as they are needed).
   * Files of external data count, too. It is not called after `signal` has fired. If it throws, reading ends with that error.
   * @example
   * await load('model.onnx', { onProgress: ({ loaded, total }) => (bar.value = total ? loaded / total : 0) });
   */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends loading; then the error is ABORTED. */
  readonly signal?: AbortSignalLike;
}

/**
 * Does a step of reading.
 * @throws LanewiseError FILE_NOT_FOUND in place of errors that are none of Lanewise's; ABORTED
 * @internal
 */
export type Reading = <T>(step: () => T | PromiseLike<T>) => Promise<T>;
