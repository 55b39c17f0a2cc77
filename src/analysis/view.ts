// What the positions of an axis see along another, and how such views combine: one through another, and together.

import { at } from '../graph/at.ts';

/**
 * Position j sees from `first[j mod period] + floor(j / period) * advance` to the same of `last`, both counted. A
 * convolution has a period of 1 and its stride as the advance; a layer that enlarges pictures by n has a period of n.
 * Positions go on at both ends, as if the axis had no edges. Where `first` is past `last` (infinite ones), nothing is seen.
 */
export interface View {
  readonly period: number;
  readonly advance: number;
  readonly first: readonly number[];
  readonly last: readonly number[];
}

/** Views with longer periods are not followed. */
export const LONGEST_PERIOD = 1024;

/** A window of `extent` positions, the first of which starts at `offset`. */
export const windowView = (extent: number, stride = 1, offset = 0): View => ({
  period: 1,
  advance: stride,
  first: [offset],
  last: [offset + extent - 1],
});

/** Every position sees the one with the same number. */
export const sameView = windowView(1);

/** The view that a function of the positions describes, whose period is known. */
export function viewOf(period: number, advance: number, seen: (position: number) => readonly [number, number]): View {
  const pairs = Array.from({ length: period }, (_, position) => seen(position));
  return { period, advance, first: pairs.map(([first]) => first), last: pairs.map(([, last]) => last) };
}

/** The first and the last position that a position sees. */
export function seenFrom({ period, advance, first, last }: View, position: number): readonly [number, number] {
  const turns = Math.floor(position / period);
  const phase = position - turns * period;
  return [at(first, phase) + turns * advance, at(last, phase) + turns * advance];
}

const nothing = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] as const;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

/** What is seen by looking at what `near` sees through `far`. Undefined if the period becomes too long. */
export function through(near: View, far: View): View | undefined {
  const turns = far.period / gcd(far.period, near.advance);
  const period = turns * near.period;
  if (period > LONGEST_PERIOD) return undefined;
  return viewOf(period, ((turns * near.advance) / far.period) * far.advance, (position) => {
    const [from, to] = seenFrom(near, position);
    if (from > to) return nothing;
    let [first, last] = nothing as readonly [number, number];
    // One period of the far view from either end is enough.
    const most = Math.min(to - from, far.period - 1);
    for (let i = 0; i <= most; i++) {
      first = Math.min(first, seenFrom(far, from + i)[0]);
      last = Math.max(last, seenFrom(far, to - i)[1]);
    }
    return [first, last];
  });
}

/** What two views see together, from the first of either to the last of either. Undefined if their strides differ. */
export function together(a: View, b: View): View | undefined {
  const period = (a.period / gcd(a.period, b.period)) * b.period;
  if (period > LONGEST_PERIOD || a.advance * (period / a.period) !== b.advance * (period / b.period)) return undefined;
  return viewOf(period, a.advance * (period / a.period), (position) => {
    const [one, other] = [seenFrom(a, position), seenFrom(b, position)];
    return [Math.min(one[0], other[0]), Math.max(one[1], other[1])];
  });
}

/** The first and the last position that any of `count` positions sees; first > last if none sees anything. */
export function seenByAll(view: View, count: number): readonly [number, number] {
  let [first, last] = nothing as readonly [number, number];
  const turn = Math.min(view.period, count);
  for (let i = 0; i < turn; i++) {
    first = Math.min(first, seenFrom(view, i)[0]);
    last = Math.max(last, seenFrom(view, count - 1 - i)[1]);
  }
  return [first, last];
}

/** The largest number of positions that one of `count` positions sees. */
export function largestSize(view: View, count: number): number {
  const sizes = Array.from({ length: Math.min(view.period, count) }, (_, i) => at(view.last, i) - at(view.first, i) + 1);
  return Math.max(0, ...sizes);
}
