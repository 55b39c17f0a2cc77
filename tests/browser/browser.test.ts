import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { readTensorProto } from '../../src/formats/onnx/index.ts';
import { load, Tensor } from '../../src/index.ts';
import type { Run } from './minimal/main.ts';
import { at, inChromium, watched } from './setup.ts';

const modelFile = readFileSync(at('models/cifar10-resnet20/model.onnx'));
const sha256 = (data: NodeJS.ArrayBufferView): string => createHash('sha256').update(data).digest('hex');
const nodeLogits = async (input: Tensor): Promise<Float32Array> =>
  (await (await load(modelFile)).run({ input })).logits?.data as Float32Array;

// A page takes a second where all cores are busy with other tests.
import.meta.jest.setTimeout(60_000);

inChromium('the core', ['tests/browser/minimal'], (site) => {
  const { complaints, newPage } = watched(site);

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
