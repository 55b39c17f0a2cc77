// `lanewise/runtime`: compiled models run without the compiler and the readers of other files.

import { checkOptions } from '../arguments.ts';
import type { Model } from '../runtime/model.ts';
import { type RuntimeOptions, runtimeChecks, startCompiling } from '../runtime/options.ts';
import type { PlanSource } from '../runtime/ports.ts';
import { openSource, type Source } from '../source.ts';
import { createCompiled, readCompiled } from './read.ts';

export { type ErrorCode, LanewiseError } from '../errors.ts';
export { toFloat32 } from '../graph/face.ts';
export type { Dim } from '../graph/graph.ts';
export type { Float16Data } from '../graph/halves.ts';
export { type DataType, Tensor, type TensorType, type TypedArray } from '../graph/tensor.ts';
export type { Progress } from '../reading.ts';
export type { MemoryUse } from '../runtime/memory.ts';
export type { Feed, Feeds, Model, ModelInput, ModelOutput, Outputs, ProfileRow } from '../runtime/model.ts';
export type { RuntimeOptions } from '../runtime/options.ts';
export type { RunOptions, RunSyncOptions } from '../runtime/outputs.ts';
export type { Variant } from '../runtime/wasm.ts';
export type { Source } from '../source.ts';

/**
 * Loads a compiled model, as `lanewise compile MODEL OUT` writes it. A compiled model is a program: its checksums find
 * damage, but not changes made on purpose, so load only files that you made yourself.
 * @param source a compiled model: path (in Node), URL, Response, Blob, File, ReadableStream, ArrayBuffer or typed array, or a
 *   promise of one
 * @param options threads, the binary, a signal, who is told of progress
 * @throws LanewiseError FILE_NOT_FOUND, INVALID_FILE (another kind of file, or damaged), TRUNCATED_FILE, UNSUPPORTED (made
 *   for another version of programs), INVALID_INPUT (the options), TOO_LARGE, NO_SIMD, WASM_BLOCKED, ABORTED
 * @example
 * import { load, Tensor } from 'lanewise/runtime';
 *
 * const model = await load('model.lanewise');
 * const pictures = new Tensor('float32', new Float32Array(3 * 32 * 32), [1, 3, 32, 32]);
 * const { output } = await model.run({ input: pictures });
 */
export async function load<N extends string = string>(source: Source, options: RuntimeOptions = {}): Promise<Model<N>> {
  checkOptions('load', options, runtimeChecks);
  // The binary compiles while the file is read.
  const compiling = startCompiling(options);
  const { bytes, name } = await openSource(source, options);
  let plans: PlanSource;
  try {
    plans = await readCompiled(bytes, name);
  } catch (error) {
    throw await import('../formats/unrecognised.ts').then(
      ({ identified }) => identified(error, bytes),
      () => error,
    );
  }
  return createCompiled(plans, options, compiling);
}
