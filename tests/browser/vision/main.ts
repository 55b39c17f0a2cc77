import { type Drawable, pictureFrom, pictureFromBlob } from '../../../src/vision/index.ts';
import { usesSimd } from '../../../src/vision/simd.ts';
import { prepare } from './prepare.ts';

type Plain = { width: number; height: number; data: number[] };

/** SHA-256 of each result. */
async function hashes({ width, height, data }: Plain): Promise<Record<string, string>> {
  const made = Object.entries(prepare({ width, height, data: Uint8Array.from(data) }));
  const digests = made.map(async ([name, bytes]) => {
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource));
    return [name, Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')] as const;
  });
  return Object.fromEntries(await Promise.all(digests));
}

/** The bytes that come back from each kind of source that shows an opaque RGBA picture. */
async function sources({ width, height, data }: Plain): Promise<Record<string, number[]>> {
  const pixels = new ImageData(Uint8ClampedArray.from(data), width, height);
  const canvas = Object.assign(document.createElement('canvas'), { width, height });
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  const offscreen = new OffscreenCanvas(width, height);
  offscreen.getContext('2d')?.putImageData(pixels, 0, 0);
  const blob = await offscreen.convertToBlob();
  const image = new Image();
  image.src = URL.createObjectURL(blob);
  await image.decode();
  // The size on the page is another one.
  Object.assign(image, { width: 3, height: 5 });
  const bitmap = await createImageBitmap(pixels);
  const frame = new VideoFrame(canvas, { timestamp: 0 });
  const drawables: Record<string, Drawable> = { canvas, offscreen, image, bitmap, frame };
  const pictures = Object.entries(drawables).map(([name, source]) => [name, pictureFrom(source)] as const);
  pictures.push(['ImageData', pictureFrom(pixels)], ['blob', await pictureFromBlob(blob)]);
  frame.close();
  return Object.fromEntries(
    pictures.map(([name, picture]) => {
      if (picture.width !== width || picture.height !== height || picture.channels !== 4) throw new Error(`the size of ${name}`);
      return [name, [...picture.data]];
    }),
  );
}

/** What is said of sources that have no pixels. */
async function refusals(): Promise<Record<string, string>> {
  const closed = await createImageBitmap(new ImageData(2, 2));
  closed.close();
  const wrong: Record<string, unknown> = {
    closed,
    image: new Image(),
    video: document.createElement('video'),
    element: document.createElement('p'),
    huge: Object.assign(document.createElement('canvas'), { width: 100_000, height: 100_000 }),
  };
  return Object.fromEntries(
    Object.entries(wrong).map(([name, source]) => {
      try {
        pictureFrom(source as Drawable);
        return [name, 'no error'];
      } catch (error) {
        return [name, `${(error as { code?: string }).code}: ${(error as Error).message}`];
      }
    }),
  );
}

const page = { hashes, sources, refusals, usesSimd: async () => usesSimd() };
export type VisionPage = typeof page;
Object.assign(globalThis, page);
