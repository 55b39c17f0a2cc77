import { LanewiseError } from '../errors.ts';
import type { Attribute, Constant, GraphNode } from '../graph/graph.ts';

/** Reads a node's attributes by kind, with defaults; `finish` throws for those that were not read. */
export class AttributeReader {
  readonly #node: GraphNode;
  readonly #unread: Set<string>;

  constructor(node: GraphNode) {
    this.#node = node;
    this.#unread = new Set(node.attributes.keys());
  }

  /** How many outputs the node lists. */
  get outputs(): number {
    return this.#node.outputs.filter(Boolean).length;
  }

  int(name: string, fallback: number): number {
    return this.#read(name, 'a whole number', isInt) ?? fallback;
  }

  /** For a position that will be clamped to a range: int64's largest stands for the end, and is rounded. */
  position(name: string, fallback: number): number {
    return Number(this.#read(name, 'a whole number', isWhole) ?? fallback);
  }

  /** As `position`; undefined if it is missing. */
  positions(name: string): readonly number[] | undefined {
    return this.#read(name, 'a list of whole numbers', (value): value is readonly number[] | readonly bigint[] =>
      isList(value, isWhole),
    )?.map(Number);
  }

  /** A count: 1 or more. */
  positive(name: string, fallback: number): number {
    const value = this.int(name, fallback);
    if (value < 1) throw this.invalid(name, `is ${value}, expected 1 or more`);
    return value;
  }

  /** An int attribute that is 0 or 1. */
  flag(name: string, fallback = false): boolean {
    const value = this.int(name, fallback ? 1 : 0);
    if (value !== 0 && value !== 1) throw this.invalid(name, `is ${value}, expected 0 or 1`);
    return value === 1;
  }

  /** @param finite false if infinities and NaN are valid as well */
  float(name: string, fallback: number, finite = true): number {
    const fits = (value: Attribute): value is number => typeof value === 'number' && (Number.isFinite(value) || !finite);
    return this.#read(name, finite ? 'a finite number' : 'a number', fits) ?? fallback;
  }

  string(name: string, fallback: string): string {
    return this.#read(name, 'a string', (value): value is string => typeof value === 'string') ?? fallback;
  }

  /** One of the strings in a list. Default: the first. */
  choice<const T extends string>(name: string, ...known: readonly [T, ...T[]]): T {
    const value = this.string(name, known[0]) as T;
    if (!known.includes(value)) throw this.invalid(name, `is '${value}', expected ${known.join(' or ')}`);
    return value;
  }

  /** The value for one of the strings. Default: that of the first. */
  choiceOf<V>(name: string, known: Readonly<Record<string, V>>): V {
    return known[this.choice(name, ...(Object.keys(known) as [string, ...string[]]))] as V;
  }

  /** The attribute; undefined if it is missing. */
  ints(name: string): readonly number[] | undefined {
    return this.#read(name, 'a list of whole numbers', (value): value is readonly number[] => isList(value, isInt));
  }

  /** The attribute as stated in the file. */
  any(name: string): Attribute | undefined {
    return this.#read(name, 'a value', (value): value is Attribute => value !== undefined);
  }

  invalid(name: string, problem: string): LanewiseError {
    return new LanewiseError('INVALID_MODEL', `${nodeTitle(this.#node)}: attribute '${name}' ${problem}`);
  }

  unsupported(problem: string): LanewiseError {
    return new LanewiseError('UNSUPPORTED', `${nodeTitle(this.#node)}: ${problem}`);
  }

  /** @throws LanewiseError UNSUPPORTED if an attribute was not read, because ignoring it could give wrong results */
  finish(): void {
    for (const name of this.#unread) throw this.unsupported(`attribute '${name}' is not known at this opset`);
  }

  #read<T extends Attribute>(name: string, expected: string, fits: (value: Attribute) => value is T): T | undefined {
    this.#unread.delete(name);
    const value = this.#node.attributes.get(name);
    if (value === undefined) return undefined;
    if (!fits(value)) throw this.invalid(name, `is not ${expected}`);
    return value;
  }
}

const isInt = (value: unknown): value is number => Number.isSafeInteger(value);

const isWhole = (value: unknown): value is number | bigint => isInt(value) || typeof value === 'bigint';

const isList = (value: unknown, fits: (item: unknown) => boolean): boolean => Array.isArray(value) && value.every(fits);

export const isConstant = (value: Attribute): value is Constant => typeof (value as Constant | null)?.read === 'function';

/** `Conv 'layer1/conv'`, for errors. */
export const nodeTitle = (node: { readonly op: string | { readonly name: string }; readonly name: string }): string =>
  `${typeof node.op === 'string' ? node.op : node.op.name} '${node.name}'`;
