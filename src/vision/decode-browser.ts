import { LanewiseError } from '../errors.ts';
import type { Picture } from './picture.ts';

/**
 * Decodes a picture in a browser (page or worker), in whatever formats it reads; a `File` is a `Blob`. The picture is turned as its EXIF
 * orientation says and colour profiles are ignored. Decoders differ by a unit here and there in lossy formats, and a canvas rounds the
 * colours of see-through pixels (to black where alpha is 0); opaque PNG comes out as it is.
 *
 * @returns the picture as RGBA
 * @throws LanewiseError INVALID_FILE where the browser cannot decode it, TOO_LARGE where it is larger than a canvas can be
 */
export async function pictureFromBlob(blob: Blob): Promise<Picture> {
  const what = 'name' in blob && blob.name ? String(blob.name) : 'the picture';
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob, {
      imageOrientation: 'from-image',
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
    });
  } catch (cause) {
    throw new LanewiseError('INVALID_FILE', `${what} is not a picture that this browser decodes (${blob.type || 'no type'})`, { cause });
  }
  const { width, height } = bitmap;
  try {
    const canvas =
      typeof OffscreenCanvas === 'function'
        ? new OffscreenCanvas(width, height)
        : Object.assign(document.createElement('canvas'), { width, height });
    const context = canvas.getContext('2d', { willReadFrequently: true }) as CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
    context.drawImage(bitmap, 0, 0);
    return { width, height, channels: 4, data: context.getImageData(0, 0, width, height).data as Uint8ClampedArray };
  } catch (cause) {
    throw new LanewiseError('TOO_LARGE', `${what} of ${width}×${height} pixels is more than a canvas holds`, { cause });
  } finally {
    bitmap.close();
  }
}
