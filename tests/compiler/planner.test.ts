import fc from 'fast-check';
import { type Lifetime, planArena } from '../../src/compiler/planner.ts';

const lifetimes = fc.array(
  fc
    .record({
      bytes: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 100_000 })),
      first: fc.nat(20),
      length: fc.nat(8),
    })
    .map(({ bytes, first, length }): Lifetime => ({ bytes, first, last: first + length })),
  { maxLength: 40 },
);

const meet = (a: Lifetime, b: Lifetime): boolean => a.first <= b.last && b.first <= a.last;

const check = (property: (list: Lifetime[], offsets: number[], total: number) => void) =>
  fc.assert(
    fc.property(lifetimes, (list) => {
      const { offsets, total } = planArena(list);
      property(list, offsets, total);
    }),
    { seed: 1, numRuns: 500 },
  );

test('no two buffers that are needed at the same time overlap', () => {
  check((list, offsets) => {
    list.forEach((a, i) => {
      list.slice(i + 1).forEach((b, j) => {
        const [from, other] = [offsets[i] ?? Number.NaN, offsets[i + 1 + j] ?? Number.NaN];
        if (meet(a, b)) expect(from + a.bytes <= other || other + b.bytes <= from).toBe(true);
      });
    });
  });
});

test('every buffer has an offset, a multiple of 64', () => {
  check((list, offsets) => {
    expect(offsets).toHaveLength(list.length);
    for (const offset of offsets) {
      expect(offset % 64).toBe(0);
      expect(offset).toBeGreaterThanOrEqual(0);
    }
  });
});

test('the total is where the last buffer ends, and at least what is needed at any one time', () => {
  check((list, offsets, total) => {
    const sizes = list.map(({ bytes }) => Math.ceil(bytes / 64) * 64);
    expect(total).toBe(Math.max(0, ...sizes.map((size, i) => (offsets[i] ?? 0) + size)));
    for (let step = 0; step <= 28; step++) {
      const live = sizes.filter((_, i) => (list[i]?.first ?? 0) <= step && step <= (list[i]?.last ?? 0));
      expect(total).toBeGreaterThanOrEqual(live.reduce((a, b) => a + b, 0));
    }
  });
});

test('the same buffers get the same places', () => {
  check((list, offsets, total) => {
    expect(planArena(list.map((life) => ({ ...life })))).toEqual({ offsets, total });
  });
});

test('buffers one after the other share a place; those at one time do not', () => {
  const life = (bytes: number, first: number, last: number): Lifetime => ({ bytes, first, last });
  expect(planArena([life(100, 0, 1), life(100, 2, 3), life(100, 4, 4)])).toEqual({ offsets: [0, 0, 0], total: 128 });
  expect(planArena([life(100, 0, 2), life(100, 2, 3)])).toEqual({ offsets: [0, 128], total: 256 });
  // A chain of layers needs two at a time.
  expect(planArena([life(64, 0, 1), life(128, 1, 2), life(64, 2, 3), life(128, 3, 4)]).total).toBe(192);
  // The gap below a large buffer is taken.
  expect(planArena([life(640, 0, 1), life(640, 0, 5), life(64, 2, 5)])).toEqual({ offsets: [0, 640, 0], total: 1280 });
  expect(planArena([])).toEqual({ offsets: [], total: 0 });
});
