import { invalidInput } from '../arguments.ts';
import type { Dim } from './graph.ts';
import { elementCount, formatDims } from './tensor.ts';

/**
 * The shape of an input, as a call or the options give it, checked against the graph's.
 * @throws LanewiseError INVALID_INPUT
 */
export function checkDims(name: string, expected: readonly Dim[], got: readonly number[]): void {
  elementCount(got, `input '${name}'`);
  const fits = expected.length === got.length && expected.every((dim, i) => typeof dim === 'string' || dim === got[i]);
  if (!fits) throw invalidInput(`input '${name}' takes ${formatDims(expected)}, got ${formatDims(got)}`);
}

export const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
