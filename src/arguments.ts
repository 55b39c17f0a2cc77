// Checks of what callers give, who may not use types: options by name, bytes, and whatever is given in their place.

import { LanewiseError } from './errors.ts';

/** The error of what a caller gave. */
export const invalidInput = (problem: string): LanewiseError => new LanewiseError('INVALID_INPUT', problem);

/** What came instead, for an error's sentence: anything at all. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) {
    const first = Array.from(value.slice(0, MOST_SHOWN), (entry) => (Array.isArray(entry) ? 'a list' : shown(entry)));
    return `[${first.join(', ')}${value.length > MOST_SHOWN ? ', ...' : ''}]`;
  }
  if (typeof value !== 'object' || value === null) return String(value);
  return isOptions(value) ? 'an object' : kindOf(value);
}

const MOST_SHOWN = 8;

/**
 * 'Object', 'Uint8Array'. `instanceof` would miss values from another realm, and merely naming Response makes Node load its
 * whole HTTP client.
 */
export const kindOf = (value: unknown): string => Object.prototype.toString.call(value).slice(8, -1);

/** Whether an argument is an object of options, or of other things by name. */
export const isOptions = (value: unknown): value is object => kindOf(value) === 'Object';

/** The names of an interface's options; tsc checks that none is missing. */
export type OptionNames<O> = { readonly [K in keyof O]-?: unknown };

/** What each option takes, in words, and a check of its value. */
export type OptionChecks<O> = { readonly [K in keyof O]-?: readonly [expected: string, fits: (value: unknown) => boolean] };

/**
 * @param what names the owner of the options
 * @param known the options by name, with checks of their values if any
 * @throws LanewiseError INVALID_INPUT for unknown options, because a misspelt one must not be ignored, and for values of the
 *   wrong kind
 */
export function checkOptions<O extends object>(what: string, options: O, known: OptionNames<O> | OptionChecks<O>): void {
  if (!isOptions(options)) throw invalidInput(`the options of ${what} are an object, got ${shown(options)}`);
  for (const name of Object.keys({ ...known, ...options })) {
    const value: unknown = options[name as keyof O];
    if (value === undefined) continue;
    if (!Object.hasOwn(known, name)) {
      const meant = nearest(name, known);
      throw invalidInput(
        `${what} has no option '${name}'${meant ? `: did you mean '${meant}'?` : `; it has ${Object.keys(known).join(', ') || 'none'}`}${
          name === 'executionProviders' ? "; everything runs in WebAssembly, on several cores by threads: 'auto'" : ''
        }`,
      );
    }
    const check = known[name as keyof O] as Partial<OptionChecks<O>[keyof O]>;
    if (typeof check[1] === 'function' && !check[1](value)) throw invalidInput(`option ${name} takes ${check[0]}, got ${shown(value)}`);
  }
}

/** As `checkOptions`, for objects that may have other properties: only names similar to a known one are taken for a mistake. */
export function checkSpelling(what: string, options: object, known: object): void {
  const name = Object.keys(options).find((key) => !Object.hasOwn(known, key) && nearest(key, known));
  if (name !== undefined) checkOptions(what, { [name]: 0 }, known as { [name: string]: unknown });
}

/** The known name that a similar one means; undefined if none is similar. */
const nearest = (name: string, known: object): string | undefined =>
  [1, 2, 3].map((edits) => Object.keys(known).find((own) => 3 * edits <= name.length && isNear(name, own, edits))).find(Boolean);

/** Whether that many insertions, deletions and replacements of letters turn one into the other. */
const isNear = (a: string, b: string, edits: number): boolean =>
  a && b && edits >= 0
    ? a[0]?.toLowerCase() === b[0]?.toLowerCase()
      ? isNear(a.slice(1), b.slice(1), edits)
      : isNear(a.slice(1), b, edits - 1) || isNear(a, b.slice(1), edits - 1) || isNear(a.slice(1), b.slice(1), edits - 1)
    : (a + b).length <= edits;

/** A check of options. */
export const flagCheck = ['true or false', (value: unknown) => typeof value === 'boolean'] as const;
/** Signals of Vercel's Edge Runtime have the kind of what they extend. */
export const signalCheck = [
  'an AbortSignal',
  (value: unknown) => /^(AbortSignal|EventTarget)$/.test(kindOf(value)) && 'aborted' in (value as object),
] as const;

/**
 * The bytes of a buffer, or those that a view shows.
 * @param least how many there must be
 * @throws LanewiseError INVALID_INPUT if the buffer was transferred, or has shrunk
 */
export function bytesOf(source: ArrayBuffer | ArrayBufferView, what: string, least = 0): Uint8Array {
  let cause: unknown;
  try {
    const bytes = ArrayBuffer.isView(source) ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength) : new Uint8Array(source);
    if (bytes.length >= least) return bytes;
  } catch (error) {
    cause = error;
  }
  throw new LanewiseError('INVALID_INPUT', `${what} is in a buffer that was transferred`, { cause });
}

/** @throws LanewiseError INVALID_INPUT if it is no text */
export function checkText(what: string, value: unknown): void {
  if (typeof value !== 'string') throw invalidInput(`${what} is a text, got ${shown(value)}`);
}
