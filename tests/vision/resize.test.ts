import fc from 'fast-check';
import { checkPicture, cropPicture, type Picture, resizeBilinear } from '../../src/vision/index.ts';
import { invalid, noise, sha256, withAlpha } from './pictures.ts';

type Box = [number, number, number, number];

// SHA-256 of Image.frombytes('RGB', (w, h), noise).resize((W, H), Image.BILINEAR, box=box).tobytes() by Pillow 9.4.0.
const pillow: [from: [number, number], to: [number, number], box: Box | undefined, hash: string][] = [
  [[64, 48], [32, 32], undefined, '2c8d7eb23f242443160f4c17c80705681fd116ea4d2784ccd7f0e1d888bfe8ac'],
  [[37, 23], [91, 64], undefined, '70c09dc4b5cfab76d5094200a3a0fc9ed01ef65ab7ee17fe586f0a13bcd389ea'],
  [[1, 1], [5, 4], undefined, 'bee947af6e821435bc906b2d6dda3af39242f466e66d0be90d68140bf2ed6c1f'],
  [[300, 1], [32, 3], undefined, '5ba4d1feb6f7b9c595a62639373e166d3a348f22492e21c15de6b5e4c0c789a6'],
  [[3, 200], [3, 17], undefined, '4a26eda82f20a814832bedd4f3ae137bec89e0c00903cc3d0c2b0547217e18d8'],
  [[50, 40], [20, 40], undefined, '37fc9204e764ffb8bd0136dabf31974d3849996a97a882d438a9a66acbdd62c7'],
  [[40, 50], [40, 20], undefined, '9926fb97b8e770032857664ea1dfd4621e534bdc375889d46ee8dec93a3d04e4'],
  [[7, 5], [8, 6], undefined, '8216a496d5d31b6e5a24ffef0e3af23f145c6a484b0d14ef2ede208ab7cce9a3'],
  [[640, 480], [341, 256], undefined, 'fbe807f70ba43540e7847ff4076b90972a0dcc4c71423a0686139ed0424e6205'],
  [[60, 40], [16, 16], [5, 3, 45, 37], 'cb1e4fa06a9245f534e752142012a7ebd01e3f6099857f9479ef4a995333b678'],
  [[60, 40], [33, 20], [0.3, 1.7, 58.9, 33.1], '06947ca446455e147c9b2c7b6e3e731e0f9cd43dc11ae0f4f230125df60ba93c'],
  [[60, 40], [40, 40], [10, 0, 50, 40], 'b4b076467da45aa9d433b1c4c1796d1da041463b9c12030b13b7715ed25140b7'],
  [[60, 40], [50, 20], [0, 0, 50, 40], 'a3fc77142b1d2554f3c1105ec3f00990e9c135627ffc27a46a61bf4856640c08'],
  [[60, 40], [20, 30], [0, 10, 60, 40], '3172be8b94f2cc8df87af83e670ad118b205c4ae51cc164cf48d960b32065e4f'],
];

test.each(pillow)('resizes %j to %j in box %j as Pillow does, alpha or not', ([w, h], [width, height], box, hash) => {
  const picture = noise(w, h);
  const resized = resizeBilinear(picture, width, height, box);
  expect(resized).toMatchObject({ width, height, channels: 3 });
  expect(sha256(resized.data)).toBe(hash);
  expect(sha256(resizeBilinear(withAlpha(picture), width, height, box).data)).toBe(hash);
});

const side = fc.integer({ min: 1, max: 40 });

test('a picture of one colour keeps it at every size', () => {
  fc.assert(
    fc.property(side, side, side, side, fc.tuple(...Array(3).fill(fc.integer({ min: 0, max: 255 }))), (w, h, width, height, colour) => {
      const data = Uint8Array.from({ length: w * h * 3 }, (_, i) => colour[i % 3] as number);
      const resized = resizeBilinear({ width: w, height: h, channels: 3, data }, width, height);
      expect(resized.data.every((byte, i) => byte === colour[i % 3])).toBe(true);
    }),
  );
});

test('the own size is a copy, not the same bytes', () => {
  const picture = noise(9, 4);
  const copy = resizeBilinear(picture, 9, 4);
  expect([...copy.data]).toEqual([...picture.data]);
  expect(copy.data.buffer).not.toBe(picture.data.buffer);
});

