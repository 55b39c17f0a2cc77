import { noise, sha256 } from '../vision/pictures.ts';
import { callPage, inChromium } from './setup.ts';
import type { VisionPage } from './vision/main.ts';
import { prepare } from './vision/prepare.ts';

import.meta.jest.setTimeout(60_000);

inChromium('pictures', ['tests/browser/vision'], (site) => {
  const call = <K extends keyof VisionPage>(html: string, name: K, ...args: Parameters<VisionPage[K]>) =>
    callPage<VisionPage, K>(site, `vision/${html}`, name, ...(args as never));

  test.each([
    [3, 'index.html'],
    [4, 'index.html'],
    [3, 'blocked.html'],
    [4, 'blocked.html'],
  ] as const)('resized pictures and tensors have the bits that Node gives them: %d channels, %s', async (channels, html) => {
    const picture = noise(123, 89, channels);
    const expected = Object.fromEntries(Object.entries(prepare(picture)).map(([name, bytes]) => [name, sha256(bytes)]));
    const { width, height, data } = picture;
    const { result, complaints } = await call(html, 'hashes', { width, height, data: [...data] });
    expect(result).toEqual(expected);
    expect(complaints).toEqual([]);
  });

  test('the second page forbids WebAssembly: the plain loops ran there', async () => {
    expect((await call('index.html', 'usesSimd')).result).toBe(true);
    expect((await call('blocked.html', 'usesSimd')).result).toBe(false);
  });

  test('canvases, bitmaps, images and frames give the bytes that they show', async () => {
    const { width, height, data } = noise(37, 23, 4);
    const opaque = Array.from(data, (byte, i) => (i % 4 === 3 ? 255 : byte));
    const { result } = await call('index.html', 'sources', { width, height, data: opaque });
    expect(Object.keys(result).sort()).toEqual(['ImageData', 'bitmap', 'blob', 'canvas', 'frame', 'image', 'offscreen']);
    for (const [name, bytes] of Object.entries(result)) expect({ name, bytes }).toEqual({ name, bytes: opaque });
  });

  test('sources without pixels are refused with a sentence', async () => {
    const { result } = await call('index.html', 'refusals');
    expect(result).toEqual({
      closed: expect.stringMatching(/^INVALID_INPUT: the ImageBitmap has 0×0 pixels/),
      image: expect.stringMatching(/^INVALID_INPUT: the HTMLImageElement has 0×0 pixels: it is not loaded yet/),
      video: expect.stringMatching(/^INVALID_INPUT: the HTMLVideoElement has 0×0 pixels/),
      element: expect.stringMatching(/^INVALID_INPUT: pictureFrom takes .*got HTMLParagraphElement/),
      huge: expect.stringMatching(/^(TOO_LARGE|INVALID_INPUT): the HTMLCanvasElement/),
    });
  });
});
