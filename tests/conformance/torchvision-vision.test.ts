import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { decodePicture } from '../../src/vision/decode.ts';
import { imagenet, imagenetBicubic, imagenetInception, toTensor } from '../../src/vision/index.ts';
import { imagenetLabels } from '../../src/vision/labels/index.ts';
import { lacking } from '../skip.ts';

/** Debian's Python has torch as a package; another one may have it from elsewhere. */
const python = process.env.TORCH_PYTHON ?? '/usr/bin/python3';
const cat = await decodePicture(readFileSync('models/cat.png'), 'cat.png');

if (spawnSync(python, ['-c', 'import torchvision, PIL']).status !== 0) {
  lacking("torchvision's preprocessing", `${python} has no torchvision (Debian: python3-torchvision; or set TORCH_PYTHON)`);
} else {
  let made: Record<string, string> & { labels: string[] };
  beforeAll(() => {
    const { width, height, data } = cat;
    const input = JSON.stringify({ width, height, data: Buffer.from(data).toString('base64') });
    made = JSON.parse(execFileSync(python, ['tests/conformance/torchvision/vision.py'], { input, encoding: 'utf8', maxBuffer: 1e8 }));
  }, 60_000);

  test("ImageNet's classes have torchvision's names, but for the brackets that tell two apart", () => {
    const plain = imagenetLabels.map((label) => label.replace(/[()]/g, ''));
    expect(plain).toEqual(made.labels);
  });

  test.each(Object.entries({ imagenet, imagenetBicubic, imagenetInception }))('%s prepares a photo as torchvision does', (name, preset) => {
    const { data } = toTensor(cat, preset);
    const bytes = Buffer.from(made[name] as string, 'base64');
    const expected = new Float32Array(Uint8Array.from(bytes).buffer);
    expect(data).toHaveLength(expected.length);
    const most = data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (expected[i] as number))), 0);
    // torchvision computes in float32 throughout; a byte that differs is at least 0.008 off.
    expect(most).toBeLessThan(5e-7);
  });
}
