import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { readTensorProto } from '../../src/formats/onnx/index.ts';
import { load, Tensor } from '../../src/index.ts';
import { decodePicture } from '../../src/vision/decode.ts';
import { cifar10, toTensor } from '../../src/vision/index.ts';
import type { Run } from './minimal/main.ts';
import { at, inChromium } from './setup.ts';

const modelFile = readFileSync(at('models/cifar10-resnet20/model.onnx'));
const sha256 = (data: NodeJS.ArrayBufferView): string => createHash('sha256').update(data).digest('hex');
const nodeLogits = async (input: Tensor): Promise<Float32Array> =>
  (await (await load(modelFile)).run({ input })).logits?.data as Float32Array;

// A page takes a second where all cores are busy with other tests.
import.meta.jest.setTimeout(60_000);

inChromium('the demo and the core', ['examples/browser', 'tests/browser/minimal'], (site) => {
  /** What must stay empty: console errors, exceptions, breaches of the page's policy. */
  let complaints: string[];

  beforeEach(() => {
    complaints = [];
  });

  /** A page that reports everything that goes wrong in it. */
  async function newPage(): Promise<Page> {
    const page = await site.newPage();
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(String(error)));
    await page.exposeFunction('complain', (text: string) => complaints.push(text));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
        (globalThis as unknown as { complain(text: string): void }).complain(`${violatedDirective} ${blockedURI}`);
      });
    });
    return page;
  }

  /** Waits until the page is done or has failed. */
  const settled = async (page: Page): Promise<string | null> => {
    const main = page.locator('main:not([data-state=busy])');
    await main.waitFor();
    return main.getAttribute('data-state');
  };

  async function openDemo(): Promise<Page> {
    const page = await newPage();
    await page.goto(`${site.origin()}/demo/index.html`);
    return page;
  }

  const verdict = (page: Page) => page.locator('#verdict').textContent();
  const errorText = (page: Page) => page.locator('[role=alert]').textContent();
  const fingerprint = (page: Page) => page.locator('#fingerprint').getAttribute('data-sha256');
  const greenCard = () => sharp({ create: { width: 40, height: 60, channels: 3, background: '#3a3' } });
  const pick = (page: Page, name: string, mimeType: string, buffer: Buffer) => page.setInputFiles('#file', { name, mimeType, buffer });

  describe('the demo', () => {
    test('says that the cat is a cat, with five classes in order, times and memory', async () => {
      const page = await openDemo();
      expect(await settled(page)).toBe('done');
      expect(await verdict(page)).toBe('This looks like a cat');
      expect(await errorText(page)).toBe('');

      const rows = await page.locator('#classes li').evaluateAll((items) =>
        items.map((item) => ({
          label: item.querySelector('.label')?.textContent ?? '',
          percent: Number.parseFloat(item.querySelector('.percent')?.textContent ?? ''),
          bar: (item.querySelector('.bar')?.clientWidth ?? 0) / (item.querySelector('.track')?.clientWidth ?? 1),
        })),
      );
      expect(rows).toHaveLength(5);
      expect(rows[0]?.label).toBe('cat');
      expect(rows[0]?.percent).toBeGreaterThan(90);
      for (const { label, percent, bar } of rows) {
        expect(cifar10.labels).toContain(label);
        expect(Math.abs(bar * 100 - percent)).toBeLessThan(1);
      }
      const percents = rows.map(({ percent }) => percent);
      expect(percents).toEqual(percents.toSorted((a, b) => b - a));

      for (const id of ['load', 'first', 'warm']) expect(await page.locator(`#${id}`).textContent()).toMatch(/^\d+(\.\d)? ms$/);
      const { weights, total } = (await load(modelFile)).memory;
      expect(await page.locator('#memory').textContent()).toBe(`${(total / 1024 ** 2).toFixed(2)} MiB`);
      expect(await page.locator('#memory-parts').textContent()).toContain(`weights ${(weights / 1024 ** 2).toFixed(2)} MiB`);
      expect(await page.locator('#picture').evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth))).toBe(451);
      expect(complaints).toEqual([]);
      await page.close();
    });

    test('gives the photo the bits that Node gives it', async () => {
      const photo = await decodePicture(readFileSync(at('models/cat.png')), 'cat.png');
      const logits = await nodeLogits(toTensor(photo, cifar10));
      const page = await openDemo();
      await settled(page);
      expect(await fingerprint(page)).toBe(sha256(logits));
      await page.close();
    });

    test('takes a JPEG dropped anywhere, turned as its EXIF says', async () => {
      const jpeg = await sharp(at('models/cat.png')).rotate(90).jpeg().withMetadata({ orientation: 8 }).toBuffer();
      const page = await openDemo();
      await settled(page);
      const before = await fingerprint(page);
      const transfer = await page.evaluateHandle(
        (bytes) => {
          const files = new DataTransfer();
          files.items.add(new File([Uint8Array.from(bytes)], 'turned.jpg', { type: 'image/jpeg' }));
          return files;
        },
        [...jpeg],
      );
      await page.dispatchEvent('header', 'dragover', { dataTransfer: transfer });
      expect(await page.locator('#drop').isVisible()).toBe(true);
      await page.dispatchEvent('header', 'drop', { dataTransfer: transfer });
      expect(await settled(page)).toBe('done');
      expect(await page.locator('#drop').isVisible()).toBe(false);
      expect(await page.locator('#name').textContent()).toBe('turned.jpg');
      expect(await page.locator('#size').textContent()).toContain('451 × 300');
      expect(await verdict(page)).toBe('This looks like a cat');
      expect(await fingerprint(page)).not.toBe(before);
      expect(complaints).toEqual([]);
      await page.close();
    });

    test('says in a sentence that a text file is no picture, and goes on', async () => {
      const page = await openDemo();
      await settled(page);
      const before = await fingerprint(page);
      await pick(page, 'notes.txt', 'text/plain', Buffer.from('not a picture'));
      expect(await settled(page)).toBe('failed');
      expect(await errorText(page)).toBe('notes.txt is not a picture that this browser decodes (text/plain).');
      expect(await verdict(page)).toBe('This looks like a cat');

      await pick(page, 'green.webp', 'image/webp', await greenCard().webp().toBuffer());
      expect(await settled(page)).toBe('done');
      expect(await errorText(page)).toBe('');
      expect(await fingerprint(page)).not.toBe(before);
      await page.click('#cat');
      expect(await settled(page)).toBe('done');
      expect(await fingerprint(page)).toBe(before);
      expect(complaints).toEqual([]);
      await page.close();
    });

    test('says in a sentence what is wrong with a broken model, and tries again with the next picture', async () => {
      const page = await newPage();
      await page.route('**/*.onnx', (route) => route.fulfill({ body: modelFile.subarray(0, 5000) }));
      await page.goto(`${site.origin()}/demo/index.html`);
      expect(await settled(page)).toBe('failed');
      expect(await errorText(page)).toMatch(/^http:.*model-.*\.onnx ends at byte 5000 .*\.$/);
      expect(await page.locator('#classes li').count()).toBe(0);

      await page.unroute('**/*.onnx');
      await page.click('#cat');
      expect(await settled(page)).toBe('done');
      expect(await verdict(page)).toBe('This looks like a cat');
      expect(complaints).toEqual([]);
      await page.close();
    });

    test('shows the picture picked last, even where an earlier one comes later', async () => {
      const page = await newPage();
      let release = () => {};
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      await page.route('**/*.png', async (route) => {
        await held;
        await route.continue();
      });
      await page.goto(`${site.origin()}/demo/index.html`);
      await pick(page, 'green.png', 'image/png', await greenCard().png().toBuffer());
      expect(await settled(page)).toBe('done');
      const cat = page.waitForResponse('**/*.png');
      release();
      await (await cat).finished();
      await page.waitForTimeout(300);
      expect(await page.locator('#name').textContent()).toBe('green.png');
      expect(complaints).toEqual([]);
      await page.close();
    });

    test('is usable by keyboard and fits a phone', async () => {
      const page = await newPage();
      await page.setViewportSize({ width: 360, height: 740 });
      await page.goto(`${site.origin()}/demo/index.html`);
      await settled(page);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
      const focused = () => page.evaluate(() => document.activeElement?.id);
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('file');
      await page.keyboard.press('Tab');
      expect(await focused()).toBe('cat');
      await page.keyboard.press('Enter');
      expect(await settled(page)).toBe('done');
      expect(complaints).toEqual([]);
      await page.close();
    });

    test('has a policy in force that lets no other script run', async () => {
      const page = await openDemo();
      await settled(page);
      expect(complaints).toEqual([]);
      await page.evaluate(() => {
        const script = document.createElement('script');
        script.textContent = 'document.title = "changed"';
        document.head.append(script);
      });
      expect(await page.title()).not.toBe('changed');
      expect(complaints.join()).toContain('script-src');
      await page.close();
    });
  });

  describe('Lanewise alone in a page', () => {
    /** Opens the page and runs the model there. */
    async function runIn(page: Page, input: Tensor): Promise<number[]> {
      await page.route('**/model.onnx', (route) => route.fulfill({ body: modelFile }));
      await page.goto(`${site.origin()}/minimal/index.html`);
      return page.evaluate(({ data, dims }) => (globalThis as unknown as { run: Run }).run('model.onnx', data, dims), {
        data: Array.from(input.data, Number),
        dims: [...input.dims],
      });
    }

    test('gives the reference input the bits that Node gives it', async () => {
      const { tensor } = readTensorProto(readFileSync(at('models/cifar10-resnet20/test_data_set_0/input_0.pb')), 'input_0.pb');
      const page = await newPage();
      const logits = await runIn(page, tensor);
      expect(sha256(Float32Array.from(logits))).toBe(sha256(await nodeLogits(tensor)));
      expect(complaints).toEqual([]);
      await page.close();
    });

    test('downloads at most 65 KB of JavaScript and Wasm', async () => {
      const page = await newPage();
      const scripts: string[] = [];
      page.on('response', (response) => {
        const { pathname } = new URL(response.url());
        if (pathname.endsWith('.js') || pathname.endsWith('.wasm')) scripts.push(pathname);
      });
      await runIn(page, new Tensor('float32', new Float32Array(3 * 32 * 32), [1, 3, 32, 32]));
      // What it did not ask for is not fetched: relaxed SIMD, threads, files.
      expect(scripts.map((path) => path.replace(/^.*\/(.+?)-[\w-]{8}\.js$/, '$1')).sort()).toEqual(['chunk-strict', 'index']);
      const sizes = scripts.map((path) => {
        const bytes = readFileSync(at(`build${path}`));
        return { path, raw: bytes.length, gzipped: gzipSync(bytes).length };
      });
      const total = sizes.reduce((sum, { gzipped }) => sum + gzipped, 0);
      const parts = sizes.map(({ path, raw, gzipped }) => `${path} ${raw} (${gzipped} gzipped)`).join(', ');
      process.stdout.write(`A page with Lanewise downloads ${(total / 1000).toFixed(1)} KB gzipped: ${parts}\n`);
      expect(total).toBeLessThanOrEqual(65_000);
      await page.close();
    });
  });
});
