import { Tensor } from '../../src/graph/tensor.ts';
import { fitPicture, imagenet, mnist, type Preprocessing, toPicture, toTensor } from '../../src/vision/index.ts';
import { invalid, noise } from './pictures.ts';

/** Every byte in every channel, at other places. */
const everyByte = {
  width: 16,
  height: 16,
  channels: 3 as const,
  data: Uint8Array.from({ length: 768 }, (_, i) => (Math.floor(i / 3) + (i % 3) * 85) % 256),
};
const values: Preprocessing = { mean: imagenet.mean, std: imagenet.std };

test('NHWC holds what NCHW holds', () => {
  const pair = [noise(5, 3), noise(5, 3, 4)];
  const planes = toTensor(pair, values);
  const pixels = toTensor(pair, values, { layout: 'NHWC' });
  expect(pixels.dims).toEqual([2, 3, 5, 3]);
  for (let n = 0; n < 2; n++) {
    for (let c = 0; c < 3; c++) {
      for (let p = 0; p < 15; p++) expect(pixels.data[(n * 15 + p) * 3 + c]).toBe(planes.data[(n * 3 + c) * 15 + p]);
    }
  }
  expect(() => toTensor(pair, values, { layout: 'CHWN' as never })).toThrow(invalid(/NCHW or NHWC, got 'CHWN'/));
});

test('one mean makes the picture grey, as ITU-R 601 weighs colours', () => {
  const colours = [255, 0, 0, 0, 255, 0, 0, 0, 255, 90, 90, 90];
  const tensor = toTensor({ width: 4, height: 1, data: Uint8Array.from(colours) }, { mean: [0], std: [1], divisor: 1 });
  expect(tensor.dims).toEqual([1, 1, 1, 4]);
  expect([...tensor.data]).toEqual([76, 150, 29, 90]);
  expect(toTensor(noise(40, 30), mnist).dims).toEqual([1, 1, 28, 28]);
  expect(toTensor(noise(40, 30), mnist, { layout: 'NHWC' }).dims).toEqual([1, 28, 28, 1]);
});

test.each<[string, Preprocessing]>([
  ['imagenet', values],
  ['-1 to 1', { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }],
  ['bytes', { mean: [103.939, 116.779, 123.68], std: [1, 1, 1], divisor: 1 }],
  ['a negative std', { mean: [0.4, 0.5, 0.6], std: [-0.25, 0.1, 3] }],
])('toPicture undoes toTensor, byte for byte: %s', (_, preprocessing) => {
  for (const layout of ['NCHW', 'NHWC'] as const) {
    const tensor = toTensor([noise(16, 16), everyByte], preprocessing, { layout });
    expect(toPicture(tensor, { ...preprocessing, layout, index: 1 })).toEqual(everyByte);
    expect(toPicture(tensor, { ...preprocessing, layout }).data).toEqual(noise(16, 16).data);
  }
});

const bytesOf = (numbers: number[], options = {}) => {
  const { data } = toPicture(new Tensor('float32', numbers, [1, numbers.length]), options);
  return numbers.map((_, i) => {
    expect([data[i * 3 + 1], data[i * 3 + 2]]).toEqual([data[i * 3], data[i * 3]]);
    return data[i * 3];
  });
};

test('values are rounded, a half to even, and clamped; NaN is black', () => {
  expect(bytesOf([0.4, 0.5, 0.6, 1.5, 2.5, 254.5, 255.5, -3, 300], { divisor: 1 })).toEqual([0, 0, 1, 2, 2, 254, 255, 0, 255]);
  expect(bytesOf([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1, 0.5])).toEqual([0, 255, 0, 255, 128]);
});

test('stretch shows the least value black and the largest white', () => {
  expect(bytesOf([-2, 0, 2, 3], { stretch: true })).toEqual([0, 102, 204, 255]);
  expect(bytesOf([7, 7], { stretch: true })).toEqual([0, 0]);
  expect(bytesOf([-1, Number.NaN, 1, Number.POSITIVE_INFINITY], { stretch: true })).toEqual([0, 0, 255, 255]);
});

test('a channel of a feature map, a filter of a convolution, and other types', () => {
  const maps = new Tensor(
    'float32',
    Float32Array.from({ length: 2 * 5 * 2 * 3 }, (_, i) => i),
    [2, 5, 2, 3],
  );
  const shown = toPicture(maps, { index: 1, channel: 4, divisor: 1 });
  expect(shown).toMatchObject({ width: 3, height: 2, channels: 3 });
  expect([...shown.data].filter((_, i) => i % 3 === 0)).toEqual([54, 55, 56, 57, 58, 59]);
  const last = toPicture(maps, { index: 1, channel: 2, divisor: 1, layout: 'NHWC' });
  expect(last).toMatchObject({ width: 2, height: 5 });
  expect(last.data[0]).toBe(32);
  const filter = new Tensor(
    'float32',
    Float32Array.from({ length: 3 * 2 * 2 }, (_, i) => i / 255),
    [3, 2, 2],
  );
  expect([...toPicture(filter).data]).toEqual([0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11]);
  expect([...toPicture(new Tensor('int64', [1n, 300n, -1n], [3, 1]), { divisor: 1 }).data]).toEqual([1, 1, 1, 255, 255, 255, 0, 0, 0]);
  expect([...toPicture(new Tensor('bool', [1, 0], [1, 2])).data]).toEqual([255, 255, 255, 0, 0, 0]);
  // One channel of three, by its own mean.
  const tensor = toTensor(everyByte, values);
  const green = toPicture(tensor, { ...values, channel: 1 });
  expect([...green.data].filter((_, i) => i % 3 === 0)).toEqual([...everyByte.data].filter((_, i) => i % 3 === 1));
});

