// Operators that reduce, select and find.

import type { DataType } from '../../src/graph/tensor.ts';
import { type Builder, numeric, type Value } from './build.ts';
import { flag, type Maker } from './operator.ts';

const ROUNDED = Number.POSITIVE_INFINITY;
const same = (x: Value): readonly [number, number] => [x.grid, x.magnitude];

/** Reductions by their revision that takes axes as an input. */
const reduce =
  (
    since: readonly number[],
    axesInput: number,
    options: { types: readonly DataType[]; exact?: boolean; magnitude?: number; bits?: (x: Value) => readonly [number, number] },
  ) =>
  (op: string): Maker => ({
    since,
    choices: { keepdims: flag, ...(axesInput <= 21 ? { [`noop_with_empty_axes@${axesInput}`]: flag } : {}) },
    given: ['axes'],
    make(b, choose) {
      const { types, exact = false, magnitude = 12, bits } = options;
      const x = b.value({ types, rank: [0, 5], exact, magnitude });
      const rank = x.dims?.length ?? 0;
      const listed = b.axes(rank);
      // Counted from the front only before opset 11.
      const axes = b.opset < 11 ? listed.map((axis) => (axis < 0 ? axis + rank : axis)) : listed;
      const keepdims = choose('keepdims', 60);
      const known = { bits: bits?.(x) ?? ([ROUNDED, Math.min(100, x.magnitude * 2 + 8)] as const) };
      if (b.opset < axesInput) b.node(op, [x], { keepdims, axes: axes.length > 0 ? b.draw.maybe(() => axes, 80) : undefined }, known);
      else
        b.node(
          op,
          [x, b.draw.maybe(() => b.ints(axes), 80)],
          { keepdims, noop_with_empty_axes: choose('noop_with_empty_axes', 40) },
          known,
        );
    },
  });

const numeric18 = [1, 11, 13, 18];
const arg = (op: string): Maker => ({
  since: [1, 11, 12, 13],
  choices: { keepdims: flag, 'select_last_index@12': flag },
  given: ['axis'],
  make(b, choose) {
    const x = b.value({
      types: ['float32', 'float32', 'int32', 'float64', 'int8', 'uint8'],
      rank: [1, 4],
      exact: true,
      fits: (dims) => !dims.includes(0),
    });
    const axis = b.draw.maybe(() => (b.opset < 11 ? b.draw.int(0, (x.dims?.length ?? 1) - 1) : b.axis(x.dims?.length ?? 1)), 75);
    b.node(op, [x], { axis, keepdims: choose('keepdims', 60), select_last_index: choose('select_last_index', 50) }, { bits: [0, 5] });
  },
});

const all: Readonly<Record<string, (op: string) => Maker>> = {
  ReduceSum: reduce([1, 11, 13], 13, { types: numeric }),
  ReduceMean: reduce(numeric18, 18, { types: ['float32', 'float32', 'float32', 'float64', 'int32'] }),
  ReduceMax: reduce([1, 11, 12, 13, 18, 20], 18, { types: ['float32', 'float32', 'float32', 'int32', 'int64', 'float64'], bits: same }),
  ReduceMin: reduce([1, 11, 12, 13, 18, 20], 18, { types: ['float32', 'float32', 'float32', 'int32', 'int64', 'float64'], bits: same }),
  ReduceProd: reduce(numeric18, 18, { types: ['float32', 'float32', 'float32', 'int32', 'int64'], magnitude: 3 }),
  ReduceL1: reduce(numeric18, 18, { types: ['float32', 'float32', 'int32'] }),
  ReduceL2: reduce(numeric18, 18, { types: ['float32'] }),
  ReduceSumSquare: reduce(numeric18, 18, { types: ['float32', 'float32', 'float32', 'float64', 'int32'], magnitude: 9 }),
  ReduceLogSum: reduce(numeric18, 18, { types: ['float32'], exact: true }),
  ReduceLogSumExp: reduce(numeric18, 18, { types: ['float32', 'float32', 'float32', 'float64'], magnitude: 6 }),
  ArgMax: arg,
  ArgMin: arg,
  TopK: (op) => ({
    since: [1, 10, 11],
    choices: { 'largest@11': flag, 'sorted@11': [1] },
    given: ['axis'],
    make(b, choose) {
      const x = b.value({
        types: b.opset >= 11 ? ['float32', 'float32', 'int64', 'int32', 'float64'] : ['float32'],
        rank: [1, 4],
        exact: true,
      });
      const rank = x.dims?.length ?? 1;
      const axis = b.draw.maybe(() => (b.opset < 11 ? b.draw.int(0, rank - 1) : b.axis(rank)), 70);
      const k = b.draw.int(b.opset < 10 ? 1 : 0, Math.max(1, x.dims?.at(axis ?? -1) ?? 1));
      const attributes = { axis, largest: choose('largest', 60), sorted: choose('sorted', 30) };
      const known = { bits: same(x), outputs: b.draw.chance(70) ? 2 : 1 };
      if (b.opset < 10) b.node(op, [x], { axis, k }, { ...known, outputs: 2 });
      else b.node(op, [x, b.ints([Math.min(k, x.dims?.at(axis ?? -1) ?? 1)])], attributes, { ...known, outputs: 2 });
    },
  }),
  CumSum: (op) => ({
    since: [11, 14],
    choices: { exclusive: flag, reverse: flag },
    make(b, choose) {
      const x = b.value({ types: numeric, rank: [1, 4], magnitude: 12 });
      const axis = b.axis(x.dims?.length ?? 1);
      b.node(
        op,
        [x, b.ints([axis], b.draw.of(['int64', 'int32']), [])],
        { exclusive: choose('exclusive', 60), reverse: choose('reverse', 60) },
        { bits: [x.grid, x.magnitude + 5] },
      );
    },
  }),
  NonZero: (op) => ({
    since: [9, 13],
    make(b) {
      const x = b.value({ types: ['float32', 'bool', 'int64', 'int32', 'uint8'], rank: [1, 4], exact: true, style: 'flag' });
      const found = b.node(op, [x], {}, { bits: [0, 5] });
      after(b, found);
    },
  }),
  NonMaxSuppression: (op) => ({
    since: [10, 11],
    choices: { center_point_box: flag },
    make(b, choose) {
      const { draw } = b;
      const [batch, classes, count] = [draw.int(1, 2), draw.int(1, 3), draw.int(1, 12)];
      const boxes = b.tensor('float32', [batch, count, 4], 'unit');
      const scores = b.tensor('float32', [batch, classes, count], 'random');
      const limits = [
        b.scalar('int64', draw.int(0, 4)),
        b.scalar('float32', draw.of([0.5, 0.3, 0.75])),
        b.scalar('float32', draw.of([0.1, 0, 0.5])),
      ];
      b.node(op, [boxes, scores, ...limits.slice(0, draw.int(0, 3))], { center_point_box: choose('center_point_box') }, { bits: [0, 5] });
    },
  }),
};

/** Behind a node whose size only a run tells. */
function after(b: Builder, found: Value): void {
  const kind = b.draw.int(0, 4);
  if (kind === 1) b.node('Transpose', [found], { perm: [1, 0] }, { bits: [0, 5] });
  if (kind === 2) b.node('Cast', [found], { to: 1 }, { bits: [0, 5] });
  if (kind === 3) b.node('Shape', [found], {}, { bits: [0, 5] });
  if (kind === 4) b.node('Add', [found, b.ints([1], 'int64', [])], {}, { bits: [0, 6] });
}

export const reductions: Readonly<Record<string, Maker>> = Object.fromEntries(Object.entries(all).map(([op, make]) => [op, make(op)]));
