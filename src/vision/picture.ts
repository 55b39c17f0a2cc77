import { checkOptions, checkText, kindOf, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';

/**
 * A picture in memory: rows from the top, pixels from the left, the channels of a pixel side by side (HWC), one byte each, sRGB.
 * A fourth channel is alpha; it is ignored everywhere, so the red, green and blue bytes are used as they are, whatever the alpha.
 */
export interface Picture {
  /** pixels in a row */
  readonly width: number;
  /** rows */
  readonly height: number;
  /** 3 for RGB, 4 for RGBA */
  readonly channels: 3 | 4;
  /** `width * height * channels` bytes */
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** What the functions accept: a {@link Picture}, a grey one, or one without `channels`, such as a browser's `ImageData`. */
export type PictureLike = Omit<Picture, 'channels'> & { readonly channels?: 1 | 3 | 4 };

/**
 * Checks the sizes of a picture and fills in `channels` (default: `data.length / (width * height)`). The bytes are not
 * copied, except those of grey pictures (one channel), which become RGB.
 * @param picture its sizes and bytes
 * @param what names the picture in the error
 * @throws LanewiseError INVALID_INPUT if the sizes are not whole numbers from 1 on, or the data does not fit them
 * @example
 * import { checkPicture } from 'lanewise/vision';
 *
 * const grey = { width: 2, height: 1, data: new Uint8Array([0, 255]) };
 * checkPicture(grey).data; // Uint8Array of 0, 0, 0, 255, 255, 255
 */
export function checkPicture(picture: PictureLike, what = 'the picture'): Picture {
  checkText("a picture's name", what);
  const { width, height, data } = picture ?? {};
  if (data === undefined) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `${what} is { width, height, data }, got ${shown(picture)}: pictureFrom, pictureFromBlob and decodePicture give one`,
    );
  }
  if (!isSize(width) || !isSize(height)) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `${what} has width ${shown(width)} and height ${shown(height)}; both are whole numbers from 1 on`,
    );
  }
  if (!ArrayBuffer.isView(data) || !/^Uint8(Clamped)?Array$/.test(kindOf(data))) {
    throw new LanewiseError('INVALID_INPUT', `${what} holds its bytes in a Uint8Array or Uint8ClampedArray, got ${shown(data)}`);
  }
  const channels = picture.channels ?? data.length / (width * height);
  if (channels !== 1 && channels !== 3 && channels !== 4) {
    throw new LanewiseError(
      'INVALID_INPUT',
      `${what} of ${width}×${height} has 1, 3 or 4 channels, got ${shown(channels)} (${data.length} bytes)`,
    );
  }
  const bytes = width * height * channels;
  if (data.length !== bytes) {
    throw new LanewiseError('INVALID_INPUT', `${what} of ${width}×${height}×${channels} has ${bytes} bytes, got ${data.length}`);
  }
  return channels === 1 ? fromGrey(width, height, data) : { width, height, channels, data };
}

function fromGrey(width: number, height: number, grey: Picture['data']): Picture {
  const data = newBytes(width, height);
  grey.forEach((byte, i) => {
    data.fill(byte, i * 3, i * 3 + 3);
  });
  return { width, height, channels: 3, data };
}

/**
 * The window of `width`×`height` pixels at (`left`, `top`), as an RGB copy. The window may reach over the edges: black fills
 * the rest.
 * @param picture with one, three or four channels
 * @param left the first column, in pixels; negative beyond the edge
 * @param top the first row, in pixels; negative beyond the edge
 * @param width of the window, in pixels
 * @param height of the window, in pixels
 * @throws LanewiseError INVALID_INPUT for a wrong picture, corner or size; TOO_LARGE if the result cannot be allocated
 * @example
 * import { cropPicture } from 'lanewise/vision';
 * import { decodePicture } from 'lanewise/vision/node';
 * import { readFile } from 'node:fs/promises';
 *
 * const face = cropPicture(await decodePicture(await readFile('cat.jpg')), 10, 20, 64, 64);
 */
export function cropPicture(picture: PictureLike, left: number, top: number, width: number, height: number): Picture {
  const source = checkPicture(picture);
  checkSize(width, height, 'a crop');
  if (!Number.isSafeInteger(left) || !Number.isSafeInteger(top)) {
    throw new LanewiseError('INVALID_INPUT', `the corner of a crop is at whole numbers, got (${shown(left)}, ${shown(top)})`);
  }
  const { channels } = source;
  const data = newBytes(width, height);
  const x0 = Math.max(0, -left);
  const x1 = Math.min(width, source.width - left);
  const y1 = Math.min(height, source.height - top);
  for (let y = Math.max(0, -top); y < y1; y++) {
    let from = ((top + y) * source.width + left + x0) * channels;
    let to = (y * width + x0) * 3;
    if (channels === 3) {
      if (x1 > x0) data.set(source.data.subarray(from, from + (x1 - x0) * 3), to);
      continue;
    }
    for (let x = x0; x < x1; x++, from += 4, to += 3) {
      data[to] = source.data[from] as number;
      data[to + 1] = source.data[from + 1] as number;
      data[to + 2] = source.data[from + 2] as number;
    }
  }
  return { width, height, channels: 3, data };
}

