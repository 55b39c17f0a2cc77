import { pictureFrom, pictureFromBlob } from '../../src/vision/index.ts';
import { invalid, noise } from './pictures.ts';

// The browser's part, faked; tests/browser draws for real.
const jest = import.meta.jest;
const drawImage = jest.fn();
const getImageData = jest.fn((_x: number, _y: number, w: number, h: number) => ({ data: new Uint8ClampedArray(w * h * 4).fill(7) }));

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'OffscreenCanvas');
  Reflect.deleteProperty(globalThis, 'document');
});

const withOffscreen = () => {
  const OffscreenCanvas = function (this: object) {
    Object.assign(this, { getContext: () => ({ drawImage, getImageData }) });
  };
  Object.assign(globalThis, { OffscreenCanvas });
};

test('what holds its bytes is handed back, with a canvas or without', () => {
  const picture = noise(3, 2);
  expect(pictureFrom(picture).data).toBe(picture.data);
  const { width, height, data } = noise(3, 2, 4);
  expect(pictureFrom({ width, height, data })).toEqual({ width, height, channels: 4, data });
  expect(() => pictureFrom({ width: 5, height, data })).toThrow(invalid(/5×2/));
});

test('the size is the own one, not the one on the page', () => {
  withOffscreen();
  const shapes = [
    { width: 5, height: 4 },
    { width: 90, height: 80, naturalWidth: 5, naturalHeight: 4 },
    { width: 90, height: 80, videoWidth: 5, videoHeight: 4 },
    { codedWidth: 16, codedHeight: 16, displayWidth: 5, displayHeight: 4 },
  ];
  for (const source of shapes) {
    expect(pictureFrom(source)).toEqual({ width: 5, height: 4, channels: 4, data: new Uint8ClampedArray(80).fill(7) });
    expect(drawImage).toHaveBeenLastCalledWith(source, 0, 0, 5, 4);
  }
});

test('a page without OffscreenCanvas makes a canvas of its own', () => {
  const canvas = { width: 0, height: 0, getContext: () => ({ drawImage, getImageData }) };
  Object.assign(globalThis, { document: { createElement: () => canvas } });
  expect(pictureFrom({ width: 2, height: 1 })).toMatchObject({ width: 2, height: 1, channels: 4 });
  expect(canvas).toMatchObject({ width: 2, height: 1 });
});

test('what has no pixels, or pixels that may not be read, is refused', () => {
  withOffscreen();
  const image = { width: 9, height: 9, naturalWidth: 0, naturalHeight: 0 };
  expect(() => pictureFrom(image)).toThrow(invalid(/0×0 pixels: it is not loaded/));
  expect(() => pictureFrom({ width: Number.NaN, height: 2 })).toThrow(invalid(/NaN×2/));
  for (const wrong of [null, undefined, 3, 'cat.png', {}, { width: '3', height: 2 }, [1]]) {
    expect(() => pictureFrom(wrong as never)).toThrow(invalid(/pictureFrom takes pixels or what a canvas draws, got/));
  }
  expect(() => pictureFrom(new Blob([]) as never)).toThrow(invalid(/got Blob; files and blobs go through pictureFromBlob/));
  drawImage.mockImplementationOnce(() => {
    throw new TypeError('not of type CanvasImageSource');
  });
  expect(() => pictureFrom({ width: 1, height: 1 })).toThrow(invalid(/cannot be drawn .*CanvasImageSource/));
  getImageData.mockImplementationOnce(() => {
    throw Object.assign(new Error('tainted'), { name: 'SecurityError' });
  });
  expect(() => pictureFrom({ width: 1, height: 1 })).toThrow(invalid(/another origin/));
  getImageData.mockImplementationOnce(() => {
    throw new RangeError('Out of memory');
  });
  expect(() => pictureFrom({ width: 1, height: 1 })).toThrow(invalid(/1×1 pixels is more than a canvas holds/, 'TOO_LARGE'));
});

test('outside browsers the error says what to do', async () => {
  expect(() => pictureFrom({ width: 2, height: 2 })).toThrow(invalid(/no canvas here.*decodePicture/, 'UNSUPPORTED'));
  await expect(pictureFromBlob(new Blob([]))).rejects.toEqual(invalid(/this is none.*decodePicture/, 'UNSUPPORTED'));
});
