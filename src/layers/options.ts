// Checks of layers' options. Two numbers are [height, width], four are [top, left, bottom, right], as in ONNX.

import { shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import type { Value } from '../graph/value.ts';

/** One number for both, or [height, width]. */
export type Pair = number | readonly [height: number, width: number];

/**
 * Zeros around a picture: one number for all sides, [height, width] for two each, or [top, left, bottom, right]. 'same' pads
 * so that the output has as many pixels as the input (divided by the stride, rounded up), with an odd pixel at the bottom or
 * the right, as in TensorFlow; 'valid' pads nothing.
 */
export type Padding = Sides | 'same' | 'valid';

/** Pixels around a picture: one number for all sides, [height, width] for two each, or [top, left, bottom, right]. */
export type Sides = Pair | readonly [top: number, left: number, bottom: number, right: number];

/** @throws LanewiseError INVALID_INPUT for a name that is no text, or empty */
export function checkName(what: string, name: unknown): void {
  if (name === undefined || (typeof name === 'string' && name !== '')) return;
  throw new LanewiseError('INVALID_INPUT', `${what}: a name is a text, got ${shown(name)}`);
}

export function wholeNumber(option: string, value: number, least: number): number {
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new LanewiseError('INVALID_INPUT', `${option} takes a whole number from ${least} on, got ${shown(value)}`);
}

/** A number that float32, the type in files, can hold. */
export function finite(option: string, value: number): number {
  if (typeof value === 'number' && Number.isFinite(Math.fround(value))) return value;
  throw new LanewiseError('INVALID_INPUT', `${option} takes a finite number, got ${shown(value)}`);
}

export function flag(option: string, value: boolean): boolean {
  if (typeof value === 'boolean') return value;
  throw new LanewiseError('INVALID_INPUT', `${option} is true or false, got ${shown(value)}`);
}

/** One of a few strings. */
export function choice<T extends string>(option: string, value: T, choices: readonly T[]): T {
  if (choices.includes(value)) return value;
  const list = choices.map((text) => `'${text}'`).join(', ');
  throw new LanewiseError('INVALID_INPUT', `${option} is one of ${list}, got ${shown(value)}`);
}

/** [height, width]. */
export function pair(option: string, value: Pair, least: number): [number, number] {
  const list: readonly number[] = typeof value === 'number' ? [value, value] : value;
  if (Array.isArray(list) && list.length === 2 && list.every((x) => Number.isSafeInteger(x) && x >= least))
    return [...list] as [number, number];
  throw new LanewiseError('INVALID_INPUT', `${option} takes a whole number from ${least} on or [height, width], got ${shown(value)}`);
}

/** [top, left, bottom, right], the order of ONNX's `pads`. */
export function sides(option: string, value: Sides): [number, number, number, number] {
  const list: readonly number[] = typeof value === 'number' ? [value, value] : Array.isArray(value) ? value : [];
  const four = list.length === 2 ? [...list, ...list] : [...list];
  const fits = four.length === 4 && four.every((x) => Number.isSafeInteger(x) && x >= 0);
  if (fits) return four as [number, number, number, number];
  throw new LanewiseError(
    'INVALID_INPUT',
    `${option} takes a whole number from 0 on, [height, width] or [top, left, bottom, right], got ${shown(value)}`,
  );
}

export interface Window {
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly padding: Padding;
  readonly dilation: Pair;
}

type WindowAttributes = {
  readonly kernel_shape: readonly [number, number];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
} & ({ readonly pads: readonly number[] } | { readonly auto_pad: 'SAME_UPPER' });

/** The attributes of a sliding window. */
export function windowAttributes({ kernel, stride, padding, dilation }: Window): WindowAttributes {
  if (typeof padding === 'string' && padding !== 'same' && padding !== 'valid') {
    throw new LanewiseError('INVALID_INPUT', `padding is 'same', 'valid' or numbers, got ${shown(padding)}`);
  }
  return {
    kernel_shape: pair('kernel', kernel, 1),
    strides: pair('stride', stride, 1),
    dilations: pair('dilation', dilation, 1),
    ...(padding === 'same' ? { auto_pad: 'SAME_UPPER' } : { pads: sides('padding', padding === 'valid' ? 0 : padding) }),
  };
}

/** The channels of a picture. @throws LanewiseError INVALID_INPUT if it is no picture */
export function channelsOf({ dims }: Value): number {
  if (dims.length !== 4) {
    throw new LanewiseError('INVALID_INPUT', `it takes pictures [N, C, H, W], got ${dims.length} dimensions`);
  }
  return dims[1] as number;
}
