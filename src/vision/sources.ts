import { kindOf, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { checkPicture, type Picture, type PictureLike } from './picture.ts';

/**
 * What a browser can draw on a canvas, by its sizes: an `ImageBitmap`, an `HTMLCanvasElement`, an `OffscreenCanvas`, a
 * loaded `HTMLImageElement`, the frame that an `HTMLVideoElement` shows, a `VideoFrame`.
 */
export type Drawable =
  | { readonly width: number; readonly height: number }
  | { readonly displayWidth: number; readonly displayHeight: number };

/**
 * The pixels of what a browser can draw, at its own size (not the size it is shown at), in a page or a worker, as sRGB. The
 * source is left as it is; an `ImageBitmap` or `VideoFrame` is still yours to close. A canvas rounds the colours of
 * see-through pixels (to black where alpha is 0). Sources that have their bytes already, such as `ImageData`, are checked
 * and returned, so that every kind is accepted; for files see `pictureFromBlob`.
 *
 * @param source an element, a bitmap or a frame; or pixels
 * @returns the picture, as RGBA if it was drawn
 * @throws LanewiseError INVALID_INPUT if it is none of these, has no pixels (yet) or comes from another origin whose pixels
 *   a page may not read; TOO_LARGE if it is larger than a canvas can be; UNSUPPORTED outside browsers
 * @example
 * import { cifar10, pictureFrom, toTensor } from 'lanewise/vision';
 *
 * const video = document.querySelector('video');
 * if (video) console.log(toTensor(pictureFrom(video), cifar10).dims);
 */
export function pictureFrom(source: PictureLike | Drawable): Picture {
  if (typeof source === 'object' && source !== null && 'data' in source && source.data) return checkPicture(source);
  const sides = source as Readonly<Record<string, unknown>> | null | undefined;
  const width = sides?.displayWidth ?? sides?.videoWidth ?? sides?.naturalWidth ?? sides?.width;
  const height = sides?.displayHeight ?? sides?.videoHeight ?? sides?.naturalHeight ?? sides?.height;
  const type = kindOf(source);
  if (typeof width !== 'number' || typeof height !== 'number') {
    const hint = typeof Blob === 'function' && (source as unknown) instanceof Blob ? '; files and blobs go through pictureFromBlob' : '';
    throw new LanewiseError('INVALID_INPUT', `pictureFrom takes pixels or what a canvas draws, got ${shown(source)}${hint}`);
  }
  if (!(width >= 1 && height >= 1)) {
    throw new LanewiseError('INVALID_INPUT', `the ${type} has ${width}×${height} pixels: it is not loaded yet, or closed`);
  }
  return drawPicture(source as CanvasImageSource, width, height, `the ${type}`);
}

/**
 * RGBA, drawn on a canvas.
 * @param what names the source in errors, which are those of {@link pictureFrom}
 * @internal
 */
export function drawPicture(source: CanvasImageSource, width: number, height: number, what: string): Picture {
  const context = newContext(width, height, what);
  try {
    context.drawImage(source, 0, 0, width, height);
  } catch (cause) {
    throw new LanewiseError('INVALID_INPUT', `${what} cannot be drawn on a canvas: ${(cause as Error).message}`, { cause });
  }
  try {
    const { data } = context.getImageData(0, 0, width, height);
    return checkPicture({ width, height, channels: 4, data: data as Uint8ClampedArray });
  } catch (cause) {
    if ((cause as Error).name === 'SecurityError') {
      throw new LanewiseError('INVALID_INPUT', `${what} comes from another origin, whose pixels this page may not read`, { cause });
    }
    throw tooLarge(width, height, what, cause);
  }
}

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

function newContext(width: number, height: number, what: string): Context {
  const offscreen = typeof OffscreenCanvas === 'function';
  if (!offscreen && typeof document === 'undefined') {
    throw new LanewiseError(
      'UNSUPPORTED',
      `${what} has no bytes to read, and there is no canvas here to draw it on; in Node, decodePicture of lanewise/vision/node reads files`,
    );
  }
  let context: Context | null;
  try {
    const canvas = offscreen ? new OffscreenCanvas(width, height) : Object.assign(document.createElement('canvas'), { width, height });
    context = canvas.getContext('2d', { willReadFrequently: true }) as Context | null;
  } catch (cause) {
    throw tooLarge(width, height, what, cause);
  }
  if (!context) throw tooLarge(width, height, what);
  return context;
}

const tooLarge = (width: number, height: number, what: string, cause?: unknown): LanewiseError =>
  new LanewiseError('TOO_LARGE', `${what} of ${width}×${height} pixels is more than a canvas holds`, { cause });
