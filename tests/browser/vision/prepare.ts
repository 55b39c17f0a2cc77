import { flipHorizontal, imagenet, imagenetBicubic, type PictureLike, resize, toPicture, toTensor } from '../../../src/vision/index.ts';

/** What a picture becomes on each of the ways; the same bytes in Node, in a browser, and where WebAssembly is forbidden. */
export function prepare(picture: PictureLike): Record<string, Uint8Array> {
  const { data } = toTensor(picture, imagenet);
  const made: Record<string, { data: Uint8Array | Uint8ClampedArray | Float32Array }> = {
    bilinear: resize(picture, 97, 61),
    bicubic: resize(picture, 233, 401, { filter: 'bicubic' }),
    box: resize(picture, 50, 30, { filter: 'box', box: [0.5, 1.25, 99.75, 80] }),
    nearest: resize(picture, 301, 21, { filter: 'nearest' }),
    imagenet: { data },
    imagenetBicubic: toTensor(picture, imagenetBicubic, { layout: 'NHWC' }),
    back: toPicture(toTensor(flipHorizontal(picture), { mean: [0.1, 0.2, 0.3], std: [1, 2, 3] }), { stretch: true }),
  };
  return Object.fromEntries(
    Object.entries(made).map(([name, { data }]) => [name, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)]),
  );
}
