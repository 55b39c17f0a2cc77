// The default model's accuracy over CIFAR-10's 10,000 test pictures, and pictures per second.
//
//   node bench/models/cifar10-accuracy.mjs [test.tar.gz]
//
// The archive holds JPEG pictures in a folder per class. Without it there is nothing to do, and the script says so.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { load } from 'lanewise';
import { cifar10, toTensor } from 'lanewise/vision';
import sharp from 'sharp';

const root = fileURLToPath(new URL('../..', import.meta.url));
const archive = process.argv[2] ?? join(root, '../shared/cifar10/test.tar.gz');
const CARD = 87.84;
const BATCH = 50;

if (!existsSync(archive)) {
  console.log(`skipped: ${archive} is not there`);
  process.exit(0);
}

const classes = JSON.parse(readFileSync(join(root, 'models/cifar10-resnet20/config.json'), 'utf8')).id2label;
const indexOf = new Map(Object.entries(classes).map(([index, name]) => [name, Number(index)]));
const folder = mkdtempSync(join(tmpdir(), 'lanewise-cifar10-'));
try {
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  const pictures = readdirSync(folder, { recursive: true })
    .filter((path) => /\.jpe?g$/i.test(path))
    .map((path) => ({ path: join(folder, path), label: indexOf.get(basename(join(path, '..'))) }))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const model = await load(join(root, 'models/cifar10-resnet20/model.onnx'), { inputShapes: { input: [BATCH, 3, 32, 32] } });

  let right = 0;
  let inferenceMs = 0;
  const rightByClass = new Map();
  for (let start = 0; start < pictures.length; start += BATCH) {
    const batch = pictures.slice(start, start + BATCH);
    const decoded = await Promise.all(
      batch.map(async ({ path }) => {
        const { data, info } = await sharp(path).toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
        return { width: info.width, height: info.height, channels: info.channels, data };
      }),
    );
    const input = toTensor(decoded, cifar10);
    const before = performance.now();
    const { logits } = model.runSync({ input });
    inferenceMs += performance.now() - before;
    batch.forEach(({ label }, i) => {
      const scores = logits.data.subarray(i * 10, i * 10 + 10);
      if (scores.indexOf(Math.max(...scores)) !== label) return;
      right++;
      rightByClass.set(label, (rightByClass.get(label) ?? 0) + 1);
    });
  }
  const accuracy = (100 * right) / pictures.length;
  for (const [label, count] of [...rightByClass].sort(([a], [b]) => a - b)) {
    const total = pictures.filter((picture) => picture.label === label).length;
    console.log(`${classes[label].padEnd(10)} ${((100 * count) / total).toFixed(1)} %`);
  }
  console.log(`accuracy ${accuracy.toFixed(2)} % over ${pictures.length} pictures (the card says ${CARD} %)`);
  console.log(`${((1000 * pictures.length) / inferenceMs).toFixed(0)} pictures per second, one thread, batch ${BATCH}, inference alone`);
  if (Math.abs(accuracy - CARD) > 0.2) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
