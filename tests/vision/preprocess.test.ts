import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import { decodePicture } from '../../src/vision/decode.ts';
import {
  cifar10,
  fitPicture,
  imagenet,
  labelsFromConfig,
  type Preprocessing,
  readPreprocessorConfig,
  toTensor,
} from '../../src/vision/index.ts';
import { invalid, noise, sha256, withAlpha } from './pictures.ts';

const models = new URL('../../models/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, models));
const json = (path: string): unknown => JSON.parse(read(`cifar10-resnet20/${path}`).toString());
const catFile = read('cat.png');
const cat = await decodePicture(catFile, 'cat.png');

/** The float32 values of a reference input: raw_data ends the file. */
function reference(set: number, pictures: number): Float32Array {
  const bytes = read(`cifar10-resnet20/test_data_set_${set}/input_0.pb`);
  return new Float32Array(Uint8Array.from(bytes.subarray(bytes.length - pictures * 3 * 32 * 32 * 4)).buffer);
}

/** The reference worked in float32 throughout, so it may be off by a rounding; a byte that differs is at least 0.014 off. */
const largestDifference = (a: Float32Array, b: Float32Array) =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

test("cat.png is the default model's reference input", () => {
  const tensor = toTensor(cat, cifar10);
  expect(tensor.dims).toEqual([1, 3, 32, 32]);
  expect(largestDifference(tensor.data, reference(0, 1))).toBeLessThan(2e-7);
});

test('the cat mirrored and squashed is the second reference input', async () => {
  const { crop: _, ...squash } = cifar10;
  const mirrored = await decodePicture(await sharp(catFile).flop().png().toBuffer(), 'mirrored');
  expect(largestDifference(toTensor(mirrored, squash).data, reference(1, 1))).toBeLessThan(2e-7);
});

test('a batch of the centre square of the cat turned is the fourth reference input', async () => {
  const square = sharp(catFile).extract({ left: 75, top: 0, width: 300, height: 300 });
  const files = [0, 270, 180, 90].map((angle) => square.clone().rotate(angle).png().toBuffer());
  const turned = await Promise.all(files.map(async (file) => decodePicture(await file, 'turned')));
  const tensor = toTensor(turned, cifar10);
  expect(tensor.dims).toEqual([4, 3, 32, 32]);
  expect(largestDifference(tensor.data, reference(3, 4))).toBeLessThan(2e-7);
});

// SHA-256 of the bytes after torchvision's Resize(256) and CenterCrop(224) rules, with Pillow 9.4.0; odd widths round both ways.
test.each([
  ['cat.png, shorter side 300', cat, 'd2380d7104e4d7d5ba262b5731ac6b0fa74c50f04e93471053462f00c462c25f'],
  ['381 wide, cut at 78', noise(79, 53), 'a262a8d5d519d930001f81ebbfb978940c0886cbe9329ed77f167c66d5fb9921'],
  ['391 wide, cut at 84', noise(81, 53), 'dca4259d82a6fcec7273d2e86924d2628dfcb13a78eea0b07268ab1ecef26e3a'],
  ['391 high, cut at 84', noise(53, 81), '10ee936169dc6f75b8d14b715435b554c804a8575b1d281ecdcb9755c0739128'],
  ['256 high already', noise(300, 256), '2ca325f64a32e14db6dc5ce8e28e0571ee0d0f69d3f368be8d767dc45e3d8213'],
])("the ImageNet preset keeps torchvision's bytes: %s", (_, picture, hash) => {
  const fitted = fitPicture(picture, imagenet);
  expect([fitted.width, fitted.height]).toEqual([224, 224]);
  expect(sha256(fitted.data)).toBe(hash);
  expect(toTensor(picture, imagenet).dims).toEqual([1, 3, 224, 224]);
});

test('each value is (byte / 255 - mean) / std in float64, rounded once; planes of red, green, blue', () => {
  const pair = [noise(3, 2), noise(3, 2, 4)];
  const { mean, std } = imagenet;
  const tensor = toTensor(pair, { mean, std });
  expect(tensor.dims).toEqual([2, 3, 2, 3]);
  pair.forEach(({ data, channels }, n) => {
    for (let c = 0; c < 3; c++) {
      for (let i = 0; i < 6; i++) {
        const byte = data[i * channels + c] as number;
        expect(tensor.data[(n * 3 + c) * 6 + i]).toBe(Math.fround((byte / 255 - (mean[c] as number)) / (std[c] as number)));
      }
    }
  });
});

test('the centre crop rounds down or to even, and pads with black', () => {
  // One row whose red bytes are 1, 2, 3 ...
  const row = (width: number) => ({
    width,
    height: 1,
    channels: 3 as const,
    data: Uint8Array.from({ length: width * 3 }, (_, i) => i / 3 + 1),
  });
  const reds = (width: number, cut: number, rounding?: 'down' | 'even') => {
    const { data } = fitPicture(row(width), { centerCrop: { width: cut, height: 1, rounding }, mean: [], std: [] });
    return Array.from({ length: cut }, (_, i) => data[i * 3]);
  };
  expect(reds(5, 2)).toEqual([2, 3]);
  expect(reds(5, 2, 'even')).toEqual([3, 4]);
  expect(reds(7, 2)).toEqual([3, 4]);
  expect(reds(7, 2, 'even')).toEqual([3, 4]);
  expect(reds(6, 2, 'even')).toEqual([3, 4]);
  // Where the crop is wider, Hugging Face puts the odd column first, torchvision last.
  expect(reds(1, 4)).toEqual([0, 0, 1, 0]);
  expect(reds(1, 4, 'even')).toEqual([0, 1, 0, 0]);
});

test('the centre square leaves an odd pixel to the right and the bottom', () => {
  const { data } = noise(4, 3);
  const square = fitPicture(noise(4, 3), { crop: 'center_square', mean: [], std: [] });
  expect([...square.data]).toEqual([0, 1, 2].flatMap((y) => [...data.subarray(y * 12, y * 12 + 9)]));
});

test('alpha changes nothing', () => {
  expect(toTensor(withAlpha(noise(50, 41)), cifar10)).toEqual(toTensor(noise(50, 41), cifar10));
});

test('wrong pictures, batches and preprocessing are refused', () => {
  const scale = { mean: [0, 0, 0], std: [1, 1, 1] };
  expect(() => toTensor([], scale)).toThrow(invalid(/empty list/));
  expect(() => toTensor([noise(2, 2), noise(3, 2)], scale)).toThrow(invalid(/picture 0 has 2×2, picture 1 has 3×2/));
  // What holds a picture and is none.
  for (const [given, got] of [
    [null, 'null'],
    [new Blob([]), 'Blob'],
    [new Uint8Array(3), 'Uint8Array'],
    [{ width: 2, height: 2 }, 'an object'],
  ])
    expect(() => toTensor(given as never, scale)).toThrow(invalid(new RegExp(`is { width, height, data }, got ${got}: .*pictureFromBlob`)));
  for (const bad of [
    { mean: [0, 0] },
    { mean: [0] },
    { std: [1, 0, 1] },
    { mean: [0, Number.NaN, 0] },
    { divisor: 0 },
    { std: undefined as never },
    { mean: new Array(3) },
    { std: new Array(3) },
  ]) {
    expect(() => toTensor(noise(2, 2), { ...scale, ...bad })).toThrow(invalid(/3 or 1 means, as many stds/));
  }
  expect(() => toTensor(noise(2, 2), { ...scale, resize: { shortestEdge: 0 } })).toThrow(invalid(/shortest edge/));
  expect(() => toTensor(noise(2, 2), { ...scale, resize: { width: 2, height: 0.5 } })).toThrow(invalid(/2×0\.5/));
  expect(() => toTensor(noise(2, 2), { ...scale, filter: 'sinc' as never })).toThrow(invalid(/no filter 'sinc'/));
  for (const size of [224, 'all', Number.NaN] as never[]) {
    expect(() => toTensor(noise(2, 2), { ...scale, resize: size })).toThrow(invalid(/resize of a preprocessing are an object/));
    expect(() => toTensor(noise(2, 2), { ...scale, centerCrop: size })).toThrow(invalid(/centerCrop of a preprocessing are an object/));
  }
  // A batch with an empty place is no batch of black.
  expect(() => toTensor(Object.assign(new Array(3), [noise(2, 2)]), scale)).toThrow(invalid(/, got undefined/));
  expect(() => toTensor(noise(2, 2), scale, 'NHWC' as never)).toThrow(invalid(/options of toTensor are an object, got .NHWC./));
  for (const none of [null, undefined, 'imagenet'])
    expect(() => toTensor(noise(2, 2), none as never)).toThrow(invalid(/a preprocessing, such as the preset imagenet, are an object/));
  expect(() => toTensor(noise(2, 2), { ...scale, crop: 'circle' as never })).toThrow(invalid(/got 'circle'/));
});

test("the default model's files say what the preset says", () => {
  const read = readPreprocessorConfig(json('preprocessor_config.json'));
  for (const picture of [cat, noise(33, 90), noise(32, 32), noise(1, 5)])
    expect(toTensor(picture, read)).toEqual(toTensor(picture, cifar10));
  expect(labelsFromConfig(json('config.json'))).toEqual(cifar10.labels);
  const { id2label, label2id } = json('config.json') as { id2label: Record<string, string>; label2id: Record<string, number> };
  expect(Object.entries(label2id)).toEqual(Object.entries(id2label).map(([id, label]) => [label, Number(id)]));
});

const normal = { image_mean: [0.5, 0.5, 0.5], image_std: [0.25, 0.25, 0.25] };
const half = { divisor: 255, mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const size = { width: 96, height: 64 };

const configs: [string, object, Preprocessing][] = [
  ['a number is a square', { size: 224 }, { ...half, resize: { width: 224, height: 224 } }],
  ['height and width', { size }, { ...half, resize: size }],
  [
    'shortest_edge and no crop',
    { size: { shortest_edge: 64 }, do_center_crop: false, crop_size: 3 },
    { ...half, resize: { shortestEdge: 64 } },
  ],
  [
    'a number is the shorter side where a crop follows',
    { size: 256, do_center_crop: true, crop_size: 224, resample: 2, image_processor_type: 'CLIPImageProcessor' },
    { ...half, resize: { shortestEdge: 256 }, centerCrop: { width: 224, height: 224 } },
  ],
  ['a crop_size alone means a crop', { size, crop_size: size, do_pad: null }, { ...half, resize: size, centerCrop: size }],
  ['bicubic', { size, resample: 3 }, { ...half, resize: size, filter: 'bicubic' }],
  ['nearest', { size, resample: 0 }, { ...half, resize: size, filter: 'nearest' }],
  ['no resize, no matter the filter', { do_resize: false, size: 'any', resample: 3 }, half],
  ['no rescale', { size, do_rescale: false }, { ...half, divisor: 1, resize: size }],
  ['a rescale_factor', { size, rescale_factor: 0.00784313725490196 }, { ...half, divisor: 127.5, resize: size }],
  ['no normalize', { size, do_normalize: false, image_mean: null }, { divisor: 255, mean: [0, 0, 0], std: [1, 1, 1], resize: size }],
  ['one mean for all channels', { size, image_mean: 0.1 }, { ...half, mean: [0.1, 0.1, 0.1], resize: size }],
  ['a centre square first', { size: 32, crop: 'center_square' }, { ...half, crop: 'center_square', resize: { width: 32, height: 32 } }],
  [
    "ConvNext's crop_pct",
    { size: 224, crop_pct: 0.875, feature_extractor_type: 'ConvNextFeatureExtractor' },
    { ...half, resize: { shortestEdge: 256 }, centerCrop: { width: 224, height: 224 } },
  ],
  [
    "ConvNext's crop_pct where it is left out",
    { size: { shortest_edge: 112 }, image_processor_type: 'ConvNextImageProcessor' },
    { ...half, resize: { shortestEdge: 128 }, centerCrop: { width: 112, height: 112 } },
  ],
  ['ConvNext from 384 on', { size: { shortest_edge: 384 }, crop_pct: 1 }, { ...half, resize: { width: 384, height: 384 } }],
];

test.each(configs)('reads a preprocessor_config.json: %s', (_, config, expected) => {
  expect(readPreprocessorConfig({ ...normal, ...config })).toEqual(expected);
});

const refused: [object, string, RegExp][] = [
  [{ size, resample: 1 }, 'UNSUPPORTED', /^net\/p\.json has "resample": 1; Lanewise knows 0 .*2 \(bilinear\), 3 .*, not lanczos$/],
  [{ size, resample: 'x' }, 'UNSUPPORTED', /"resample": "x"/],
  [{ size, do_flip_channel_order: true }, 'UNSUPPORTED', /do_flip_channel_order/],
  [{ size, do_pad: true }, 'UNSUPPORTED', /do_pad/],
  [{ size, crop: 'circle' }, 'UNSUPPORTED', /"crop": "circle"/],
  [{ size: { shortest_edge: 800, longest_edge: 1333 } }, 'UNSUPPORTED', /longest_edge/],
  [{}, 'INVALID_FILE', /"size" in net\/p\.json is .*, got nothing/],
  [{ size: 0 }, 'INVALID_FILE', /"size".*got 0/],
  [{ size: '224' }, 'INVALID_FILE', /"size".*got "224"/],
  [{ size: { height: 224 } }, 'INVALID_FILE', /"size"/],
  [{ size: { ...size, crop_pct: 2 }, crop_pct: 1 }, 'INVALID_FILE', /"size".*shortest_edge/],
  [{ size: 224, crop_pct: 0 }, 'INVALID_FILE', /"crop_pct"/],
  [{ size, do_center_crop: true }, 'INVALID_FILE', /"crop_size"/],
  [{ size, crop_size: { shortest_edge: 3 } }, 'INVALID_FILE', /"crop_size"/],
  [{ size, do_resize: 'yes' }, 'INVALID_FILE', /"do_resize".*true or false/],
  [{ size, image_mean: undefined }, 'INVALID_FILE', /"image_mean".*three numbers.*got nothing/],
  [{ size, image_std: [1, 1] }, 'INVALID_FILE', /"image_std".*got \[1,1\]/],
  [{ size, image_std: [1, 0, 1] }, 'INVALID_FILE', /"image_std".*other than 0/],
  [{ size, rescale_factor: 0 }, 'INVALID_FILE', /"rescale_factor"/],
];

test.each(refused)('refuses %j', (config, code, message) => {
  expect(() => readPreprocessorConfig({ ...normal, ...config }, 'net/p.json')).toThrow(invalid(message, code));
});

test('refuses what is not an object', () => {
  for (const value of [undefined, null, 3, 'text', []]) {
    expect(() => readPreprocessorConfig(value, 'net/p.json')).toThrow(invalid(/^net\/p\.json holds a JSON object/, 'INVALID_FILE'));
  }
});
