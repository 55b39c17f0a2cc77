import { LanewiseError } from '../errors.ts';
import { checkPicture, checkSize, cropPicture, newBytes, type Picture, type PictureLike } from './picture.ts';

/** Fraction bits of a weight: a sum of weights times bytes, at most 255 * 2^22, fits an int32 with two bits to spare. */
const FRACTION = 22;
const HALF = 1 << (FRACTION - 1);

/** Where each output sample takes its input from: `count[i]` samples from `first[i]` on, by `weights[i * stride ...]`. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly stride: number;
  readonly weights: Int32Array;
}

/**
 * Resizes as Pillow's `Image.resize((width, height), BILINEAR, box)` does on 8-bit RGB, byte for byte: a triangle filter that widens with
 * the reduction (antialias), rows first, then columns, rounded to bytes in between. The sums are of integers, so every engine gives the
 * same bytes. The algorithm is that of Pillow's src/libImaging/Resample.c.
 *
 * @param width of the result, in pixels
 * @param height of the result, in pixels
 * @param box the part to resize, [left, top, right, bottom] in pixels, fractions allowed; the whole picture where left out. As in Pillow,
 * the filter still sees the pixels around the box; crop first where it should not.
 * @returns an RGB copy, alpha dropped
 * @throws LanewiseError INVALID_INPUT for a wrong picture, size or box; TOO_LARGE where the result cannot be allocated
 */
export function resizeBilinear(
  picture: PictureLike,
  width: number,
  height: number,
  box?: readonly [left: number, top: number, right: number, bottom: number],
): Picture {
  let source = checkPicture(picture);
  checkSize(width, height, 'a resized picture');
  // Pillow holds the box in floats.
  const [left, top, right, bottom] = (box ?? [0, 0, source.width, source.height]).map(Math.fround) as [number, number, number, number];
  if (!(left >= 0 && top >= 0 && right <= source.width && bottom <= source.height && left < right && top < bottom)) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `the box [${left}, ${top}, ${right}, ${bottom}] ([left, top, right, bottom]) is empty or leaves the picture of ${source.width}×${source.height}`,
    );
  }
  if (Number.isInteger(left) && Number.isInteger(top) && right - left === width && bottom - top === height) {
    return cropPicture(source, left, top, width, height);
  }
  // Before the work on the weights: a size that cannot be allocated fails at once.
  const data = newBytes(width, height);
  if (source.channels === 4) source = cropPicture(source, 0, 0, source.width, source.height);

  const vertical = height !== source.height || top !== 0 || bottom !== height ? taps(source.height, top, bottom, height) : undefined;
  let firstRow = 0;
  if (width !== source.width || left !== 0 || right !== width) {
    // Only the rows that the second pass reads.
    firstRow = vertical ? (vertical.first[0] as number) : 0;
    const lastRow = vertical ? (vertical.first[height - 1] as number) + (vertical.count[height - 1] as number) : source.height;
    const rows = vertical ? newBytes(width, lastRow - firstRow) : data;
    resizeRows(source, taps(source.width, left, right, width), firstRow, lastRow, rows);
    source = { width, height: lastRow - firstRow, channels: 3, data: rows };
  }
  if (vertical) resizeColumns(source, vertical, firstRow, data);
  return { width, height, channels: 3, data };
}

function taps(inputs: number, from: number, to: number, outputs: number): Taps {
  const scale = Math.fround(to - from) / outputs;
  const support = Math.max(scale, 1);
  const inverse = 1 / support;
  const stride = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputs);
  const count = new Int32Array(outputs);
  const weights = new Int32Array(outputs * stride);
  const exact = new Float64Array(stride);
  for (let i = 0; i < outputs; i++) {
    const center = from + (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(center - support + 0.5));
    const n = Math.min(inputs, Math.trunc(center + support + 0.5)) - start;
    let sum = 0;
    for (let j = 0; j < n; j++) {
      const weight = Math.max(0, 1 - Math.abs((j + start - center + 0.5) * inverse));
      exact[j] = weight;
      sum += weight;
    }
    for (let j = 0; j < n; j++) {
      const weight = sum === 0 ? (exact[j] as number) : (exact[j] as number) / sum;
      weights[i * stride + j] = Math.trunc(0.5 + weight * (1 << FRACTION));
    }
    first[i] = start;
    count[i] = n;
  }
  return { first, count, stride, weights };
}

/** A sum with `HALF` in it already, as a byte. No weight is negative, so neither is the sum. */
const toByte = (sum: number): number => Math.min(255, sum >> FRACTION);

/** The rows of `source` from `firstRow` to before `lastRow`, into `data`. */
function resizeRows(source: Picture, { first, count, stride, weights }: Taps, firstRow: number, lastRow: number, data: Uint8Array): void {
  const input = source.data;
  const width = first.length;
  let to = 0;
  for (let y = firstRow; y < lastRow; y++) {
    for (let x = 0; x < width; x++) {
      let red = HALF;
      let green = HALF;
      let blue = HALF;
      let from = (y * source.width + (first[x] as number)) * 3;
      const end = x * stride + (count[x] as number);
      for (let j = x * stride; j < end; j++, from += 3) {
        const weight = weights[j] as number;
        red = (red + (input[from] as number) * weight) | 0;
        green = (green + (input[from + 1] as number) * weight) | 0;
        blue = (blue + (input[from + 2] as number) * weight) | 0;
      }
      data[to++] = toByte(red);
      data[to++] = toByte(green);
      data[to++] = toByte(blue);
    }
  }
}

/** The columns of `source`, into `data`. `source` begins with row `firstRow` of those that `first` counts. */
function resizeColumns(source: Picture, { first, count, stride, weights }: Taps, firstRow: number, data: Uint8Array): void {
  const input = source.data;
  const row = source.width * 3;
  const sums = new Int32Array(row);
  for (let y = 0; y < first.length; y++) {
    sums.fill(HALF);
    let from = ((first[y] as number) - firstRow) * row;
    const end = y * stride + (count[y] as number);
    for (let j = y * stride; j < end; j++) {
      const weight = weights[j] as number;
      for (let x = 0; x < row; x++) sums[x] = (sums[x] as number) + (input[from++] as number) * weight;
    }
    for (let x = 0; x < row; x++) data[y * row + x] = toByte(sums[x] as number);
  }
}
