import { readFileSync } from 'node:fs';
import sharp from 'sharp';
import type { Tensor } from '../../src/graph/tensor.ts';
import { LanewiseError, load } from '../../src/index.ts';
import { decodePicture } from '../../src/vision/decode.ts';
import { bytesOf, feedsOf, PICTURES, rows } from './index.ts';
import { type Case, f32 } from './row.ts';

async function outputsOf(wanted: Case): Promise<Tensor[]> {
  const model = await load(bytesOf(wanted), wanted.options);
  try {
    return Object.values(await model.run(feedsOf(wanted)));
  } finally {
    model.dispose();
  }
}

function expectNear(actual: Tensor, expected: Tensor, within: number): void {
  expect([actual.type, actual.dims]).toEqual([expected.type, expected.dims]);
  const [got, wanted] = [actual.data, expected.data].map((data) => Array.from(data as Float32Array)) as [number[], number[]];
  const largest = wanted.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  // Not "off by more than", for NaN is near to nothing.
  const wrong = wanted.findIndex((x, i) => !(Math.abs((got[i] as number) - x) <= within * (largest || 1)));
  if (wrong >= 0) expect([wrong, got[wrong]]).toEqual([wrong, wanted[wrong]]);
}

describe.each(rows.map(({ title, cases }) => [title, cases] as const))('%s', (_, cases) => {
  test.each(cases.map((wanted) => [wanted.name, wanted] as const))('%s', async (_, wanted) => {
    const { expected, within } = wanted;
    if (typeof expected === 'string') {
      const error = await outputsOf(wanted).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(LanewiseError);
      expect((error as LanewiseError).message).toContain(expected);
      return;
    }
    const outputs = await outputsOf(wanted);
    if (within === undefined) expect(outputs).toEqual(expected);
    else for (const [i, tensor] of expected.entries()) expectNear(outputs[i] as Tensor, tensor, within);
  });
});

test('NaN or ∞ in a 3×3 convolution: by Winograd it reaches its tiles, and no further', async () => {
  const [direct] = rows.flatMap(({ cases }) => cases).filter(({ options }) => options) as [Case];
  const { options: _, ...wanted } = direct;
  const [output] = (await outputsOf(wanted)) as [Tensor];
  const [expected] = direct.expected as [Tensor];
  const [, , height, width] = output.dims as [number, number, number, number];
  for (let i = 0; i < output.data.length; i++) {
    const [y, x] = [Math.floor(i / width) % height, i % width];
    const spoilt = Number.isNaN(output.data[i]);
    if (Number.isNaN(expected.data[i])) expect([y, x, spoilt]).toEqual([y, x, true]);
    // A tile of 4×4 reads 6×6 pixels.
    if (spoilt) expect(Math.max(Math.abs(y - 8), Math.abs(x - 8))).toBeLessThanOrEqual(5);
  }
});

test('Sigmoid in the tails never falls, and equal values are rare', async () => {
  const x = f32(Array.from({ length: 20_001 }, (_, i) => -20 + i / 4000));
  const [{ data }] = (await outputsOf({ name: 'scan', op: 'Sigmoid', inputs: [x], expected: [x] })) as [Tensor<'float32'>];
  expect(data.findIndex((value, i) => i > 0 && value < (data[i - 1] as number))).toBe(-1);
  expect(new Set(data).size).toBeGreaterThan(0.95 * data.length);
});

describe(PICTURES, () => {
  const decoded = async (bytes: Buffer) => Array.from((await decodePicture(new Uint8Array(bytes))).data);
  const raw = (data: Uint8Array | Uint16Array, width: number, channels: 1 | 3 | 4) => sharp(data, { raw: { width, height: 1, channels } });

  test('of 16 bits the upper eight count', async () => {
    const grey = await raw(Uint16Array.of(0, 255, 256, 0x7f80, 65535), 5, 1)
      .toColourspace('grey16')
      .png()
      .toBuffer();
    expect((await sharp(grey).metadata()).depth).toBe('ushort');
    expect(await decoded(grey)).toEqual([0, 0, 1, 127, 255].flatMap((byte) => [byte, byte, byte]));
  });

  test('see-through pixels count with the colour they have', async () => {
    const png = await raw(Uint8Array.of(200, 100, 50, 0, 200, 100, 50, 128), 2, 4)
      .png()
      .toBuffer();
    expect(await decoded(png)).toEqual([200, 100, 50, 200, 100, 50]);
  });

  test('CMYK goes through a colour profile', async () => {
    const colours = Uint8Array.of(255, 0, 0, 255, 255, 255, 0, 0, 0);
    const tiff = await raw(colours, 3, 3).toColourspace('cmyk').tiff({ compression: 'none' }).toBuffer();
    expect((await sharp(tiff).metadata()).space).toBe('cmyk');
    const rgb = await decoded(tiff);
    // Its inks cannot print a pure red, and white is white. The last bits are the profile's.
    for (const [i, byte] of [232, 0, 0, 255, 255, 255, 10, 5, 0].entries())
      expect(Math.abs((rgb[i] as number) - byte)).toBeLessThanOrEqual(8);
  });
});

test('docs/differences.md has an entry for each of these, and these a test for each entry', () => {
  const text = readFileSync(new URL('../../docs/differences.md', import.meta.url), 'utf8').replaceAll('\r\n', '\n');
  const [, ...entries] = text.split(/^### /m);
  expect(entries.map((entry) => entry.slice(0, entry.indexOf('\n'))).sort()).toEqual([...rows.map(({ title }) => title), PICTURES].sort());
  const runtimes = ['ONNX', 'onnxruntime', 'PyTorch', 'TensorFlow.js', '**Lanewise**'];
  for (const entry of entries) {
    const named = [...entry.matchAll(/^- ([^:\n]+): \S/gm)].map(([, name = '']) => name);
    // One that a behaviour does not concern is left out; Lanewise is not.
    expect({ entry, named }).toEqual({ entry, named: runtimes.filter((name) => named.includes(name)) });
    expect({ entry, last: named.at(-1) }).toEqual({ entry, last: '**Lanewise**' });
  }
});
