import { callPage, inChromium } from './setup.ts';
import type { SourcesPage } from './sources/main.ts';

import.meta.jest.setTimeout(60_000);

inChromium('sources', ['tests/browser/sources'], (site) => {
  test('every source gives the same bits, and tells its progress', async () => {
    const { result, complaints } = await callPage<SourcesPage, 'sources'>(site, 'sources/index.html', 'sources');
    const known = { same: true, first: [0, 1], last: [1, 1] };
    // The server does not say how long its files are.
    const unknown = { ...known, first: [0, undefined] };
    expect(result).toEqual({ url: unknown, promise: unknown, file: known, blob: known, stream: unknown, cached: known });
    expect(complaints).toEqual([]);
  });

  test('what was read before, or is being read, says so', async () => {
    const { result } = await callPage<SourcesPage, 'readBefore'>(site, 'sources/index.html', 'readBefore');
    expect(result).toHaveLength(3);
    for (const message of result) expect(message).toMatch(/ was read before, or is being read: a stream gives its bytes only once$/);
  });
});
