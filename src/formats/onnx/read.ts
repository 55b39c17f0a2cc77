// The readers of ONNX files for callers who have the bytes. `load` calls the functions beneath, and asks what a file is only
// if it is not ONNX.

import type { Graph } from '../../graph/graph.ts';
import type { Tensor } from '../../graph/tensor.ts';
import { naming } from '../identify.ts';
import * as readers from './index.ts';

/**
 * An ONNX model (onnx.ai/onnx/repo-docs/IR.html) of any IR version, as its file states it: operators and attributes are not
 * judged here.
 *
 * Constants are views on `bytes` and on `externalFiles`, decoded by `read()`; keep both unchanged as long as they are used.
 * float16 and bfloat16 are float32 throughout; `face` tells which inputs and outputs the file has in float16. The metadata
 * has `producer_name` and `producer_version` besides the file's own entries. Functions are not read: nodes that call them
 * stay as they are, in their domain. Domain `ai.onnx` is given as ''.
 * @param bytes the file's
 * @param what names the file in errors
 * @param externalFiles the bytes of each file that `externalLocations` gives, for models that keep data in other files.
 *   Their checksums are not compared.
 * @throws LanewiseError INVALID_FILE for bytes that are not ONNX, saying what they are if that is recognised, or are
 *   damaged; TRUNCATED_FILE where they, or an external file, end early; FILE_NOT_FOUND for an external file that is not
 *   given; INVALID_MODEL for values that are not produced, or twice, or in a circle, for shapes that do not fit their data,
 *   missing names, types and opsets, and external files outside the model's folder; UNSUPPORTED for sparse initializers,
 *   inputs that are no tensors, and element types of strings, complex numbers and less than a byte; INVALID_INPUT for no
 *   bytes at all
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { readOnnx } from 'lanewise/onnx';
 *
 * const graph = readOnnx(await readFile('model.onnx'), 'model.onnx');
 * for (const { op, name, inputs } of graph.nodes) console.log(op, name, inputs);
 */
export const readOnnx = (bytes: Uint8Array, what = 'the model', externalFiles?: ReadonlyMap<string, Uint8Array>): Graph =>
  naming(bytes, () => readers.readOnnx(bytes, what, externalFiles));

/**
 * The other files in which an ONNX model keeps data, mostly none: paths with '/', relative to the model's folder and inside it.
 * @param bytes the file's
 * @param what names the file in errors
 * @throws LanewiseError as `readOnnx`
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { externalLocations, readOnnx } from 'lanewise/onnx';
 *
 * const bytes = await readFile('model.onnx');
 * const files = new Map<string, Uint8Array>();
 * for (const path of externalLocations(bytes)) files.set(path, await readFile(path));
 * const graph = readOnnx(bytes, 'model.onnx', files);
 */
export const externalLocations = (bytes: Uint8Array, what = 'the model'): string[] =>
  naming(bytes, () => readers.externalLocations(bytes, what));

/**
 * A file with one serialized TensorProto, as ONNX's backend tests keep inputs and outputs (`test_data_set_0/input_0.pb`).
 * float16 and bfloat16 come as float32. The tensor's data may share the memory of `bytes`.
 * @param bytes the file's
 * @param what names the file in errors
 * @throws LanewiseError INVALID_FILE or TRUNCATED_FILE for bytes that are no TensorProto, saying what they are if that is
 *   recognised, INVALID_MODEL where its shape does not fit its data, UNSUPPORTED for strings, complex numbers, floats of 8
 *   bits and less, and external data
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { readTensorProto } from 'lanewise/onnx';
 *
 * const { name, tensor } = readTensorProto(await readFile('test_data_set_0/input_0.pb'));
 */
export const readTensorProto = (bytes: Uint8Array, what = 'the file'): { name: string; tensor: Tensor } =>
  naming(bytes, () => readers.readTensorProto(bytes, what));
