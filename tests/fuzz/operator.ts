// How nodes of an operator are made at random.

import type { AttributeSpec } from '../formats/onnx-writer.ts';
import type { Builder } from './build.ts';

export type Attributes = Record<string, AttributeSpec | undefined>;

export interface Maker {
  /** The opsets that revised the operator, from the one that opset 7 has on. */
  readonly since: readonly number[];
  /** Attributes of few values, each with the first opset that has it: 'mode' or 'antialias@18'. */
  readonly choices?: Readonly<Record<string, readonly (string | number)[]>>;
  /** Attributes of many values, likewise. */
  readonly given?: readonly string[];
  /** Adds one node of the operator, or several. @param choose one of an attribute's values, or nothing */
  make(b: Builder, choose: Choose): void;
}

/** @param percent how often there is one */
export type Choose = <T extends string | number = string | number>(attribute: string, percent?: number) => T | undefined;

/** A value that an attribute is to have, as a rule. */
export interface Target {
  readonly attribute: string;
  readonly value: string;
}

export const chooser =
  (b: Builder, { choices = {} }: Maker, target?: Target): Choose =>
  <T extends string | number>(attribute: string, percent = 65) => {
    const key = Object.keys(choices).find((key) => key.split('@')[0] === attribute) ?? '';
    const since = Number(key.split('@')[1] ?? 0);
    const values = choices[key];
    if (!values) throw new Error(`no choices of ${attribute}`);
    if (b.opset < since) return undefined;
    const wanted = target?.attribute === attribute ? values.find((value) => String(value) === target.value) : undefined;
    if (wanted !== undefined && b.draw.chance(85)) return wanted as T;
    return b.draw.chance(percent) ? (b.draw.of(values) as T) : undefined;
  };

/** What must occur of an operator: itself, its revisions, and attributes with their values. */
export function keysOf(op: string, { since, choices = {}, given = [] }: Maker): string[] {
  return [
    op,
    ...since.map((opset) => `${op}@${opset}`),
    ...Object.entries(choices).flatMap(([key, values]) => values.map((value) => `${op}.${key.split('@')[0]}=${value}`)),
    ...given.map((key) => `${op}.${key.split('@')[0]}`),
  ];
}

export const flag = [0, 1] as const;

/** A float attribute, now and then. */
export const float = (b: Builder, values: readonly number[], percent = 50): AttributeSpec | undefined =>
  b.draw.maybe(() => ({ float: b.draw.of(values) }), percent);
