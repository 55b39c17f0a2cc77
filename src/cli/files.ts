import { readFileSync } from 'node:fs';
import { fileError } from '../source.ts';

/**
 * A file's bytes. A command has nothing else to do meanwhile, and Node starts sooner without its asynchronous file system.
 * @throws LanewiseError FILE_NOT_FOUND
 */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw fileError(path, cause);
  }
}
