import { kindOf, shown } from '../../arguments.ts';
import { LanewiseError } from '../../errors.ts';
import type { Graph } from '../../graph/graph.ts';
import { type Bytes, checkedBytes } from '../bytes.ts';
import { type OpenedOnnx, openOnnx } from './open.ts';
import { newExtras } from './subgraphs.ts';

export { readTensorProto } from './tensor.ts';

/** As `openOnnx`, with all that a file may have. */
export const openWhole = (bytes: Bytes, what: string): OpenedOnnx => openOnnx(bytes, what, newExtras());

/**
 * An ONNX model (onnx.ai/onnx/repo-docs/IR.html) of any IR version, as its file states it: operators and attributes are not judged here.
 *
 * Constants are views on `bytes` and on `externalFiles`, decoded by `read()`; keep both unchanged as long as they are used. float16 and
 * bfloat16 are float32 throughout, integers of 4 and 2 bits are those of 8. The metadata has `producer_name` and `producer_version` besides the
 * file's own entries. Where a function of the model is called (onnx.ai/onnx/repo-docs/IR.html#functions), its nodes stand, with the path of the
 * call in the names of their values. Domain `ai.onnx` is given as ''.
 * @param what names the file in errors
 * @param externalFiles the bytes of each file that `externalLocations` gives, for models that keep data in other files. Their checksums
 * are not compared.
 * @throws LanewiseError INVALID_FILE for bytes that are not ONNX or are damaged; TRUNCATED_FILE where they, or an external file, end early;
 * FILE_NOT_FOUND for an external file that is not given; INVALID_MODEL for values that are not produced, or twice, or in a circle, for shapes
 * that do not fit their data, missing names, types and opsets, and external files outside the model's folder; UNSUPPORTED for sparse
 * initializers, inputs that are no tensors, functions and graphs too deep in each other, and strings, complex numbers and floats of 8 bits and
 * less; TOO_LARGE for functions that make too many nodes; INVALID_INPUT for no bytes at all
 */
export function readOnnx(bytes: Uint8Array, what = 'the model', externalFiles?: ReadonlyMap<string, Uint8Array>): Graph {
  const opened = openWhole(bytes, what);
  if (externalFiles === undefined) return opened.graph();
  if (kindOf(externalFiles) !== 'Map')
    throw new LanewiseError('INVALID_INPUT', `external files are a Map by path, got ${shown(externalFiles)}`);
  return opened.graph(new Map([...externalFiles].map(([path, file]) => [path, checkedBytes(file, path)])));
}

/**
 * The other files in which an ONNX model keeps data, mostly none: paths with '/', relative to the model's folder and inside it.
 * @param what names the file in errors
 * @throws LanewiseError as `readOnnx`
 */
export const externalLocations = (bytes: Uint8Array, what = 'the model'): string[] => [...openWhole(bytes, what).external.keys()];
