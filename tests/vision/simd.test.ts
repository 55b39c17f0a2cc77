import fc from 'fast-check';
import { type Box, type Filter, type Picture, type PictureLike, resize, toTensor } from '../../src/vision/index.ts';
import { allowSimd, usesSimd } from '../../src/vision/simd.ts';
import { noise, withAlpha } from './pictures.ts';

afterEach(() => allowSimd(true));

/** What a call gives with SIMD; it is the same by the plain loops. */
function bothWays<T extends { readonly data: ArrayLike<number> }>(call: () => T): T {
  allowSimd(true);
  expect(usesSimd()).toBe(true);
  const fast = call();
  allowSimd(false);
  expect(usesSimd()).toBe(false);
  const slow = call();
  // Compared as bytes: a Jest matcher on a million numbers takes seconds.
  const bytes = ({ data }: T) => Buffer.from((data as Uint8Array).buffer, (data as Uint8Array).byteOffset, (data as Uint8Array).byteLength);
  expect(bytes(fast).equals(bytes(slow))).toBe(true);
  return fast;
}

const filters = ['box', 'bilinear', 'bicubic'] as const satisfies Filter[];
const sides = [1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 31, 33];

test.each(filters)('rows and columns of awkward lengths: %s', (filter) => {
  for (const from of sides) {
    for (const to of sides) {
      const wide = noise(from, 5);
      const high = noise(5, from);
      bothWays(() => resize(wide, to, 5, { filter }));
      bothWays(() => resize(withAlpha(wide), to, 5, { filter }));
      bothWays(() => resize(high, 5, to, { filter }));
    }
  }
});

const side = fc.integer({ min: 1, max: 70 });
/** Black and white alone: the largest sums, and the largest overshoot of the cubic. */
const contrast = (picture: Picture): Picture => ({ ...picture, data: picture.data.map((byte) => (byte & 1) * 255) });

test('any sizes, boxes, filters, with and without alpha', () => {
  fc.assert(
    fc.property(
      side,
      side,
      side,
      side,
      fc.constantFrom(...filters),
      fc.boolean(),
      fc.boolean(),
      fc.option(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 })),
      (w, h, width, height, filter, alpha, sharp, cut) => {
        const rgb = sharp ? contrast(noise(w, h)) : noise(w, h);
        const [a, b, c, d] = (cut ?? []) as [number, number, number, number];
        const box: Box | undefined = cut
          ? [Math.min(a, c) * (w - 0.5), Math.min(b, d) * (h - 0.5), Math.min(a, c) * (w - 0.5) + 0.5, Math.max(b, d) * (h - 0.5) + 0.5]
          : undefined;
        bothWays(() => resize(alpha ? withAlpha(rgb) : rgb, width, height, { filter, box }));
      },
    ),
    { numRuns: 300 },
  );
});

test.each<[string, PictureLike, number, number]>([
  ['many bands of rows and columns', noise(900, 500), 700, 450],
  ['RGBA to little', noise(1501, 703, 4), 37, 29],
  ['columns alone, wide', noise(3001, 67), 3001, 130],
  ['columns alone, of RGBA', noise(301, 67, 4), 301, 33],
  ['few rows, each larger than a band', noise(50001, 9), 333, 5],
  ['a column far longer than a band', noise(3, 90_001), 3, 2],
])('large pictures: %s', (_, picture, width, height) => {
  for (const filter of ['bilinear', 'bicubic'] as const) bothWays(() => resize(picture, width, height, { filter }));
});

test('a row too long for the memory: the loops take it', () => {
  bothWays(() => resize(noise(1_500_000, 1), 3, 1, { filter: 'box' }));
});

test('values of a tensor, of any number of pixels', () => {
  for (const [width, height] of [...sides.map((width) => [width, 1]), [224, 224], [401, 301], [16384, 1], [16385, 1]] as [
    number,
    number,
  ][]) {
    for (const picture of [noise(width, height), noise(width, height, 4)]) {
      bothWays(() => toTensor(picture, { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }));
      bothWays(() => toTensor([picture, picture], { mean: [0.5, 1, -3], std: [2, -0.1, 7], divisor: 3 }));
    }
  }
});
