import { sha256 } from '../vision/pictures.ts';
import type { LayersPage } from './layers/main.ts';
import { bytes } from './layers/networks.ts';
import { callPage, inChromium } from './setup.ts';

import.meta.jest.setTimeout(60_000);

inChromium('networks in layers', ['tests/browser/layers'], (site) => {
  test('weights that grow from a seed, and what comes out, have the bits that Node gives them', async () => {
    const expected = Object.fromEntries(Object.entries(await bytes()).map(([name, data]) => [name, sha256(data)]));
    const { result, complaints } = await callPage<LayersPage, 'hashes'>(site, 'layers/index.html', 'hashes');
    expect(result).toEqual(expected);
    expect(new Set(Object.values(result)).size).toBe(6);
    expect(complaints).toEqual([]);
  });

  test('there is no file to save to', async () => {
    const { result } = await callPage<LayersPage, 'save'>(site, 'layers/index.html', 'save');
    expect(result).toBe("LanewiseError: 'resnet20.onnx' cannot be written: there is no file system here");
  });
});
