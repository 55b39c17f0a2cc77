import { shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { checkedOptions, checkPicture, checkSize, cropPicture, newBytes, type Picture, type PictureLike } from './picture.ts';
import * as loops from './resample.ts';
import * as simd from './simd.ts';

/**
 * What a resized pixel is made of: `nearest` the pixel under its middle, `box` the mean of those that it covers, `bilinear`
 * and `bicubic` a triangle and Keys' cubic (a = -1/2) over them, which widen with the reduction (antialias).
 */
export type Filter = 'nearest' | 'box' | 'bilinear' | 'bicubic';

/** [left, top, right, bottom] in pixels, fractions allowed. */
export type Box = readonly [left: number, top: number, right: number, bottom: number];

/** The options of `resize`. */
export interface ResizeOptions {
  /** What a resized pixel is made of. Default: bilinear. */
  readonly filter?: Filter;
  /**
   * The part to resize. Default: the whole picture. As in Pillow, the filter still sees the pixels around the box; to avoid
   * that, crop first.
   */
  readonly box?: Box;
}

const filters: readonly string[] = ['nearest', ...Object.keys(loops.kernels)];

/**
 * Resizes as Pillow's `Image.resize((width, height), filter, box)` does on 8-bit RGB, byte for byte: rows first, then
 * columns, rounded to bytes in between. The sums are of integers, so every engine gives the same bytes, with SIMD and
 * without. The algorithm is that of Pillow's src/libImaging/Resample.c, and of Geometry.c for `nearest`.
 *
 * @param picture with one, three or four channels
 * @param width of the result, in pixels
 * @param height of the result, in pixels
 * @param options the filter, and the part to resize
 * @returns an RGB copy, alpha dropped
 * @throws LanewiseError INVALID_INPUT for a wrong picture, size, filter, box or options; TOO_LARGE if the result cannot be
 *   allocated
 * @example
 * import { resize } from 'lanewise/vision';
 *
 * const photo = { width: 640, height: 480, data: new Uint8Array(640 * 480 * 3) };
 * const small = resize(photo, 160, 120, { filter: 'bicubic' });
 */
export function resize(picture: PictureLike, width: number, height: number, options: ResizeOptions = {}): Picture {
  const { filter, box } = checkedOptions(options, 'resize', { filter: 1, box: 1 });
  const source = checkPicture(picture);
  checkSize(width, height, 'a resized picture');
  const name = checkFilter(filter);
  const [left, top, right, bottom] = checkBox(box, source);
  if (Number.isInteger(left) && Number.isInteger(top) && right - left === width && bottom - top === height) {
    return cropPicture(source, left, top, width, height);
  }
  // Before the weights are computed, so that a size that cannot be allocated fails at once.
  const data = newBytes(width, height);
  const result: Picture = { width, height, channels: 3, data };
  if (name === 'nearest') {
    takeNearest(source, places(left, right, width, source.width), places(top, bottom, height, source.height), data);
    return result;
  }

  const kernel = loops.kernels[name];
  const vertical =
    height !== source.height || top !== 0 || bottom !== height ? loops.taps(kernel, source.height, top, bottom, height) : undefined;
  if (width === source.width && left === 0 && right === width) {
    if (vertical) columns(source.channels === 3 ? source : cropPicture(source, 0, 0, width, source.height), vertical, 0, data);
    return result;
  }
  // Only the rows that the second pass reads.
  const [firstRow, lastRow] = vertical ? rowsOf(vertical) : [0, source.height];
  const rows = vertical ? newBytes(width, lastRow - firstRow) : data;
  const horizontal = loops.taps(kernel, source.width, left, right, width);
  if (!simd.resampleRows(source, horizontal, firstRow, lastRow, rows)) loops.resampleRows(source, horizontal, firstRow, lastRow, rows);
  if (vertical) columns({ width, height: lastRow - firstRow, channels: 3, data: rows }, vertical, firstRow, data);
  return result;
}

function columns(source: Picture, taps: loops.Taps, firstRow: number, data: Uint8Array): void {
  if (!simd.resampleColumns(source, taps, firstRow, data)) loops.resampleColumns(source, taps, firstRow, data);
}

/** The first row that is read, and the one after the last. */
function rowsOf({ first, count }: loops.Taps): [number, number] {
  const last = first.length - 1;
  return [first[0] as number, (first[last] as number) + (count[last] as number)];
}

/**
 * The name of a filter. Default: bilinear.
 * @throws LanewiseError INVALID_INPUT if there is no such filter
 */
export function checkFilter(filter: Filter = 'bilinear'): Filter {
  if (!filters.includes(filter))
    throw new LanewiseError('INVALID_INPUT', `there is no filter ${shown(filter)}; known: ${filters.join(', ')}`);
  return filter;
}

/** In float32, as in Pillow. */
function checkBox(box: Box | undefined, { width, height }: Picture): Box {
  const sides = box ?? [0, 0, width, height];
  const isList = Array.isArray(sides) && sides.every((side) => typeof side === 'number');
  const [left, top, right, bottom] = (isList ? sides.map(Math.fround) : []) as unknown as Box;
  if (!(left >= 0 && top >= 0 && right <= Math.fround(width) && bottom <= Math.fround(height) && left < right && top < bottom)) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `the box ${shown(sides)} ([left, top, right, bottom]) is empty or leaves the picture of ${width}×${height}`,
    );
  }
  return [left, top, right, bottom];
}

/** The input sample under the middle of each output sample, -1 past the end; the steps are added up as Pillow adds them. */
function places(from: number, to: number, outputs: number, inputs: number): Int32Array {
  const step = Math.fround(to - from) / outputs;
  const result = new Int32Array(outputs);
  let at = from + step * 0.5;
  for (let i = 0; i < outputs; i++, at += step) result[i] = at < inputs ? Math.trunc(at) : -1;
  return result;
}

function takeNearest({ width, channels, data: input }: Picture, columns: Int32Array, rows: Int32Array, data: Uint8Array): void {
  let to = 0;
  for (const y of rows) {
    for (const x of columns) {
      const from = (y * width + x) * channels;
      for (let c = 0; c < 3; c++, to++) if (x >= 0 && y >= 0) data[to] = input[from + c] as number;
    }
  }
}
