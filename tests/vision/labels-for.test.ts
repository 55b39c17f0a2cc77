import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labelsFor } from '../../src/cli/pictures.ts';
import { cifar10Labels, imagenetLabels } from '../../src/vision/labels/index.ts';

let folder: string;
let model: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lanewise-labels-'));
  model = join(folder, 'model.onnx');
});
afterAll(() => rmSync(folder, { recursive: true }));

test("the command line takes a preset's labels where the model has as many classes", async () => {
  expect(await labelsFor(model, undefined, 1000)).toBeUndefined();
  for (const preset of ['imagenet', 'imagenetBicubic', 'imagenetInception'])
    expect(await labelsFor(model, preset, 1000)).toBe(imagenetLabels);
  // TensorFlow's networks have a class 0 of their own: these names would all be one off.
  expect(await labelsFor(model, 'imagenet', 1001)).toBeUndefined();
  expect(await labelsFor(model, 'cifar10', 10)).toBe(cifar10Labels);
  expect(await labelsFor(model, 'cifar10', 1000)).toBeUndefined();
});

test('a config.json beside the model comes first', async () => {
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ id2label: { 0: 'no', 1: 'yes' } }));
  expect(await labelsFor(model, 'imagenet', 1000)).toEqual(['no', 'yes']);
});
