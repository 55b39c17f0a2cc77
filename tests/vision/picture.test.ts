import { centerCrop, checkPicture, cropPicture, flipHorizontal, flipVertical, type Picture, resize } from '../../src/vision/index.ts';
import { invalid, noise, withAlpha } from './pictures.ts';

test('a picture without channels, as ImageData, has as many as its bytes say', () => {
  const { width, height, data } = withAlpha(noise(5, 4));
  expect(checkPicture({ width, height, data })).toEqual({ width, height, channels: 4, data });
  expect(resize({ width, height, data }, 3, 3)).toEqual(resize(noise(5, 4), 3, 3));
});

test('pictures whose sizes and bytes disagree are refused', () => {
  const data = new Uint8Array(24);
  const wrong: [unknown, RegExp][] = [
    [null, /got null/],
    [{ width: 0, height: 2, channels: 3, data }, /has width 0 and height 2/],
    [{ width: 2, height: 2.5, channels: 3, data }, /height 2\.5/],
    [{ width: 4, height: 2, channels: 4, data }, /4×2×4 has 32 bytes, got 24/],
    [{ width: 4, height: 3, data }, /1, 3 or 4 channels, got 2 \(24 bytes\)/],
    [{ width: 12, height: 1, channels: 2, data }, /1, 3 or 4 channels, got 2/],
    [{ width: 4, height: 2, channels: 3, data: [...data] }, /got \[1?\d?\d/],
    [{ width: 4, height: 2, channels: 3, data: new Float32Array(24) }, /got Float32Array/],
    [{ width: 4, height: 2, channels: 3, data: new Int8Array(24) }, /got Int8Array/],
    [{ width: 4, height: 2, channels: 3 }, /is { width, height, data }, got an object/],
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

test('a grey picture becomes RGB, its byte in all three', () => {
  const grey = { width: 3, height: 2, data: Uint8Array.of(1, 2, 3, 4, 5, 6) };
  const rgb = { width: 3, height: 2, channels: 3, data: Uint8Array.from([1, 2, 3, 4, 5, 6].flatMap((byte) => [byte, byte, byte])) };
  expect(checkPicture(grey)).toEqual(rgb);
  expect(checkPicture({ ...grey, channels: 1 })).toEqual(rgb);
  expect(cropPicture(grey, 0, 0, 3, 2)).toEqual(rgb);
});

test.each([
  [1, 1],
  [4, 1],
  [1, 3],
  [5, 4],
  [6, 5],
])('flips of %d×%d exchange sides, twice changes nothing', (width, height) => {
  const picture = noise(width, height);
  const pixel = ({ data }: Picture, x: number, y: number) => [...data.subarray((y * width + x) * 3, (y * width + x) * 3 + 3)];
  for (const source of [picture, withAlpha(picture)]) {
    const across = flipHorizontal(source);
    const down = flipVertical(source);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        expect(pixel(across, x, y)).toEqual(pixel(picture, width - 1 - x, y));
        expect(pixel(down, x, y)).toEqual(pixel(picture, x, height - 1 - y));
      }
    }
    expect(flipHorizontal(across)).toEqual(picture);
    expect(flipVertical(down)).toEqual(picture);
  }
  expect(() => flipHorizontal({ ...picture, width: 0 })).toThrow(invalid(/width 0/));
  expect(() => flipVertical({ ...picture, width: 0 })).toThrow(invalid(/width 0/));
});

test('a centre crop is a window in the middle', () => {
  const picture = noise(9, 8);
  expect(centerCrop(picture, 5, 4)).toEqual(cropPicture(picture, 2, 2, 5, 4));
  // A half: 1.5 rounds to the even 2, or down.
  expect(centerCrop(picture, 6, 8)).toEqual(cropPicture(picture, 2, 0, 6, 8));
  expect(centerCrop(picture, 6, 8, 'down')).toEqual(cropPicture(picture, 1, 0, 6, 8));
  expect(() => centerCrop(picture, 0, 3)).toThrow(invalid(/size of a crop/));
  expect(() => centerCrop(picture, 2, 3, 'up' as never)).toThrow(invalid(/'down' or to 'even', got 'up'/));
});
