// docs/weights.md: its table is torchvision's, its calls are the zoo's, and its preprocessings what they are said to be.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { imagenet } from '../../src/vision/index.ts';
import * as networks from '../../src/zoo/index.ts';
import { lacking } from '../skip.ts';

const text = readFileSync(new URL('../../docs/weights.md', import.meta.url), 'utf8').replaceAll('\r\n', '\n');
const rows = [...text.matchAll(/^\| `(\w+)\((.*)\)` +\| `(\w+)\.(\w+)` +\| `(\S+)` +\| (\d+\.\d+) +\| `(\w+)` +\|$/gm)].map(
  ([, factory = '', options = '', weights = '', version = '', file = '', top1 = '', pictures = '']) => ({
    factory,
    options,
    weights,
    version,
    file,
    top1,
    pictures,
  }),
);

const all = networks as unknown as Readonly<Record<string, networks.Factory<networks.WidthOptions>>>;

test('the table is there, and calls networks of the zoo', () => {
  expect(rows.length).toBe(30);
  for (const { factory, options } of rows) {
    expect([factory, typeof all[factory], options]).toEqual([factory, 'function', options === '' ? '' : '{ width: 2 }']);
  }
});

test('every network of the zoo is on the page', () => {
  const factories = Object.keys(networks).filter((name) => name !== 'zoo' && name !== 'squeezenet');
  const range = /^(plain|vgg)\d+(Bn)?$/;
  expect(factories.filter((name) => !text.includes(`\`${name}`) && !range.test(name))).toEqual([]);
});

const python = process.env.TORCH_PYTHON ?? '/usr/bin/python3';
const script = `
import json, sys, torchvision
from torchvision.models._api import WeightsEnum
found = {}
for name, enum in vars(torchvision.models).items():
    if isinstance(enum, type) and issubclass(enum, WeightsEnum):
        for key, member in enum.__members__.items():
            pre = member.transforms()
            if type(pre).__name__ == "ImageClassification":
                top1 = member.meta.get("_metrics", {}).get("ImageNet-1K", {}).get("acc@1")
                found[f"{name}.{key}"] = [member.url, top1, pre.resize_size, pre.crop_size, pre.mean, pre.std, pre.interpolation.value]
json.dump(found, sys.stdout)
`;
const asked = spawnSync(python, ['-c', script], { encoding: 'utf8' });

if (asked.status !== 0) {
  lacking('published weights', `${python} has no torchvision (Debian: python3-torchvision; or set TORCH_PYTHON)`);
} else {
  type Entry = [url: string, top1: number, resize: number[], crop: number[], mean: number[], std: number[], interpolation: string];
  const found: Record<string, Entry> = JSON.parse(asked.stdout.replaceAll('NaN', 'null'));

  test("are those of torchvision's source", () => {
    for (const { weights, version, file, top1, pictures } of rows) {
      const [url, accuracy, resize, crop, mean, std, interpolation] = found[`${weights}.${version}`] as Entry;
      expect([url, accuracy.toFixed(3)]).toEqual([`https://download.pytorch.org/models/${file}`, top1]);
      expect([resize, crop, interpolation]).toEqual([[pictures === 'imagenet232' ? 232 : 256], [224], 'bilinear']);
      expect([mean, std]).toEqual([imagenet.mean, imagenet.std]);
    }
  });

  test('and all of them for these networks', () => {
    const enums = new Set(rows.map(({ weights }) => weights));
    const listed = rows.map(({ weights, version }) => `${weights}.${version}`);
    const published = Object.keys(found).filter((key) => enums.has(key.split('.')[0] as string) && /IMAGENET1K_V[12]$/.test(key));
    expect(listed.sort()).toEqual(published.sort());
  });
}

test("GoogLeNet's pictures are imagenet's after what torchvision does to them", () => {
  for (const [i, [mean, std]] of [
    [0.485, 0.229],
    [0.456, 0.224],
    [0.406, 0.225],
  ].entries()) {
    expect([imagenet.mean[i], imagenet.std[i]]).toEqual([mean, std]);
    for (const pixel of [0, 0.25, 1]) {
      const x = (pixel - (mean as number)) / (std as number);
      expect(x * ((std as number) / 0.5) + ((mean as number) - 0.5) / 0.5).toBeCloseTo((pixel - 0.5) / 0.5, 12);
    }
  }
});
