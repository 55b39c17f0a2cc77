import { firstAlike } from '../../ops/layouts.ts';
import { type AxisStep, type AxisTable, checkRows, emitAxes } from '../../ops/move/axis.ts';
import type { Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';

export interface AxisMapAttributes {
  readonly steps: readonly AxisStep[];
}

/** A linear map along one axis after the other, by tables: the gradient of another such map. */
export const axisMap: Operator<AxisMapAttributes> = {
  name: 'AxisMap',
  since: 1,
  inputs: [1, 1],
  inferShape(node) {
    const dims = [...input(node, 0).dims];
    for (const { axis, taps, indices } of node.attributes.steps) {
      checkRows(node, indices.length);
      dims[axis] = indices.length / taps;
    }
    return [{ type: 'float32', dims }];
  },
  layout: firstAlike,
  lower: (node, lowering) => emitAxes(lowering, output(node), input(node, 0), node.attributes.steps),
};

/**
 * The transposed map: what a row of the input went into, in the order of the output's rows.
 * @param length rows of the input
 * @param counts whether a row of the output comes from the input at all. Default: each does
 */
export function transposedTable({ taps, indices, weights }: AxisTable, length: number, counts = (_row: number) => true): AxisTable {
  const rows = indices.length / taps;
  const visit = (see: (from: number, to: number, weight: number) => void) => {
    for (let row = 0; row < rows; row++) {
      if (!counts(row)) continue;
      for (let t = 0; t < taps; t++) {
        const tap = row * taps + t;
        // A row ends where its first tap's index is repeated.
        if (t > 0 && indices[tap] === indices[row * taps]) break;
        see(indices[tap] as number, row, weights ? (weights[tap] as number) : 1);
      }
    }
  };
  const sizes = new Int32Array(length);
  visit((from) => {
    sizes[from] = (sizes[from] as number) + 1;
  });
  const most = sizes.reduce((a, b) => Math.max(a, b), 1);
  checkRows({ name: 'gradient' }, most * length);
  const made = { taps: most, indices: new Int32Array(most * length), weights: new Float32Array(most * length) };
  const next = sizes.fill(0);
  visit((from, to, weight) => {
    const t = next[from] as number;
    // Rows of fewer taps are filled up with their first index.
    if (t === 0) made.indices.fill(to, from * most, (from + 1) * most);
    made.indices[from * most + t] = to;
    made.weights[from * most + t] = weight;
    next[from] = t + 1;
  });
  return made;
}
