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

/** What the calls take: a {@link Picture}, or one without `channels`, such as a browser's `ImageData`. */
export type PictureLike = Omit<Picture, 'channels'> & Partial<Pick<Picture, 'channels'>>;

/**
 * Checks the sizes of a picture and fills in `channels` (`data.length / (width * height)` where left out). The bytes are not copied.
 * @param what names the picture in the error
 * @throws LanewiseError INVALID_INPUT where the sizes are not whole numbers from 1 on, or the data does not fit them
 */
export function checkPicture(picture: PictureLike, what = 'the picture'): Picture {
  const { width, height, data } = picture ?? {};
  if (!isSize(width) || !isSize(height)) {
    throw new LanewiseError('INVALID_INPUT', `${what} has width ${width} and height ${height}; both are whole numbers from 1 on`);
  }
  // By name, not by instanceof: an ImageData may come from another frame.
  const type = ArrayBuffer.isView(data) ? (data as Uint8Array)[Symbol.toStringTag] : undefined;
  if ((type as string) !== 'Uint8Array' && (type as string) !== 'Uint8ClampedArray') {
    const got = type ?? (data as object | null | undefined)?.constructor?.name ?? typeof data;
    throw new LanewiseError('INVALID_INPUT', `${what} holds its bytes in a Uint8Array or Uint8ClampedArray, got ${got}`);
  }
  const channels = picture.channels ?? data.length / (width * height);
  if (channels !== 3 && channels !== 4) {
    throw new LanewiseError('INVALID_INPUT', `${what} of ${width}×${height} has 3 or 4 channels, got ${channels} (${data.length} bytes)`);
  }
  const bytes = width * height * channels;
  if (data.length !== bytes) {
    throw new LanewiseError('INVALID_INPUT', `${what} of ${width}×${height}×${channels} has ${bytes} bytes, got ${data.length}`);
  }
  return { width, height, channels, data };
}

/**
 * The window of `width`×`height` pixels at (`left`, `top`), as an RGB copy. The window may reach over the edges: black fills the rest.
 * @throws LanewiseError INVALID_INPUT for a wrong picture, corner or size; TOO_LARGE where the result cannot be allocated
 */
export function cropPicture(picture: PictureLike, left: number, top: number, width: number, height: number): Picture {
  const source = checkPicture(picture);
  checkSize(width, height, 'a crop');
  if (!Number.isSafeInteger(left) || !Number.isSafeInteger(top)) {
    throw new LanewiseError('INVALID_INPUT', `the corner of a crop is at whole numbers, got (${left}, ${top})`);
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

/** @throws LanewiseError INVALID_INPUT where the size of `what` is not two whole numbers from 1 on */
export function checkSize(width: number, height: number, what: string): void {
  if (!isSize(width) || !isSize(height)) {
    throw new LanewiseError('INVALID_INPUT', `the size of ${what} is two whole numbers from 1 on, got ${width}×${height}`);
  }
}

/** Zeros for an RGB picture. */
export function newBytes(width: number, height: number): Uint8Array {
  try {
    return new Uint8Array(width * height * 3);
  } catch (cause) {
    throw new LanewiseError('TOO_LARGE', `a picture of ${width}×${height} pixels does not fit in memory`, { cause });
  }
}

const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) > 0;
