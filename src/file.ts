// The file system, in Node.

import { LanewiseError } from './errors.ts';
import { type Bytes, FILE, type FileBytes } from './formats/bytes.ts';

/** Files smaller than this many bytes are read at once. */
const SMALL = 2 ** 20;

/** Files in an executable of Bun can be read as a whole, but not be opened. */
const inExecutable = /^(\/\$bunfs|\w:[\\/]~BUN)[\\/]/;

/** Node's lengths have 31 bits. */
const MOST_AT_ONCE = 2 ** 30;

/** The Node module of that name. Not an import, because bundlers for browsers would follow it. */
const fs = () => process.getBuiltinModule('node:fs');

/**
 * The bytes of a file, in Node. A large file is read when its bytes are needed, so that weights are not held twice.
 * @param name names the file in errors
 * @throws LanewiseError FILE_NOT_FOUND
 */
export function openFile(path: string | URL, name: string): Bytes {
  try {
    const stats = fs().statSync(path);
    if (stats.isDirectory())
      throw new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: it is a folder${folderHint(fs().readdirSync(path))}`);
    if (stats.isFile() && stats.size >= SMALL && !inExecutable.test(String(path))) return new LargeFile(path, name, identity(stats));
    return fs().readFileSync(path);
  } catch (cause) {
    throw cause instanceof LanewiseError ? cause : fileError(name, cause);
  }
}

/** Advice for a folder that is given as a model, by the names in it. */
function folderHint(names: readonly string[]): string {
  const model = names.find((name) => /\.onnx$/i.test(name));
  if (model) return `; it holds '${model}'`;
  if (names.includes('saved_model.pb'))
    return " with a TensorFlow SavedModel: convert it by 'python -m tf2onnx.convert --saved-model FOLDER --output model.onnx'";
  return names.includes('Manifest.json') && names.includes('Data') ? ' with a Core ML model, which has no way back to ONNX' : '';
}

interface Identity {
  readonly ino: number;
  readonly size: number;
  readonly mtimeMs: number;
}

const identity = ({ ino, size, mtimeMs }: Identity): Identity => ({ ino, size, mtimeMs });

/** The file stays open while it is being read, and is closed once the program does something else. */
class LargeFile implements FileBytes {
  readonly [FILE] = true;
  readonly #path: string | URL;
  readonly #name: string;
  readonly #identity: Identity;
  #descriptor: number | undefined;

  constructor(path: string | URL, name: string, identity: Identity) {
    this.#path = path;
    this.#name = name;
    this.#identity = identity;
  }

  get length(): number {
    return this.#identity.size;
  }

  read(target: Uint8Array, from: number): void {
    this.#descriptor ??= this.#open();
    for (let at = 0; at < target.length; ) {
      const count = this.#attempt(() =>
        fs().readSync(this.#descriptor as number, target, at, Math.min(target.length - at, MOST_AT_ONCE), from + at),
      );
      if (count === 0) throw this.#changed();
      at += count;
    }
  }

  #open(): number {
    const descriptor = this.#attempt(() => fs().openSync(this.#path, 'r'));
    const close = () => {
      this.#descriptor = undefined;
      fs().closeSync(descriptor);
    };
    setImmediate(close);
    const found = this.#attempt(() => fs().fstatSync(descriptor));
    const same = (Object.keys(this.#identity) as (keyof Identity)[]).every((key) => found[key] === this.#identity[key]);
    if (!same) throw this.#changed();
    return descriptor;
  }

  #attempt<T>(action: () => T): T {
    try {
      return action();
    } catch (cause) {
      throw fileError(this.#name, cause);
    }
  }

  #changed(): LanewiseError {
    return new LanewiseError('INVALID_FILE', `${this.#name} is being read, but has changed since it was opened`);
  }
}

/** The message of an error from Node's file system, as a sentence. */
export function fileError(name: string, cause: unknown): LanewiseError {
  const { code, message } = cause as { code?: string; message: string };
  const problem = { ENOENT: 'there is no such file', EISDIR: 'it is a folder', ENOTDIR: 'it is no folder' }[code ?? ''] ?? message;
  return new LanewiseError('FILE_NOT_FOUND', `${name} could not be read: ${problem}`, { cause });
}

/**
 * The path of a file beside a model, in Node, with links followed. A link may lead into the model's folder, or into the one
 * that the model itself is linked from, as in Hugging Face's cache; nowhere else, because a model must not read other files
 * of the machine.
 * @throws LanewiseError FILE_NOT_FOUND, or INVALID_MODEL if a link leads elsewhere
 */
export function pathBeside(model: string | URL, location: string): string {
  const { realpathSync } = fs();
  const { dirname, join, sep } = process.getBuiltinModule('node:path');
  const modelPath = model instanceof URL ? process.getBuiltinModule('node:url').fileURLToPath(model) : model;
  const path = join(dirname(modelPath), location);
  const real = (path: string): string => {
    try {
      return realpathSync(path);
    } catch (cause) {
      throw fileError(path, cause);
    }
  };
  const target = real(path);
  const folders = [real(dirname(modelPath)), dirname(real(modelPath))];
  if (folders.some((folder) => target.startsWith(folder.endsWith(sep) ? folder : folder + sep))) return target;
  throw new LanewiseError('INVALID_MODEL', `${path} is a link to ${target}, outside the model's folder`);
}

/** @throws LanewiseError FILE_NOT_FOUND if it cannot be written */
export async function writeFile(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await fs().promises.writeFile(path, bytes);
  } catch (cause) {
    throw new LanewiseError('FILE_NOT_FOUND', `${path} could not be written: ${(cause as Error).message}`, { cause });
  }
}
