import { readFileSync } from 'node:fs';
import { isCompiled } from '../compiled/format.ts';
import { createCompiled, readCompiled, shapesOf } from '../compiled/read.ts';
import { LanewiseError } from '../errors.ts';
import { readExternal } from '../external.ts';
import { fileError, openFile } from '../file.ts';
import { type Bytes, inMemory } from '../formats/bytes.ts';
import { naming } from '../formats/identify.ts';
import { openWhole } from '../formats/onnx/index.ts';
import { checkDims } from '../graph/dims.ts';
import type { Graph } from '../graph/graph.ts';
import { createModel, initialDims, type LoadOptions } from '../load.ts';
import type { Binary, Model, ModelInput } from '../runtime/model.ts';
import { pathOf } from './places.ts';

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
 * The graph of an ONNX file, a path or a URL, with its external data.
 * @throws LanewiseError as `readOnnx`; INVALID_MODEL for links out of the model's folder; UNSUPPORTED for a compiled model
 */
export async function readModel(place: string): Promise<Graph> {
  return (await measureModel(place)).graph;
}

/** The same, and how many bytes the file and its external data have. */
export async function measureModel(place: string): Promise<{ readonly graph: Graph; readonly bytes: number }> {
  const bytes = await openPlace(place);
  if (!isCompiled(bytes)) return graphOf(bytes, pathOf(place) ?? place);
  throw new LanewiseError('UNSUPPORTED', `${place} is compiled: this command needs the ONNX file that it was made of`);
}

/**
 * The bytes of a path or a URL; those of a large file are read when they are needed.
 * @throws LanewiseError FILE_NOT_FOUND
 */
export async function openPlace(place: string): Promise<Bytes> {
  const path = pathOf(place);
  return path === undefined ? (await import('./download.ts')).download(place) : openFile(path, place);
}

/** All bytes of a path or a URL. @throws LanewiseError FILE_NOT_FOUND */
export const readPlace = async (place: string): Promise<Uint8Array> => inMemory(await openPlace(place));

/** A model, ready to run. */
export interface ModelFile {
  readonly inputs: readonly ModelInput[];
  /** The shape of every input; undefined if a dimension is open. */
  dims(options: Pick<LoadOptions, 'inputShapes'>): ReadonlyMap<string, readonly number[]> | undefined;
  create(options: LoadOptions, compiling: Promise<Binary>): Promise<Model>;
}

/**
 * Opens an ONNX file or a compiled model, a path or a URL.
 * @throws LanewiseError as `readModel` and `readCompiled`; INVALID_INPUT for options that a compiled model cannot follow
 */
export async function openModel(place: string): Promise<ModelFile> {
  const path = pathOf(place) ?? place;
  const bytes = await openPlace(place);
  if (!isCompiled(bytes)) {
    const { graph } = await graphOf(bytes, path);
    const dims: ModelFile['dims'] = (options) => initialDims(graph, options);
    return {
      inputs: graph.inputs.map(({ name, type, face, dims }) => ({ name, type: face ?? type, dims })),
      dims,
      create: (options, compiling) => createModel(graph, options, compiling),
    };
  }
  const plans = await readCompiled(bytes, path);
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

async function graphOf(bytes: Bytes, at: string) {
  const opened = naming(bytes, () => openWhole(bytes, at));
  const external = opened.external.size > 0 ? await readExternal(opened, { bytes, name: at, at }) : undefined;
  const sizes = [bytes, ...(external?.values() ?? [])].map(({ length }) => length);
  return { graph: opened.graph(external), bytes: sizes.reduce((a, b) => a + b) };
}
