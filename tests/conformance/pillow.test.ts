import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { decodePicture } from '../../src/vision/decode.ts';
import { type Box, type Filter, type Picture, resize, toTensor } from '../../src/vision/index.ts';
import { allowSimd, usesSimd } from '../../src/vision/simd.ts';
import { lacking } from '../skip.ts';
import { noise } from '../vision/pictures.ts';

/** Debian's Python has Pillow as a package; another one may have it from elsewhere. */
const python = process.env.PILLOW_PYTHON ?? '/usr/bin/python3';

type Job = [name: string, width: number, height: number, filter: Filter | 'L', box: Box | null];

/** A photo, noise with every edge there is, and stripes of black and white, which make a cubic overshoot most. */
const pictures: Record<string, Picture> = {
  cat: await decodePicture(readFileSync('models/cat.png'), 'cat.png'),
  noise: noise(403, 301),
  stripes: {
    width: 160,
    height: 90,
    channels: 3,
    data: Uint8Array.from({ length: 160 * 90 * 3 }, (_, i) => (Math.floor(i / 7) % 2) * 255),
  },
};

const filters: Filter[] = ['nearest', 'box', 'bilinear', 'bicubic'];
const sizes: [number, number][] = [
  [224, 224],
  [32, 32],
  [384, 256],
  [341, 300],
  [450, 100],
  [7, 301],
  [1, 1],
  [901, 603],
  [1000, 17],
];
const boxes: Box[] = [
  [10, 20, 110, 80],
  [0.3, 1.7, 100.9, 77.1],
  [31, 0, 160, 90],
];

const jobs: Job[] = [
  ...Object.keys(pictures).flatMap((name) =>
    filters.flatMap((filter) => [
      ...sizes.map(([width, height]): Job => [name, width, height, filter, null]),
      ...boxes.flatMap((box): Job[] => [
        [name, 64, 48, filter, box],
        [name, 301, 203, filter, box],
      ]),
    ]),
  ),
  ...Object.keys(pictures).map((name): Job => [name, 0, 0, 'L', null]),
];

if (spawnSync(python, ['-c', 'import PIL.Image']).status !== 0) {
  lacking('Pillow', `${python} has no Pillow (Debian: python3-pil; or set PILLOW_PYTHON)`);
} else {
  let expected: Buffer[];
  beforeAll(() => {
    const encoded = Object.entries(pictures).map(([name, { width, height, data }]) => [
      name,
      [width, height, Buffer.from(data).toString('base64')],
    ]);
    const input = JSON.stringify({ pictures: Object.fromEntries(encoded), jobs });
    const output = execFileSync(python, ['tests/conformance/pillow/resize.py'], { input, encoding: 'utf8', maxBuffer: 1e9 });
    expected = (JSON.parse(output) as string[]).map((text) => Buffer.from(text, 'base64'));
  }, 60_000);
  afterEach(() => allowSimd(true));

  /** How many bytes differ, and by how much at most. */
  function difference(a: ArrayLike<number>, b: ArrayLike<number>) {
    let count = Math.abs(a.length - b.length);
    let most = 0;
    for (let i = 0; i < Math.min(a.length, b.length); i++) {
      if (a[i] !== b[i]) count++;
      most = Math.max(most, Math.abs((a[i] as number) - (b[i] as number)));
    }
    return { count, most };
  }

  test.each([true, false])('resizes byte for byte as Pillow, SIMD %s', (simd) => {
    allowSimd(simd);
    expect(usesSimd()).toBe(simd);
    const wrong = jobs.flatMap(([name, width, height, filter, box], i) => {
      if (filter === 'L') return [];
      const { data } = resize(pictures[name] as Picture, width, height, { filter, box: box ?? undefined });
      // The quick comparison first: there are many bytes.
      const right = expected[i] as Buffer;
      return right.equals(new Uint8Array(data.buffer)) ? [] : [{ name, width, height, filter, box, ...difference(data, right) }];
    });
    expect(wrong).toEqual([]);
  });

  test('turns colours to grey as Pillow', () => {
    jobs.forEach(([name, , , kind], i) => {
      if (kind !== 'L') return;
      const { data } = toTensor(pictures[name] as Picture, { mean: [0], std: [1], divisor: 1 });
      expect(difference(data, expected[i] as Buffer)).toEqual({ count: 0, most: 0 });
    });
  });
}