/**
 * The `width`×`height` pixels in the middle, as an RGB copy, with black around it if the picture is smaller.
 * @param picture with one, three or four channels
 * @param width of the result, in pixels
 * @param height of the result, in pixels
 * @param rounding if the middle lies on half a pixel, 'even' takes the even pixel, as torchvision's `CenterCrop` does,
 *   'down' the one before, as Hugging Face does
 * @throws LanewiseError INVALID_INPUT for a wrong picture, size or rounding; TOO_LARGE if the result cannot be allocated
 * @example
 * import { centerCrop } from 'lanewise/vision';
 *
 * const grey = { width: 5, height: 3, data: new Uint8Array(15) };
 * centerCrop(grey, 3, 3).width; // 3
 */
export function centerCrop(picture: PictureLike, width: number, height: number, rounding: 'down' | 'even' = 'even'): Picture {
  const source = checkPicture(picture);
  checkSize(width, height, 'a crop');
  if (rounding !== 'down' && rounding !== 'even') {
    throw new LanewiseError('INVALID_INPUT', `a centre crop rounds 'down' or to 'even', got ${shown(rounding)}`);
  }
  const start = (room: number) => {
    const down = Math.floor(room / 2);
    // torchvision pads first, with less at the start, then crops at Python's round() of the half.
    return rounding === 'even' && room % 2 !== 0 && (room < 0 || down % 2 !== 0) ? down + 1 : down;
  };
  return cropPicture(source, start(source.width - width), start(source.height - height), width, height);
}

/**
 * Left and right exchanged, as torchvision's `hflip`, as an RGB copy.
 * @param picture with one, three or four channels
 * @throws LanewiseError INVALID_INPUT for a wrong picture; TOO_LARGE if the result cannot be allocated
 * @example
 * import { flipHorizontal } from 'lanewise/vision';
 *
 * const red = { width: 2, height: 2, data: new Uint8Array([255, 0, 0, 9, 9, 9, 255, 0, 0, 9, 9, 9]) };
 * const flipped = flipHorizontal(red); // red on the right
 */
export function flipHorizontal(picture: PictureLike): Picture {
  const source = checkPicture(picture);
  const { width, height } = source;
  const { data } = cropPicture(source, 0, 0, width, height);
  for (let y = 0; y < height; y++) {
    let left = y * width * 3;
    let right = left + (width - 1) * 3;
    for (; left < right; left += 3, right -= 3) {
      for (let c = 0; c < 3; c++) {
        const byte = data[left + c] as number;
        data[left + c] = data[right + c] as number;
        data[right + c] = byte;
      }
    }
  }
  return { width, height, channels: 3, data };
}

/**
 * Top and bottom exchanged, as torchvision's `vflip`, as an RGB copy.
 * @param picture with one, three or four channels
 * @throws LanewiseError INVALID_INPUT for a wrong picture; TOO_LARGE if the result cannot be allocated
 * @example
 * import { flipVertical } from 'lanewise/vision';
 *
 * const red = { width: 2, height: 2, data: new Uint8Array([255, 0, 0, 9, 9, 9, 255, 0, 0, 9, 9, 9]) };
 * const flipped = flipVertical(red); // the rows exchanged
 */
export function flipVertical(picture: PictureLike): Picture {
  const source = checkPicture(picture);
  const { width, height } = source;
  const { data } = cropPicture(source, 0, 0, width, height);
  for (let top = 0, bottom = height - 1; top < bottom; top++, bottom--) {
    const row = data.slice(top * width * 3, (top + 1) * width * 3);
    data.copyWithin(top * width * 3, bottom * width * 3, (bottom + 1) * width * 3);
    data.set(row, bottom * width * 3);
  }
  return { width, height, channels: 3, data };
}

/** @throws LanewiseError INVALID_INPUT if the size of `what` is not two whole numbers from 1 on */
export function checkSize(width: number, height: number, what: string): void {
  if (!isSize(width) || !isSize(height)) {
    throw new LanewiseError('INVALID_INPUT', `the size of ${what} is two whole numbers from 1 on, got ${shown(width)}×${shown(height)}`);
  }
}

/**
 * A function's options; none if they are left out or null.
 * @throws LanewiseError INVALID_INPUT if they are something else, such as a filter's name in place of `{ filter }`, or not
 *   known
 */
export function checkedOptions<T extends object>(options: T | null | undefined, what: string, known: OptionNames<T>): Partial<T> {
  checkOptions(what, options ?? {}, known);
  return options ?? {};
}

/** Bytes that pictures on the way to a result were kept in, and how many of them the current call has taken again. */
export interface Scratch {
  readonly kept: Uint8Array[];
  taken: number;
}

let scratch: Scratch | undefined;

/** Calls a function whose pictures are only needed until it returns, and come from `own` as far as it has them. */
export function withScratch<T>(own: Scratch | undefined, call: () => T): T {
  if (own) own.taken = 0;
  scratch = own;
  try {
    return call();
  } finally {
    scratch = undefined;
  }
}

/** Zeros for an RGB picture. */
export function newBytes(width: number, height: number): Uint8Array {
  const length = width * height * 3;
  try {
    if (!scratch) return new Uint8Array(length);
    const place = scratch.taken++;
    const kept = scratch.kept[place];
    if (kept && kept.length >= length) return kept.subarray(0, length).fill(0);
    const made = new Uint8Array(length);
    scratch.kept[place] = made;
    return made;
  } catch (cause) {
    throw new LanewiseError('TOO_LARGE', `a picture of ${width}×${height} pixels does not fit in memory`, { cause });
  }
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
