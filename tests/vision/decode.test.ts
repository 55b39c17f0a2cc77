import sharp, { type Sharp } from 'sharp';
import { decodePicture } from '../../src/vision/decode.ts';
import { invalid, noise, withAlpha } from './pictures.ts';

/** sharp's view of a picture in memory. */
const asSharp = ({ width, height, channels, data }: ReturnType<typeof noise>): Sharp =>
  sharp(Buffer.from(data), { raw: { width, height, channels } });

const picture = noise(7, 5);

const lossless: [string, (image: Sharp) => Sharp][] = [
  ['PNG', (image) => image.png()],
  ['16-bit PNG', (image) => image.toColourspace('rgb16').png()],
  ['PNG with a palette', (image) => image.png({ palette: true, dither: 0 })],
  ['WebP', (image) => image.webp({ lossless: true })],
  ['AVIF', (image) => image.avif({ lossless: true })],
  ['TIFF', (image) => image.tiff({ compression: 'lzw' })],
  ['GIF', (image) => image.gif({ dither: 0, effort: 10 })],
];

test.each(lossless)('%s comes out as it went in', async (_, encode) => {
  const decoded = await decodePicture(new Uint8Array(await encode(asSharp(picture)).toBuffer()), 'picture');
  expect(decoded).toMatchObject({ width: 7, height: 5, channels: 3 });
  expect([...decoded.data]).toEqual([...picture.data]);
});

/** A file with letters as stored: flat blocks of 16×16 pixels, so that JPEG's blocks hold one colour each. */
const colours = { a: [250, 10, 10], b: [10, 250, 10], c: [10, 10, 250], d: [250, 250, 10], e: [10, 250, 250], f: [240, 240, 240] };
type Letter = keyof typeof colours;

function letters(rows: string[]): Sharp {
  const width = (rows[0] as string).length;
  const data = Uint8Array.from(
    rows
      .join('')
      .split('')
      .flatMap((letter) => colours[letter as Letter]),
  );
  const image = asSharp({ width, height: rows.length, channels: 3, data });
  return image.resize(width * 16, rows.length * 16, { kernel: 'nearest' });
}

/** The letters of the blocks' middles; a letter where the colour is within 6 of it, else '?'. */
async function lettersOf(bytes: Uint8Array): Promise<string[]> {
  const { width, height, data } = await decodePicture(bytes, 'letters');
  return Array.from({ length: height / 16 }, (_, y) =>
    Array.from({ length: width / 16 }, (_, x) => {
      const at = ((y * 16 + 8) * width + x * 16 + 8) * 3;
      const near = (letter: string) => colours[letter as Letter].every((value, c) => Math.abs((data[at + c] as number) - value) <= 6);
      return Object.keys(colours).find(near) ?? '?';
    }).join(''),
  );
}

test.each([
  [1, ['abc', 'def']],
  [2, ['cba', 'fed']],
  [3, ['fed', 'cba']],
  [4, ['def', 'abc']],
  [5, ['ad', 'be', 'cf']],
  [6, ['da', 'eb', 'fc']],
  [7, ['fc', 'eb', 'da']],
  [8, ['cf', 'be', 'ad']],
])('EXIF orientation %d is undone', async (orientation, expected) => {
  const stored = letters(['abc', 'def']).withMetadata({ orientation });
  expect(await lettersOf(await stored.clone().jpeg({ quality: 100, chromaSubsampling: '4:4:4' }).toBuffer())).toEqual(expected);
  expect(await lettersOf(await stored.clone().webp({ lossless: true }).toBuffer())).toEqual(expected);
});

test('JPEG without colour is grey in three channels', async () => {
  const grey = await sharp(Buffer.alloc(64 * 3, 90), { raw: { width: 8, height: 8, channels: 3 } })
    .toColourspace('b-w')
    .jpeg({ quality: 100 })
    .toBuffer();
  expect((await sharp(grey).metadata()).channels).toBe(1);
  const { channels, data } = await decodePicture(grey, 'grey.jpg');
  expect(channels).toBe(3);
  expect([...data]).toEqual(Array(192).fill(90));
});

test('grey PNG, 8 and 16 bits, with and without alpha, repeats each byte', async () => {
  const bytes = noise(4, 2).data.subarray(0, 8);
  const grey = sharp(Buffer.from(bytes), { raw: { width: 4, height: 2, channels: 1 } });
  const expected = [...bytes].flatMap((byte) => [byte, byte, byte]);
  for (const space of ['b-w', 'grey16']) {
    for (const image of [grey.clone(), grey.clone().ensureAlpha(0.25)]) {
      const file = await image.toColourspace(space).png().toBuffer();
      const { data, channels } = await decodePicture(file, space);
      expect({ channels, data: [...data] }).toEqual({ channels: 3, data: expected });
    }
  }
});

