import { readFileSync } from 'node:fs';
import { named } from '../external.ts';
import { fileError, openFile, pathBeside } from '../file.ts';
import type { Bytes } from '../formats/bytes.ts';
import { openOnnx } from '../formats/onnx/index.ts';
import type { Graph } from '../graph/graph.ts';

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

/**
 * The graph of an ONNX file, with the data that it keeps in files beside it.
 * @throws LanewiseError as `readOnnx`; INVALID_MODEL for links out of the model's folder
 */
export function readModel(path: string): Graph {
  const opened = openOnnx(openFile(path, path), path);
  const files = new Map<string, Bytes>();
  for (const [location, tensor] of opened.external) {
    try {
      const file = pathBeside(path, location);
      files.set(location, openFile(file, file));
    } catch (cause) {
      throw named(cause, path, tensor, location);
    }
  }
  return opened.graph(files);
}