test('what is no picture is refused', () => {
  const zeros = (...dims: number[]) => new Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);
  expect(() => toPicture(zeros(4))).toThrow(invalid(/\[4\].*2 to 4 dimensions/));
  expect(() => toPicture(zeros(1, 1, 3, 2, 2))).toThrow(invalid(/2 to 4 dimensions/));
  expect(() => toPicture(zeros(1, 3, 0, 2))).toThrow(invalid(/none of them 0/));
  expect(() => toPicture(zeros(1, 64, 2, 2))).toThrow(invalid(/64 channels: choose one/));
  for (const index of [2, -1, 0.5, Number.NaN]) expect(() => toPicture(zeros(2, 3, 2, 2), { index })).toThrow(invalid(/has index 0 to 1/));
  expect(() => toPicture(zeros(2, 3, 2, 2), { channel: 3 })).toThrow(invalid(/has channel 0 to 2, got 3/));
  expect(() => toPicture(zeros(1, 3, 2, 2), { layout: 'HW' as never })).toThrow(invalid(/NCHW or NHWC/));
  expect(() => toPicture(zeros(1, 1, 2, 2), imagenet)).toThrow(invalid(/1 means/));
  expect(() => toPicture(zeros(1, 3, 2, 2), { divisor: 0 })).toThrow(invalid(/divisor 0/));
  expect(() => toPicture(zeros(1, 3, 2, 2), { mean: [0, 0, Number.NaN] })).toThrow(invalid(/mean \[0, 0, NaN\]/));
  for (const wrong of [null, undefined, {}, { type: 'float32', data: [1] }]) {
    expect(() => toPicture(wrong as never)).toThrow(invalid(/tensor/));
  }
  expect(() => toPicture(zeros(2, 2), 3 as never)).toThrow(invalid(/options of toPicture are an object, got 3/));
  expect(toPicture(zeros(2, 2), null as never).width).toBe(2);
});

describe('into', () => {
  const tensor = (...dims: number[]) => new Tensor(new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);

  test.each<[string, Preprocessing]>([
    ['as it is', values],
    ['cropped and resized', { ...values, crop: 'center_square', resize: { width: 9, height: 7 } }],
    ['with black around it', { ...values, centerCrop: { width: 40, height: 44 } }],
    ['by its shorter edge, and cropped', { ...values, resize: { shortestEdge: 12 }, centerCrop: { width: 11, height: 13 } }],
    ['grey', { ...mnist, crop: 'center_square' }],
  ])('a tensor is filled, again and again, whatever was in it and on the way: %s', (_, preset) => {
    for (const layout of ['NCHW', 'NHWC'] as const) {
      const { dims } = toTensor(noise(30, 20), preset, { layout });
      const into = tensor(...dims);
      // Larger and smaller pictures, black and RGBA ones.
      for (const picture of [
        noise(30, 20),
        noise(30, 20, 4),
        everyByte,
        { width: 30, height: 20, data: new Uint8Array(1800) },
        noise(30, 20),
      ]) {
        const expected = toTensor(picture, preset, { layout });
        if (String(expected.dims) !== String(dims)) continue;
        expect(toTensor(picture, preset, { layout, into })).toBe(into);
        expect(into).toEqual(expected);
      }
    }
  });

  test('a batch, and a tensor for every size, in turns', () => {
    const preset: Preprocessing = { ...values, crop: 'center_square', resize: { width: 8, height: 8 } };
    const pair = tensor(2, 3, 8, 8);
    const one = tensor(1, 3, 8, 8);
    for (let i = 0; i < 3; i++) {
      const pictures = [noise(20 + i, 15), noise(40 - i, 33, 4)];
      expect(toTensor(pictures, preset, { into: pair })).toEqual(toTensor(pictures, preset));
      expect(toTensor(pictures[1] as never, preset, { into: one })).toEqual(toTensor(pictures[1] as never, preset));
      const kept = pair.data.slice();
      expect(fitPicture(noise(60, 50), preset).data.length).toBe(192);
      expect(pair.data).toEqual(kept);
    }
  });

  test('a picture that was fitted before keeps its bytes', () => {
    const preset: Preprocessing = { ...values, resize: { width: 8, height: 8 } };
    const into = tensor(1, 3, 8, 8);
    toTensor(noise(20, 20), preset, { into });
    const fitted = fitPicture(noise(9, 9), preset);
    const bytes = fitted.data.slice();
    toTensor(noise(30, 30), preset, { into });
    expect(fitted.data).toEqual(bytes);
  });

  test.each<[unknown, RegExp]>([
    [tensor(1, 3, 4, 4), /the tensor to fill is \[1, 3, 4, 4\]; these pictures make \[1, 3, 2, 2\]/],
    [tensor(3, 2, 2), /the tensor to fill is \[3, 2, 2\]/],
    [new Tensor(new Float64Array(12), [1, 3, 2, 2]), /toTensor fills a tensor of float32, got one of float64/],
    [new Float32Array(12), /toTensor fills a tensor of float32, got Float32Array/],
    [{ type: 'float32', data: new Float32Array(3), dims: [1, 3, 2, 2] }, /holds 12 elements, got 3/],
    [3, /toTensor fills a tensor of float32, got 3/],
  ])('%p is refused', (into, message) => {
    expect(() => toTensor(noise(2, 2), values, { into: into as never })).toThrow(invalid(message));
  });
});