test('alpha is dropped, not blended, turned or not', async () => {
  for (const orientation of [1, 6]) {
    const plain = await decodePicture(await asSharp(picture).withMetadata({ orientation }).png().toBuffer(), 'plain');
    const clear = await decodePicture(await asSharp(withAlpha(picture)).withMetadata({ orientation }).png().toBuffer(), 'clear');
    expect(clear).toEqual(plain);
  }
});

test('CMYK becomes RGB', async () => {
  const file = await letters(['af']).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
  expect((await sharp(file).metadata()).space).toBe('cmyk');
  const { channels, data } = await decodePicture(file, 'cmyk.jpg');
  expect(channels).toBe(3);
  // Print colours are duller: red stays mainly red, white nearly white.
  const at = (x: number) => [...data.subarray((8 * 32 + x) * 3, (8 * 32 + x) * 3 + 3)] as [number, number, number];
  const [red, green, blue] = at(8);
  expect(red).toBeGreaterThan(180);
  expect(Math.max(green, blue)).toBeLessThan(70);
  expect(Math.min(...at(24))).toBeGreaterThan(225);
});

test('a colour profile changes no byte', async () => {
  const file = await asSharp(picture).withIccProfile('p3').png().toBuffer();
  const stored = await sharp(file, { ignoreIcc: true }).raw().toBuffer();
  expect((await sharp(file).metadata()).icc).toBeDefined();
  expect([...(await decodePicture(file, 'p3.png')).data]).toEqual([...stored]);
});

test('the first frame of an animation', async () => {
  const frames = sharp(Buffer.from([...Array(12).fill(255), ...Array(12).fill(0)]), {
    raw: { width: 2, height: 4, channels: 3, pageHeight: 2 },
  });
  const { width, height, data } = await decodePicture(await frames.gif().toBuffer(), 'two.gif');
  expect([width, height, ...data]).toEqual([2, 2, ...Array(12).fill(255)]);
});

const whole = asSharp(noise(64, 64));

const broken: [string, () => Promise<Uint8Array> | Uint8Array][] = [
  ['notes.txt', () => new TextEncoder().encode('Not a picture, only a text that is long enough for a header.')],
  ['empty.png', () => new Uint8Array()],
  ['half.png', async () => (await whole.clone().png().toBuffer()).subarray(0, 6000)],
  ['half.jpg', async () => (await whole.clone().jpeg().toBuffer()).subarray(0, 2000)],
  ['half.webp', async () => (await whole.clone().webp().toBuffer()).subarray(0, 2000)],
  ['header.png', async () => (await whole.clone().png().toBuffer()).subarray(0, 20)],
  ['drawing.svg', () => new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="3" height="2"/>')],
];

test.each(broken)('%s is refused by name, with the formats that are read', async (name, bytes) => {
  const message = new RegExp(`^${name} is not a whole picture in a known format \\(JPEG, PNG, WebP, GIF, AVIF and TIFF are read\\): .`);
  await expect(decodePicture(await bytes(), name)).rejects.toEqual(invalid(message, 'INVALID_FILE'));
});

test('more pixels than the limit are refused before they are decoded', async () => {
  // One block, whose frame header (marker, length, precision, height, width) claims 65000×65000.
  const jpeg = await asSharp(noise(8, 8)).jpeg().toBuffer();
  const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
  jpeg.writeUInt16BE(65000, frame + 5);
  jpeg.writeUInt16BE(65000, frame + 7);
  await expect(decodePicture(jpeg, 'huge.jpg')).rejects.toEqual(invalid(/^huge\.jpg has more pixels/, 'TOO_LARGE'));
});

test('what is no Uint8Array is refused, a path too; a file without a name is called so', async () => {
  for (const value of ['models/cat.png', undefined, null, 3, [1, 2], new ArrayBuffer(8), new Uint16Array(4)]) {
    await expect(decodePicture(value as never, 'x')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^decodePicture takes a file's bytes as a Uint8Array, got \S/),
    });
  }
  await expect(decodePicture(new Uint8Array(8))).rejects.toMatchObject({
    code: 'INVALID_FILE',
    message: expect.stringMatching(/^the file is not a whole picture/),
  });
});
