import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import sharp from 'sharp';
import { writeOnnx } from '../../src/formats/onnx/writer.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import { load, type Tensor } from '../../src/index.ts';
import { decodePicture } from '../../src/vision/decode.ts';
import { cifar10, imagenet, type Preprocessing, topK, toTensor } from '../../src/vision/index.ts';
import { imagenetLabels } from '../../src/vision/labels/index.ts';
import { squeezenet1_1 } from '../../src/zoo/index.ts';
import { encodeModel } from '../formats/onnx-writer.ts';
import { at, inChromium, watched } from './setup.ts';

const modelFile = readFileSync(at('models/cifar10-resnet20/model.onnx'));
const sha256 = (data: NodeJS.ArrayBufferView): string => createHash('sha256').update(data).digest('hex');
const nodeLogits = async (input: Tensor): Promise<Float32Array> =>
  (await (await load(modelFile)).run({ input })).logits?.data as Float32Array;

// A page takes a second where all cores are busy with other tests.
import.meta.jest.setTimeout(60_000);

inChromium('the demo', ['examples/browser'], (site) => {
  const { complaints, newPage } = watched(site);

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

  describe("the visitor's model", () => {
    const openModel = (page: Page, name: string, bytes: Uint8Array) =>
      page.setInputFiles('#model', { name, mimeType: 'application/octet-stream', buffer: Buffer.from(bytes) });
    const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();
    const chosen = (page: Page, id: string) =>
      page.locator(`#${id}`).evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.text);

    /** A model that gives what it takes. */
    function same(...shapes: (number | string)[][]): Uint8Array {
      const g = new GraphBuilder('same');
      for (const [i, dims] of shapes.entries()) g.output(`y${i}`, g.node('Identity', [g.input(`x${i}`, dims)]));
      return writeOnnx(g.build());
    }

    test('a network of 1000 classes gets their names, its values, and the bits that Node gives it', async () => {
      const bytes = writeOnnx(squeezenet1_1({ seed: 3 }).graph());
      const page = await openDemo();
      await settled(page);
      expect(await page.locator('#bundled').isVisible()).toBe(false);
      await openModel(page, 'squeeze.onnx', bytes);
      expect(await settled(page)).toBe('done');
      expect(await text(page, 'model-name')).toBe('squeeze.onnx');
      expect(await text(page, 'model-takes')).toBe('takes float32 [N, 3, 224, 224], NCHW; gives 1000 scores');
      expect([await chosen(page, 'values'), await chosen(page, 'names')]).toEqual(["ImageNet's mean and deviation", 'ImageNet']);
      expect(await page.locator('#side').isVisible()).toBe(false);
      expect(await text(page, 'known')).toBe('');
      const photo = await decodePicture(readFileSync(at('models/cat.png')), 'cat.png');
      const model = await load(bytes);
      const input = model.inputs[0]?.name as string;
      const outputs = async (how: Preprocessing) => Object.values(await model.run({ [input]: toTensor(photo, how) }))[0] as Tensor;
      const scores = (await outputs(imagenet)).data as Float32Array;
      expect(await fingerprint(page)).toBe(sha256(scores));
      const [best] = topK(scores, 1);
      expect(await page.locator('#classes .label').first().textContent()).toBe(imagenetLabels[best?.index as number]);

      // Other values are other numbers; the names can be left out.
      await page.selectOption('#values', 'signed');
      expect(await settled(page)).toBe('done');
      const half = [0.5, 0.5, 0.5];
      const other = { crop: 'center_square', resize: { width: 224, height: 224 }, mean: half, std: half } as const;
      expect(await fingerprint(page)).toBe(sha256((await outputs(other)).data));
      await page.selectOption('#names', '');
      expect(await settled(page)).toBe('done');
      expect(await page.locator('#classes .label').first().textContent()).toMatch(/^class \d+$/);

      await page.click('#bundled');
      expect(await settled(page)).toBe('done');
      expect([await text(page, 'model-name'), await verdict(page)]).toEqual(['ResNet-20', 'This looks like a cat']);
      expect(complaints).toEqual([]);
      await page.close();
    });

    test('open sizes are asked for; outputs that are no classes are told by shape and range', async () => {
      const page = await openDemo();
      await settled(page);
      await openModel(page, 'grey.onnx', same(['N', 'H', 'W', 1]));
      expect(await settled(page)).toBe('done');
      expect(await text(page, 'model-takes')).toBe('takes float32 [N, H, W, 1], NHWC');
      expect(await verdict(page)).toBe('The model gives one output');
      expect(await text(page, 'classes')).toMatch(/^y0float32 \[1, 224, 224, 1\]0\.\d+ to 0\.\d+$/);
      await page.fill('#side', '96');
      await page.locator('#side').blur();
      expect(await settled(page)).toBe('done');
      expect(await text(page, 'classes')).toContain('[1, 96, 96, 1]');
      await page.fill('#side', '0');
      await page.locator('#side').blur();
      expect(await settled(page)).toBe('failed');
      expect(await errorText(page)).toBe('The size is a whole number from 1 to 2048.');
      expect(complaints).toEqual([]);
      await page.close();
    });

    test('a dropped one, with its weights in a second file', async () => {
      const page = await openDemo();
      await settled(page);
      const dims = [1, 3, 8, 8];
      const model = encodeModel({
        opset: 13,
        inputs: [{ name: 'x', type: 'float32', dims }],
        outputs: [{ name: 'y', type: 'float32', dims }],
        nodes: [{ op: 'Mul', inputs: ['x', 'w'], outputs: ['y'] }],
        initializers: [{ name: 'w', dims: [1], external: { location: 'w.data' } }],
      });
      const files = [
        ['w.data', [...new Uint8Array(Float32Array.of(-2).buffer)]],
        ['two.onnx', [...model]],
      ] as const;
      const transfer = await page.evaluateHandle((given) => {
        const transfer = new DataTransfer();
        for (const [name, bytes] of given) transfer.items.add(new File([Uint8Array.from(bytes)], name));
        return transfer;
      }, files);
      await page.dispatchEvent('header', 'drop', { dataTransfer: transfer });
      expect(await settled(page)).toBe('done');
      expect(await text(page, 'model-name')).toBe('two.onnx');
      expect(await text(page, 'classes')).toMatch(/\[1, 3, 8, 8\]-1\.\d+ to -0\.\d+$/);
      expect(complaints).toEqual([]);
      await page.close();
    });

    test.each([
      ['notes.onnx', () => Buffer.from('no model'), /^notes\.onnx is not an ONNX model: .*no model.*\.$/],
      ['half.onnx', () => modelFile.subarray(0, 5000), /^half\.onnx ends at byte 5000 .*\.$/],
      ['two.onnx', () => same([1], [2]), /^two\.onnx takes 2 inputs \(x0, x1\), but this page has one picture to give\.$/],
      ['flat.onnx', () => same([1, 784]), /^flat\.onnx takes \[1, 784\], which is no picture of 1 or 3 channels/],
      ['batch.onnx', () => same([8, 3, 32, 32]), /^batch\.onnx takes 8 pictures at once, but this page gives one\.$/],
    ])('%s is refused in a sentence, and the network before stays', async (name, bytes, sentence) => {
      const page = await openDemo();
      await settled(page);
      await openModel(page, name, bytes());
      expect(await settled(page)).toBe('failed');
      expect(await errorText(page)).toMatch(sentence);
      expect(await page.locator('#progress').isVisible()).toBe(false);
      expect(await text(page, 'model-name')).toBe('ResNet-20');
      await page.click('#cat');
      expect(await settled(page)).toBe('done');
      expect(await verdict(page)).toBe('This looks like a cat');
      expect(complaints).toEqual([]);
      await page.close();
    });
  });

  describe('the camera', () => {
    const pace = (page: Page) => page.locator('#pace').textContent();
    const running = /^\d+\.\d frames a second, \d+\.\d ms each$/;

    test.each(['demo', 'isolated/demo'])('classifies its frames until it is stopped, and the page stays alive (%s)', async (folder) => {
      const page = await newPage();
      await page.goto(`${site.origin()}/${folder}/index.html`);
      await settled(page);
      const before = await fingerprint(page);
      await page.click('#camera');
      await page.waitForFunction(() => document.getElementById('pace')?.textContent !== '');
      expect(await settled(page)).toBe('done');
      expect(await pace(page)).toMatch(running);
      expect(await page.locator('#camera').textContent()).toBe('Stop camera');
      expect(await page.locator('#camera').getAttribute('aria-pressed')).toBe('true');
      expect([await page.locator('#video').isVisible(), await page.locator('#picture').isVisible()]).toEqual([true, false]);
      expect(await page.locator('#classes li').count()).toBe(5);
      // Frames of the page itself, meanwhile.
      const frames = await page.evaluate(async () => {
        let count = 0;
        for (const end = performance.now() + 1000; performance.now() < end; count++) await new Promise(requestAnimationFrame);
        return count;
      });
      expect(frames).toBeGreaterThan(5);
      // Another network takes over without a stop.
      await page.setInputFiles('#model', {
        name: 'grey.onnx',
        mimeType: '',
        buffer: Buffer.from(grey()),
      });
      await page.waitForFunction(() => document.getElementById('verdict')?.textContent === 'The model gives one output');
      expect(await page.locator('#video').isVisible()).toBe(true);
      await page.click('#bundled');
      await page.waitForFunction(() => document.getElementById('verdict')?.textContent?.startsWith('This looks like'));

      await page.click('#camera');
      expect(await settled(page)).toBe('done');
      expect(await page.locator('#video').evaluate((video: HTMLVideoElement) => video.srcObject)).toBeNull();
      expect([await page.locator('#video').isVisible(), await page.locator('#picture').isVisible()]).toEqual([false, true]);
      expect([await pace(page), await fingerprint(page), await verdict(page)]).toEqual(['', before, 'This looks like a cat']);
      expect(complaints).toEqual([]);
      await page.close();
    });

    /** A model that gives what it takes, in one channel. */
    function grey(): Uint8Array {
      const g = new GraphBuilder('grey');
      g.output('y', g.node('Identity', [g.input('x', [1, 1, 16, 16])]));
      return writeOnnx(g.build());
    }

    test('a picture that is picked ends it', async () => {
      const page = await openDemo();
      await settled(page);
      await page.click('#camera');
      await page.waitForFunction(() => document.getElementById('pace')?.textContent !== '');
      await pick(page, 'green.png', 'image/png', await greenCard().png().toBuffer());
      expect(await settled(page)).toBe('done');
      expect([await pace(page), await page.locator('#name').textContent()]).toEqual(['', 'green.png']);
      expect(await page.locator('#camera').textContent()).toBe('Camera');
      expect(complaints).toEqual([]);
      await page.close();
    });

    test.each([
      ['NotAllowedError', 'The camera was refused. Allow it for this page in the browser and try again.'],
      ['NotFoundError', 'No camera was found on this device.'],
      ['NotReadableError', 'The camera could not be started: another program may be using it.'],
    ])('%s is a sentence', async (name, sentence) => {
      const page = await newPage();
      await page.addInitScript((name) => {
        navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('why', name));
      }, name);
      await page.goto(`${site.origin()}/demo/index.html`);
      await settled(page);
      await page.click('#camera');
      expect(await settled(page)).toBe('failed');
      expect(await errorText(page)).toBe(sentence);
      expect(await page.locator('#camera').textContent()).toBe('Camera');
      expect(complaints).toEqual([]);
      await page.close();
    });
  });
});
