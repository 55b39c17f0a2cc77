import { Tensor } from '../../src/graph/tensor.ts';
import { resnet18 } from '../../src/zoo/index.ts';
import { callPage, inChromium } from './setup.ts';
import type { ThreadsPage } from './threads/main.ts';

import.meta.jest.setTimeout(120_000);

inChromium('threads', ['tests/browser/threads'], (site) => {
  let expected: number[];

  beforeAll(async () => {
    const model = await resnet18().compile();
    const x = new Tensor(
      'float32',
      Float32Array.from({ length: 3 * 224 * 224 }, (_, i) => Math.sin(i * 0.37)),
      [1, 3, 224, 224],
    );
    const [output] = Object.values(model.runSync({ [model.inputs[0]?.name as string]: x })) as [Tensor];
    expected = Array.from(new Uint32Array(output.data.buffer as ArrayBuffer));
  });

  test.each([
    [{ threads: 2 }, 2],
    [{ worker: true }, 1],
  ])('in an isolated page, %j: the bits that Node gives, and the page stays alive', async (options, threads) => {
    const { result, complaints } = await callPage<ThreadsPage, 'infer'>(site, 'isolated/threads/index.html', 'infer', options, 12);
    expect(complaints).toEqual([]);
    const { bits, gap, frames, ms, sync, ...how } = result;
    expect(how).toEqual({ threads, variant: 'strict-threads' });
    expect(bits).toEqual(expected);
    // Twelve runs would be one gap if they blocked the page.
    expect(frames).toBeGreaterThan(5);
    expect(gap).toBeLessThan(ms / 3);
    expect(sync).toBe("LanewiseError: a page's main thread may not wait for others: use run() instead of runSync()");
  });

  test.each(['isolated/threads/index.html', 'threads/index.html'])('%s: a run is aborted between instructions', async (address) => {
    const { result } = await callPage<ThreadsPage, 'abort'>(site, address, 'abort', { threads: 2 }, 5);
    expect(result.code).toBe('ABORTED');
  });

  test('elsewhere one worker runs it, which is said once, and the page stays alive', async () => {
    const { result, complaints } = await callPage<ThreadsPage, 'infer'>(site, 'threads/index.html', 'infer', { threads: 2 }, 12);
    const { bits, gap, frames, ms, sync, ...how } = result;
    expect(how).toEqual({ threads: 1, variant: 'strict' });
    expect(bits).toEqual(expected);
    expect(frames).toBeGreaterThan(5);
    expect(gap).toBeLessThan(ms / 3);
    expect(sync).toMatch(/^LanewiseError: the model is in a worker whose memory is not shared: use run\(\), which does not block;/);
    expect(complaints).toEqual([expect.stringMatching(/^Lanewise runs on one thread here, a worker: .*not cross-origin isolated/)]);
  });

  test.each(['isolated/threads/index.html', 'threads/index.html'])(
    '%s: eight models, 200 runs each, aborted and disposed of at random, all end',
    async (address) => {
      const { result, complaints } = await callPage<ThreadsPage, 'stress'>(site, address, 'stress', { threads: 2 }, 8, 200);
      expect(complaints.filter((text) => !text.startsWith('Lanewise runs on one thread here'))).toEqual([]);
      expect(Object.keys(result).sort()).toEqual(['ABORTED', 'DISPOSED', 'right']);
      expect(Object.values(result).reduce((sum, count) => sum + count)).toBe(8 * 200);
      expect(result.right).toBeGreaterThan(8 * 200 * 0.3);
    },
  );
});