test('a resize is mirrored by a mirrored picture', () => {
  const mirror = ({ width, height, data }: Picture): Picture => {
    const turned = data.map(
      (_, i) => data[(Math.floor(i / 3 / width) * width + (width - 1 - (Math.floor(i / 3) % width))) * 3 + (i % 3)] as number,
    );
    return { width, height, channels: 3, data: turned };
  };
  // A power of two: the centres of the taps are exact, so the weights mirror exactly.
  const picture = noise(64, 20);
  expect(mirror(resizeBilinear(picture, 16, 20))).toEqual(resizeBilinear(mirror(picture), 16, 20));
});

test('wrong sizes and boxes are refused', () => {
  const picture = noise(4, 3);
  for (const size of [0, -1, 1.5, Number.NaN]) expect(() => resizeBilinear(picture, size, 2)).toThrow(invalid(/size of a resized picture/));
  const boxes: Box[] = [
    [-1, 0, 4, 3],
    [0, 0, 4.5, 3],
    [0, 0, 4, 4],
    [2, 0, 2, 3],
    [0, 3, 4, 1],
    [0, Number.NaN, 4, 3],
  ];
  for (const box of boxes) expect(() => resizeBilinear(picture, 2, 2, box)).toThrow(invalid(/leaves the picture of 4×3/));
  expect(() => resizeBilinear(picture, 2 ** 26, 2 ** 24)).toThrow(invalid(/does not fit in memory/, 'TOO_LARGE'));
});

test('a picture without channels, as ImageData, has as many as its bytes say', () => {
  const { width, height, data } = withAlpha(noise(5, 4));
  expect(checkPicture({ width, height, data })).toEqual({ width, height, channels: 4, data });
  expect(resizeBilinear({ width, height, data }, 3, 3)).toEqual(resizeBilinear(noise(5, 4), 3, 3));
});

test('pictures whose sizes and bytes disagree are refused', () => {
  const data = new Uint8Array(24);
  const wrong: [unknown, RegExp][] = [
    [null, /width undefined/],
    [{ width: 0, height: 2, channels: 3, data }, /has width 0 and height 2/],
    [{ width: 2, height: 2.5, channels: 3, data }, /height 2\.5/],
    [{ width: 4, height: 2, channels: 4, data }, /4×2×4 has 32 bytes, got 24/],
    [{ width: 4, height: 3, data }, /3 or 4 channels, got 2 \(24 bytes\)/],
    [{ width: 24, height: 1, channels: 1, data }, /3 or 4 channels, got 1/],
    [{ width: 4, height: 2, channels: 3, data: [...data] }, /got Array/],
    [{ width: 4, height: 2, channels: 3, data: new Float32Array(24) }, /got Float32Array/],
    [{ width: 4, height: 2, channels: 3, data: new Int8Array(24) }, /got Int8Array/],
    [{ width: 4, height: 2, channels: 3 }, /got undefined/],
  ];
  for (const [picture, message] of wrong) expect(() => checkPicture(picture as Picture)).toThrow(invalid(message));
  expect(() => checkPicture({ width: 1, height: 1, data }, 'photo.png')).toThrow(invalid(/^photo\.png of 1×1 /));
});

test('a crop over the edge is black there', () => {
  // Red counts the pixels: 1 2 3 / 4 5 6.
  const data = Uint8Array.from({ length: 18 }, (_, i) => (i % 3 === 0 ? i / 3 + 1 : 9));
  const picture: Picture = { width: 3, height: 2, channels: 3, data };
  const reds = (crop: Picture) => Array.from({ length: crop.width * crop.height }, (_, i) => crop.data[i * 3]);
  for (const source of [picture, withAlpha(picture)]) {
    expect(reds(cropPicture(source, 1, 0, 2, 2))).toEqual([2, 3, 5, 6]);
    expect(reds(cropPicture(source, -1, -1, 3, 2))).toEqual([0, 0, 0, 0, 1, 2]);
    expect(reds(cropPicture(source, 2, 1, 2, 2))).toEqual([6, 0, 0, 0]);
    expect(reds(cropPicture(source, 5, 0, 2, 1))).toEqual([0, 0]);
    expect(reds(cropPicture(source, -4, 0, 2, 1))).toEqual([0, 0]);
  }
  expect(() => cropPicture(picture, 0.5, 0, 1, 1)).toThrow(invalid(/corner/));
  expect(() => cropPicture(picture, 0, 0, 1, 0)).toThrow(invalid(/size of a crop/));
});
