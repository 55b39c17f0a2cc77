// PNGs of several pictures. Pixels are repeated, not smoothed, so that they can be seen.

import { type Picture, resize } from '../../src/vision/index.ts';

const GAP = 6;
const GREY = 0x80;

const widest = (pictures: readonly Picture[]): number => Math.max(...pictures.map(({ width }) => width));
const highest = (pictures: readonly Picture[]): number => Math.max(...pictures.map(({ height }) => height));

/** Where sizes one after the other begin, with gaps around, and at last where they all end. */
function edges(sizes: readonly number[]): number[] {
  const all = [GAP];
  for (const size of sizes) all.push((all.at(-1) as number) + size + GAP);
  return all;
}

/** Pictures in rows of `columns`, on grey, each pixel `scale` pixels wide and high. */
export function sheet(pictures: readonly Picture[], columns: number, scale: number): Picture {
  const places = pictures.map((picture) => resize(picture, picture.width * scale, picture.height * scale, { filter: 'nearest' }));
  const rows = Math.ceil(places.length / columns);
  const lefts = edges(
    Array.from({ length: Math.min(columns, places.length) }, (_, x) => places.filter((_, i) => i % columns === x)).map(widest),
  );
  const tops = edges(Array.from({ length: rows }, (_, y) => places.slice(y * columns, (y + 1) * columns)).map(highest));
  const [width, height] = [lefts.at(-1) as number, tops.at(-1) as number];
  const data = new Uint8Array(width * height * 3).fill(GREY);
  places.forEach((place, i) => {
    const left = lefts[i % columns] as number;
    const top = tops[Math.floor(i / columns)] as number;
    for (let y = 0; y < place.height; y++) {
      data.set(place.data.subarray(y * place.width * 3, (y + 1) * place.width * 3), ((top + y) * width + left) * 3);
    }
  });
  return { width, height, channels: 3, data };
}

/** Pictures side by side. */
export const beside = (pictures: readonly Picture[], scale: number): Picture => sheet(pictures, pictures.length, scale);
