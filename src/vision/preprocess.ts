import { checkOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { centerCrop, checkPicture, checkSize, cropPicture, type Picture, type PictureLike } from './picture.ts';
import { checkFilter, type Filter, resize } from './resize.ts';

/** Pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** How a picture becomes the input of a network. The steps that are there run in the order of the fields. */
export interface Preprocessing {
  /** Cut out the largest square in the middle first; an odd pixel left over goes to the right or the bottom. */
  readonly crop?: 'center_square';
  /** Resize: to a size, whatever the shape, or until the shorter side is `shortestEdge`, the longer rounded down. */
  readonly resize?: Size | { readonly shortestEdge: number };
  /** How `resize` does it; bilinear (with antialias) where left out. */
  readonly filter?: Filter;
  /**
   * Cut out the middle, black around it where the picture is smaller. Where the middle lies on half a pixel, `rounding` 'down' (where left
   * out) takes the pixel before, as Hugging Face does, 'even' the even one, as torchvision does.
   */
  readonly centerCrop?: Size & { readonly rounding?: 'down' | 'even' };
  /** What bytes are divided by; 255 where left out. */
  readonly divisor?: number;
  /** Then subtracted: red, green, blue; or one number, for a network that sees grey. */
  readonly mean: readonly number[];
  /** Then divided by: as many as means. */
  readonly std: readonly number[];
  /** The names of the classes that the network tells apart, by index. */
  readonly labels?: readonly string[];
}

/**
 * The bytes that a network sees: a picture after the crops and the resize.
 * @returns an RGB copy
 * @throws LanewiseError INVALID_INPUT for a wrong picture, size or filter; TOO_LARGE where a picture on the way cannot be allocated
 */
export function fitPicture(picture: PictureLike, preprocessing: Preprocessing): Picture {
  const { crop, resize: size, filter, centerCrop: middle } = checkPreprocessing(preprocessing);
  let fitted = checkPicture(picture);
  if (crop === 'center_square') {
    const side = Math.min(fitted.width, fitted.height);
    fitted = centerCrop(fitted, side, side, 'down');
  } else if (crop !== undefined) {
    throw new LanewiseError('INVALID_INPUT', `crop is 'center_square' or left out, got ${shown(crop)}`);
  }
  checkFilter(filter);
  if (size) {
    const { width, height } = 'shortestEdge' in size ? shortestEdgeSize(fitted, size.shortestEdge) : size;
    fitted = resize(fitted, width, height, { filter });
  }
  if (middle) return centerCrop(fitted, middle.width, middle.height, middle.rounding ?? 'down');
  return crop || size ? fitted : cropPicture(fitted, 0, 0, fitted.width, fitted.height);
}

export const preprocessingNames: OptionNames<Preprocessing> = {
  crop: 1,
  resize: 1,
  filter: 1,
  centerCrop: 1,
  divisor: 1,
  mean: 1,
  std: 1,
  labels: 1,
};

const sizeNames = { resize: { width: 1, height: 1, shortestEdge: 1 }, centerCrop: { width: 1, height: 1, rounding: 1 } };

/** @throws LanewiseError INVALID_INPUT where it is no object, or what it says of sizes is none */
export function checkPreprocessing(preprocessing: Preprocessing): Preprocessing {
  checkOptions('a preprocessing, such as the preset imagenet,', preprocessing, preprocessingNames);
  for (const key of ['resize', 'centerCrop'] as const) {
    checkOptions(`${key} of a preprocessing`, preprocessing[key] ?? {}, sizeNames[key]);
  }
  return preprocessing;
}

/** torchvision and Hugging Face alike. */
function shortestEdgeSize({ width, height }: Size, edge: number): Size {
  checkSize(edge, edge, 'the shortest edge');
  return width <= height
    ? { width: edge, height: Math.trunc((edge * height) / width) }
    : { width: Math.trunc((edge * width) / height), height: edge };
}
