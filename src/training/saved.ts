// What a trainer goes on from: a safetensors file of its states, with the position in the metadata.

import { invalidInput } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { inMemory } from '../formats/bytes.ts';
import { compareTensors, misfitError } from '../formats/fit.ts';
import { readSafetensors, writeSafetensors } from '../formats/safetensors.ts';
import type { Value } from '../graph/value.ts';
import { openSource, type Source } from '../source.ts';

/** How far a trainer is. */
export interface Position {
  /** Epochs that are done. */
  epoch: number;
  /** Batches of the next one that are done. */
  batch: number;
  /** Updates so far. */
  step: number;
  /** Examples whose gradients are gathered for the next update, and the batches that they came in. */
  gathered: number;
  batches: number;
}

const KEY = 'lanewise.trainer';
const numbers = ['epoch', 'batch', 'step', 'gathered', 'batches'] as const;

type States = ReadonlyMap<string, { readonly dims: readonly number[]; readonly data: Float32Array }>;

/** @param updates of each weight; those that have missed none are not written */
export function saved(states: States, position: Position, updates: ReadonlyMap<string, number>): Uint8Array {
  const tensors = new Map([...states].map(([name, { dims, data }]) => [name, { type: 'float32' as const, dims, data }]));
  const behind = [...updates].filter(([, count]) => count !== position.step).sort(([a], [b]) => (a < b ? -1 : 1));
  return writeSafetensors(tensors, { metadata: new Map([[KEY, JSON.stringify({ ...position, updates: Object.fromEntries(behind) })]]) });
}

/**
 * @param wantedOf the states that the trainer has, if a file has tensors of these names
 * @throws LanewiseError INVALID_INPUT listing what is missing, unexpected or of another shape; the readers' errors
 */
export async function openSaved(
  source: Source,
  wantedOf: (names: ReadonlySet<string>) => readonly Value[],
): Promise<{ states: Map<string, Float32Array>; position: Position; updates: ReadonlyMap<string, number> }> {
  const { bytes, name } = await openSource(source);
  const { tensors, metadata } = readSafetensors(inMemory(bytes), name);
  const progress = progressOf(metadata.get(KEY));
  if (!progress) throw invalidInput(`${name} is no file that a trainer saved: it does not say how far it was`);
  const own = new Map(wantedOf(new Set(tensors.keys())).map((value) => [value.name, value]));
  const misfit = compareTensors(own, tensors);
  if (misfit.missing.length + misfit.unexpected.length + misfit.misshapen.length > 0) {
    throw misfitError(`${name} does not fit the network, what learns in it, the optimizer and the average`, misfit, own, tensors);
  }
  const states = new Map([...tensors].map(([key, tensor]) => [key, tensor.read()]));
  for (const [key, data] of states) {
    if (!(data instanceof Float32Array)) throw new LanewiseError('INVALID_FILE', `${name}: the tensor '${key}' is not float32`);
  }
  return { states: states as Map<string, Float32Array>, ...progress };
}

function progressOf(text: string | undefined): { position: Position; updates: ReadonlyMap<string, number> } | undefined {
  try {
    const given = JSON.parse(text ?? '') as Position & { readonly updates?: Readonly<Record<string, number>> };
    const updates = new Map(Object.entries(given.updates ?? {}));
    const counts = [...numbers.map((key) => given[key]), ...updates.values()];
    if (counts.every((count) => Number.isSafeInteger(count) && count >= 0) && [...updates.values()].every((count) => count <= given.step)) {
      return { position: Object.fromEntries(numbers.map((key) => [key, given[key]])) as unknown as Position, updates };
    }
  } catch {
    // It is no JSON.
  }
  return undefined;
}
