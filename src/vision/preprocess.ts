import { checkOptions, type OptionNames, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { centerCrop, checkPicture, checkSize, cropPicture, type Picture, type PictureLike } from './picture.ts';
import { checkFilter, type Filter, resize } from './resize.ts';

/** A size in pixels. */
export interface Size {
  /** pixels in a row */
  readonly width: number;
  /** rows */
  readonly height: number;
}

/** How a picture becomes the input of a network. The given steps run in the order of the fields. */
export interface Preprocessing {
  /** Cut out the largest square in the middle first; an odd pixel left over goes to the right or the bottom. */
  readonly crop?: 'center_square';
  /**
   * Resize: to a size, ignoring the aspect ratio, or so that the shorter side is `shortestEdge` and the longer one rounded
   * down.
   */
  readonly resize?: Size | { readonly shortestEdge: number };
  /** The filter of `resize`. Default: bilinear (with antialias). */
  readonly filter?: Filter;
  /**
   * Cut out the middle, with black around it if the picture is smaller. If the middle lies on half a pixel, `rounding`
   * 'down' (the default) takes the pixel before, as Hugging Face does, 'even' the even one, as torchvision does.
   */
  readonly centerCrop?: Size & { readonly rounding?: 'down' | 'even' };
  /** What bytes are divided by. Default 255. */
  readonly divisor?: number;
  /** Then subtracted: for red, green, blue; or one number, for a network that takes grey pictures. */
  readonly mean: readonly number[];
  /** Then divided by: as many numbers as `mean` has. */
  readonly std: readonly number[];
  /** The names of the classes that the network recognises, by index. */
  readonly labels?: readonly string[];
}

/**
 * The bytes that a network gets: a picture after the crops and the resize.
 * @param picture with one, three or four channels
 * @param preprocessing the crops and the resize; means and stds do nothing here
 * @returns an RGB copy
 * @throws LanewiseError INVALID_INPUT for a wrong picture, size or filter; TOO_LARGE if an intermediate picture cannot be
 *   allocated
 * @example
 * import { fitPicture, imagenet } from 'lanewise/vision';
 *
 * const photo = { width: 640, height: 480, data: new Uint8Array(640 * 480 * 3) };
 * fitPicture(photo, imagenet).width; // 224
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

/** @throws LanewiseError INVALID_INPUT if it is no object, or a size in it is invalid */
export function checkPreprocessing(preprocessing: Preprocessing): Preprocessing {
  checkOptions('a preprocessing, such as the preset imagenet,', preprocessing, preprocessingNames);
  for (const key of ['resize', 'centerCrop'] as const) {
    checkOptions(`${key} of a preprocessing`, preprocessing[key] ?? {}, sizeNames[key]);
  }
  return preprocessing;
}

/** Rounded down, as in torchvision and Hugging Face. */
function shortestEdgeSize({ width, height }: Size, edge: number): Size {
  checkSize(edge, edge, 'the shortest edge');
  return width <= height
    ? { width: edge, height: Math.trunc((edge * height) / width) }
    : { width: Math.trunc((edge * width) / height), height: edge };
}
