import { bytesOf, checkText, kindOf, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { checkPicture, type Picture } from './picture.ts';
import { loadSharp } from './sharp.ts';

/** Formats by sharp's names; 'heif' includes AVIF. */
const formats = ['jpeg', 'png', 'webp', 'gif', 'heif', 'tiff'];
const formatNames = 'JPEG, PNG, WebP, GIF, AVIF and TIFF';

/**
 * Decodes a picture file in Node, through the optional package sharp: JPEG, PNG, WebP, GIF (the first frame), AVIF, TIFF.
 * The picture is turned according to its EXIF orientation; grey, CMYK and 16 bits per channel become 8-bit RGB; alpha is
 * dropped, not blended. Colour profiles are ignored, as Pillow ignores them and as `pictureFromBlob` does.
 *
 * @param bytes the file's content
 * @param what names the file in errors
 * @returns the picture as RGB
 * @throws LanewiseError INVALID_INPUT for anything but a Uint8Array, INVALID_FILE if the bytes are not a whole picture in
 *   one of the formats, TOO_LARGE over sharp's limit of 268 million pixels, MISSING_DEPENDENCY without sharp
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { decodePicture } from 'lanewise/vision/node';
 *
 * const { width, height } = await decodePicture(await readFile('cat.jpg'), 'cat.jpg');
 */
export async function decodePicture(bytes: Uint8Array, what = 'the file'): Promise<Picture> {
  // Checked by name, because bytes may come from another realm. sharp would take a path too, but then errors would be its
  // own.
  if (kindOf(bytes) !== 'Uint8Array')
    throw new LanewiseError('INVALID_INPUT', `decodePicture takes a file's bytes as a Uint8Array, got ${shown(bytes)}`);
  checkText("a file's name", what);
  bytesOf(bytes, what);
  const sharp = await loadSharp('picture files are decoded by the optional package sharp: npm install sharp');
  try {
    // 'error' includes a missing end; sharp's default also refuses what decoders only warn of, such as stray bytes between
    // segments.
    const image = sharp(bytes, { failOn: 'error', ignoreIcc: true });
    const { format } = await image.metadata();
    if (!formats.includes(format)) throw new Error(`the format is ${format}`);
    // rotate() without an angle is the autoOrient() of newer versions of sharp.
    const { data, info } = await image
      .rotate()
      .toColourspace('srgb')
      .removeAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return checkPicture({
      width: info.width,
      height: info.height,
      channels: 3,
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.trim() : String(cause);
    if (/pixel limit/i.test(reason)) throw new LanewiseError('TOO_LARGE', `${what} has more pixels than are decoded: ${reason}`, { cause });
    throw new LanewiseError('INVALID_FILE', `${what} is not a whole picture in a known format (${formatNames} are read): ${reason}`, {
      cause,
    });
  }
}
