import { LanewiseError } from '../errors.ts';
import type { BlobLike } from '../platform.ts';
import type { Picture } from './picture.ts';
import { drawPicture } from './sources.ts';

/**
 * Decodes a picture in a browser (page or worker), in whatever formats it reads; a `File` is a `Blob`. The picture is turned
 * according to its EXIF orientation, and colour profiles are ignored. Decoders differ by a unit here and there in lossy
 * formats, and a canvas rounds the colours of see-through pixels (to black where alpha is 0); opaque PNG is exact.
 *
 * @param blob a file as the browser gives it: from an `<input type="file">`, a drop, or `fetch`
 * @returns the picture as RGBA
 * @throws LanewiseError INVALID_FILE if the browser cannot decode it, TOO_LARGE if it is larger than a canvas can be,
 *   UNSUPPORTED outside browsers
 * @example
 * import { pictureFromBlob } from 'lanewise/vision';
 *
 * const field = document.querySelector<HTMLInputElement>('input[type=file]');
 * const [file] = field?.files ?? [];
 * if (file) console.log(await pictureFromBlob(file));
 */
export async function pictureFromBlob(blob: BlobLike): Promise<Picture> {
  if (typeof createImageBitmap !== 'function') {
    throw new LanewiseError(
      'UNSUPPORTED',
      'pictureFromBlob decodes with a browser, and this is none; in Node, decodePicture of lanewise/vision/node reads files',
    );
  }
  const what = typeof (blob as Partial<File> | null)?.name === 'string' ? (blob as File).name || 'the picture' : 'the picture';
  let bitmap: ImageBitmap;
  try {
    bitmap = await createImageBitmap(blob as Blob, {
      imageOrientation: 'from-image',
      colorSpaceConversion: 'none',
      premultiplyAlpha: 'none',
    });
  } catch (cause) {
    throw new LanewiseError('INVALID_FILE', `${what} is not a picture that this browser decodes (${blob?.type || 'no type'})`, { cause });
  }
  try {
    return drawPicture(bitmap, bitmap.width, bitmap.height, what);
  } finally {
    bitmap.close();
  }
}
