// Plans of operators that change states in place.

import { planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Value } from '../../src/graph/value.ts';
import { addInstructions } from '../../src/training/instructions.ts';
import { Tape } from '../../src/training/tape.ts';
import { float32 } from '../kernels/graph.ts';
import { runPlan } from '../kernels/run.ts';
import { type NdArray, sizeOf } from '../reference/index.ts';

addInstructions();

/** A state that holds these numbers at first. */
export const state = (name: string, value: NdArray): Value => ({
  name,
  type: 'float32',
  dims: value.dims,
  state: float32(name, value),
});

/** What a plan writes with `input`, by which tensors are fed, on one thread and, with the same bits, on three. */
export function runTape(write: (tape: Tape, input: (value: NdArray) => Value) => readonly Value[]): NdArray[] {
  const tape = new Tape(new Set());
  const feeds: Record<string, NdArray> = {};
  const inputs: Value[] = [];
  const outputs = write(tape, (given) => {
    const value: Value = { name: `input${inputs.length}`, type: 'float32', dims: given.dims };
    inputs.push(value);
    feeds[value.name] = given;
    return value;
  });
  const names = outputs.map((_, i) => `output${i}`);
  const dims = new Map(inputs.map((value) => [value.name, value.dims]));
  const plan = planOf({ network: new Network(inputs, outputs, tape.nodes), names }, { dims, verify });
  return runPlan(plan, feeds);
}

/** The largest difference as a share of the largest number. */
export function difference(actual: readonly NdArray[], expected: readonly NdArray[]): number {
  expect(actual.map(({ dims }) => dims)).toEqual(expected.map(({ dims }) => dims));
  return Math.max(
    ...expected.map(({ dims, data }, i) => {
      const largest = Math.max(1e-30, ...Array.from(data, Math.abs));
      const errors = Array.from({ length: sizeOf(dims) }, (_, j) => Math.abs((actual[i] as NdArray).data[j]! - data[j]!));
      // NaN shall not pass for small.
      return errors.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...errors) / largest;
    }),
  );
}
