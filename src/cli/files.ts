import { readFileSync } from 'node:fs';
import { isCompiled } from '../compiled/format.ts';
import { createCompiled, readCompiled, shapesOf } from '../compiled/read.ts';
import { LanewiseError } from '../errors.ts';
import { named } from '../external.ts';
import { fileError, openFile, pathBeside } from '../file.ts';
import type { Bytes } from '../formats/bytes.ts';
import { naming } from '../formats/identify.ts';
import { openWhole } from '../formats/onnx/index.ts';
import { checkDims } from '../graph/dims.ts';
import type { Graph } from '../graph/graph.ts';
import { createModel, initialDims, type LoadOptions } from '../load.ts';
import type { Binary, Model, ModelInput } from '../runtime/model.ts';

/**
 * A file's bytes. Synchronous, because a command has nothing else to do meanwhile and Node starts sooner without its
 * asynchronous file system.
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
 * The graph of an ONNX file, with its external data.
 * @throws LanewiseError as `readOnnx`; INVALID_MODEL for links out of the model's folder; UNSUPPORTED for a compiled model
 */
export function readModel(path: string): Graph {
  const bytes = openFile(path, path);
  if (isCompiled(bytes))
    throw new LanewiseError('UNSUPPORTED', `${path} is compiled: this command needs the ONNX file that it was made of`);
  return graphOf(bytes, path);
}

/** A model, ready to run. */
export interface ModelFile {
  readonly inputs: readonly ModelInput[];
  /** The shape of every input; undefined if a dimension is open. */
  dims(options: Pick<LoadOptions, 'inputShapes'>): ReadonlyMap<string, readonly number[]> | undefined;
  create(options: LoadOptions, compiling: Promise<Binary>): Promise<Model>;
}

/**
 * Opens an ONNX file or a compiled model.
 * @throws LanewiseError as `readModel` and `readCompiled`; INVALID_INPUT for options that a compiled model cannot follow
 */
export function openModel(path: string): ModelFile {
  const bytes = openFile(path, path);
  if (!isCompiled(bytes)) {
    const graph = graphOf(bytes, path);
    const dims: ModelFile['dims'] = (options) => initialDims(graph, options);
    return {
      inputs: graph.inputs.map(({ name, type, face, dims }) => ({ name, type: face ?? type, dims })),
      dims,
      create: (options, compiling) => createModel(graph, options, compiling),
    };
  }
  const plans = readCompiled(bytes, path);
  const { inputs } = plans;
  return {
    inputs,
    dims: ({ inputShapes = {} }) => {
      for (const [name, shape] of Object.entries(inputShapes)) {
        checkDims(name, inputs.find((input) => input.name === name)?.dims ?? [], shape);
      }
      return shapesOf(plans);
    },
    create: (options, compiling) => {
      if (options.winograd === false) throw new LanewiseError('INVALID_INPUT', `--no-winograd: ${path} is compiled already`);
      return createCompiled(plans, options, compiling);
    },
  };
}

function graphOf(bytes: Bytes, path: string): Graph {
  const opened = naming(bytes, () => openWhole(bytes, path));
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
