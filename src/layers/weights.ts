import { checkOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { inMemory, partOf } from '../formats/bytes.ts';
import { compareTensors, type Misfit, misfitError } from '../formats/fit.ts';
import { openFetching } from '../formats/onnx/open.ts';
import { readSafetensors } from '../formats/safetensors.ts';
import { isCheckpoint, isCounter } from '../formats/weights.ts';
import type { Constant } from '../graph/graph.ts';
import type { Tensor } from '../graph/tensor.ts';
import type { ReadOptions } from '../reading.ts';
import { openSource, readChecks, type Source } from '../source.ts';
import { flag } from './options.ts';
import { isTensor, type Parameter } from './parameter.ts';

/**
 * Weights by name: from a file (safetensors, a PyTorch checkpoint, or the initializers of an ONNX model), or tensors.
 */
export type WeightSource = Source | ReadonlyMap<string, Tensor | Constant> | Readonly<Record<string, Tensor>>;

/** The options of `loadWeights`. Tensors by name are there already: `onProgress` is not called for them. */
export interface LoadWeightsOptions extends ReadOptions {
  /** Whether missing and unexpected names are an error. Default true. A wrong shape always is. */
  readonly strict?: boolean;
}

/**
 * Sets parameters by name, all of them or none.
 * @param unused prefixes of names that are ignored: weights that only training needs
 * @param rename converts names in the file
 * @returns the names that did not fit, if `strict` is false
 * @throws LanewiseError INVALID_INPUT listing what is missing, unexpected or of another shape; the readers' errors
 */
export async function loadWeights(
  network: string,
  parameters: readonly Parameter[],
  source: WeightSource,
  options: LoadWeightsOptions,
  unused: readonly string[],
  rename: (name: string) => string,
): Promise<Misfit> {
  checkOptions('loadWeights', options, { strict: 1, ...readChecks } satisfies OptionNames<LoadWeightsOptions>);
  const strict = flag('strict', options.strict ?? true);
  const { name, tensors } = await tensorsOf(source, options);
  const read = [...tensors]
    .filter(([key]) => !isCounter(key) && !unused.some((prefix) => key.startsWith(prefix)))
    .map(([key, tensor]) => [rename(key), tensor] as const);
  const got = new Map(read);
  const wanted = new Map(parameters.map((parameter) => [parameter.name, { type: 'float32' as const, dims: parameter.dims }]));
  const misfit = compareTensors(wanted, got);
  const wrong = misfit.misshapen.length > 0 || (strict && misfit.missing.length + misfit.unexpected.length > 0);
  if (wrong) throw misfitError(`${name} ${name === UNNAMED ? 'do' : 'does'} not fit ${network}`, misfit, wanted, got);
  for (const parameter of parameters) {
    const tensor = got.get(parameter.name);
    if (tensor) parameter.set(tensor);
  }
  return misfit;
}

const UNNAMED = 'the weights';

async function tensorsOf(
  source: WeightSource,
  options: ReadOptions,
): Promise<{ name: string; tensors: ReadonlyMap<string, Tensor | Constant> }> {
  if (source instanceof Map || isRecord(source)) {
    const tensors: ReadonlyMap<string, Tensor | Constant> = source instanceof Map ? source : new Map(Object.entries(source));
    for (const [name, tensor] of tensors) {
      if (typeof name === 'string' && isTensor(tensor)) continue;
      throw new LanewiseError('INVALID_INPUT', `the weights' ${shown(name)} is a Tensor, got ${shown(tensor)}`);
    }
    return { name: UNNAMED, tensors };
  }
  const opened = await openSource(source as Source, options);
  const { bytes } = opened;
  const name = opened.name.replace(/^the (model|response)$/, UNNAMED);
  const start = inMemory(partOf(bytes, 0, 9));
  // A safetensors file starts with a length of eight bytes and a JSON object.
  if (start[8] === 0x7b) return { name, tensors: readSafetensors(inMemory(bytes), name).tensors };
  // A PyTorch checkpoint is a zip archive or a pickle; if it is neither, its name says what it should be.
  if ((start[0] === 0x50 && start[1] === 0x4b) || start[0] === 0x80 || isCheckpoint(name))
    return { name, tensors: (await import('../formats/checkpoint/index.ts')).openCheckpoint(bytes, name).tensors };
  return { name, tensors: (await openFetching(bytes, name)).graph().constants };
}

/** A plain object, no instance of a class (URL, Response, ArrayBuffer) and no array. */
function isRecord(source: unknown): source is Readonly<Record<string, Tensor>> {
  if (typeof source !== 'object' || source === null) return false;
  const prototype = Object.getPrototypeOf(source);
  return prototype === Object.prototype || prototype === null;
}
