import { LanewiseError } from '../errors.ts';
import type { ModelInput } from '../runtime/model.ts';
import { UsageError } from './usage.ts';

/** A file for an input. */
export interface Given {
  readonly input: ModelInput;
  readonly place: string;
}

/** What is fed: files that every run gets, and those of which each run gets one. */
export interface Assigned {
  readonly always: readonly Given[];
  readonly each: readonly Given[];
}

/** `'a', 'b', 'c'`. */
export const listed = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

/**
 * The name and the file of a word NAME=FILE; undefined if it begins with none of these names. A file's name may have a `=`,
 * and so may the names: the longest that fits counts.
 */
export function splitName(word: string, names: readonly string[]): readonly [name: string, file: string] | undefined {
  const [name] = names.filter((name) => word.startsWith(`${name}=`)).sort((a, b) => b.length - a.length);
  return name === undefined ? undefined : [name, word.slice(name.length + 1)];
}

/** What stands as the name in a word that looks like NAME=FILE. */
export const nameIn = (word: string): string | undefined => /^([^/\\]+?)=/.exec(word)?.[1];

/**
 * Which input each word is for: NAME=FILE by its name, FILE for the one input that is left. A file's name may have a `=`: a
 * name before it is one only if the model has such an input.
 * @param exists whether a word is a file or a URL as it is
 * @throws UsageError
 */
export function assign(words: readonly string[], inputs: readonly ModelInput[], exists: (word: string) => boolean): Assigned {
  const names = inputs.map(({ name }) => name);
  const always = new Map<string, Given>();
  const bare: string[] = [];
  for (const word of words) {
    const [name, place] = splitName(word, names) ?? [];
    const input = inputs.find((input) => input.name === name);
    if (input && place !== undefined) {
      if (always.has(input.name)) throw new UsageError(`input '${input.name}' is given twice`);
      always.set(input.name, { input, place });
    } else if (nameIn(word) !== undefined && !exists(word)) {
      throw new UsageError(`the model has no input '${nameIn(word)}': it has ${listed(names)}`);
    } else bare.push(word);
  }
  if (bare.length === 0) return { always: [...always.values()], each: [] };
  const left = inputs.filter(({ name }) => !always.has(name));
  const [input] = left;
  if (!input) throw new UsageError(`'${bare[0]}' is for no input: all of them are given by name`);
  if (left.length > 1) {
    const example = left.map(({ name }, i) => `${name}=${bare[i] ?? 'FILE'}`).join(' ');
    throw new UsageError(`the model has ${inputs.length} inputs, so say which file is for which: ${example}`);
  }
  return { always: [...always.values()], each: bare.map((place) => ({ input, place })) };
}

/** @throws LanewiseError INVALID_INPUT for a list: files hold tensors */
export function checkTensor({ name, list }: ModelInput): void {
  if (list)
    throw new LanewiseError(
      'INVALID_INPUT',
      `input '${name}' takes ${list === 'sequence' ? 'a sequence' : 'an optional'}, which no file gives`,
    );
}
