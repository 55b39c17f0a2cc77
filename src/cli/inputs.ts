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
const listed = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

/**
 * Which input each word is for: NAME=FILE by its name, FILE for the one input that is left. A file's name may have a `=`: a
 * name before it is one only if the model has such an input.
 * @param exists whether a word is a file or a URL as it is
 * @throws UsageError
 */
export function assign(words: readonly string[], inputs: readonly ModelInput[], exists: (word: string) => boolean): Assigned {
  const always = new Map<string, Given>();
  const bare: string[] = [];
  for (const word of words) {
    const input = inputs.filter(({ name }) => word.startsWith(`${name}=`)).sort((a, b) => b.name.length - a.name.length)[0];
    if (input) {
      if (always.has(input.name)) throw new UsageError(`input '${input.name}' is given twice`);
      always.set(input.name, { input, place: word.slice(input.name.length + 1) });
    } else if (/^[^/\\]+=/.test(word) && !exists(word)) {
      throw new UsageError(
        `the model has no input '${word.slice(0, word.indexOf('='))}': it has ${listed(inputs.map(({ name }) => name))}`,
      );
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
