import { pictureFromBlob } from '../../src/vision/index.ts';
import { invalid } from './pictures.ts';

// The browser's part, faked: a 3×2 bitmap, and a canvas whose pixels count up.
const jest = import.meta.jest;
const close = jest.fn();
const createImageBitmap = jest.fn(async () => ({ width: 3, height: 2, close }));
const drawImage = jest.fn();
class OffscreenCanvas {
  constructor(
    readonly width: number,
    readonly height: number,
  ) {}
  getContext() {
    if (this.width > 1000) return null;
    return {
      drawImage,
      getImageData: (_x: number, _y: number, w: number, h: number) => ({
        data: Uint8ClampedArray.from({ length: w * h * 4 }, (_, i) => i),
      }),
    };
  }
}
Object.assign(globalThis, { createImageBitmap, OffscreenCanvas });

test('a blob becomes RGBA, turned by EXIF, without colour conversion', async () => {
  const blob = new Blob(['bytes']);
  const picture = await pictureFromBlob(blob);
  expect(picture).toMatchObject({ width: 3, height: 2, channels: 4 });
  expect([...picture.data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  const options = { imageOrientation: 'from-image', colorSpaceConversion: 'none', premultiplyAlpha: 'none' };
  expect(createImageBitmap).toHaveBeenLastCalledWith(blob, options);
  expect(drawImage).toHaveBeenCalledTimes(1);
  expect(close).toHaveBeenCalledTimes(1);
});

test('what the browser cannot decode is named', async () => {
  createImageBitmap.mockRejectedValueOnce(new Error('The source image could not be decoded.'));
  await expect(pictureFromBlob(new File(['text'], 'notes.txt', { type: 'text/plain' }))).rejects.toEqual(
    invalid(/^notes\.txt is not a picture .*text\/plain/, 'INVALID_FILE'),
  );
});

test('more than a canvas holds is refused, and the bitmap is let go', async () => {
  createImageBitmap.mockResolvedValueOnce({ width: 1001, height: 2, close });
  close.mockClear();
  await expect(pictureFromBlob(new Blob([]))).rejects.toEqual(invalid(/1001×2/, 'TOO_LARGE'));
  expect(close).toHaveBeenCalledTimes(1);
});
