// Whether a network learns as well as in PyTorch: ResNet-20 on CIFAR-10, with the same first weights, the same pictures in the
// same order and the same recipe. Fails if the test accuracies after the last epoch are more than a point apart.
//
//   npm run check:learning -- [--data ../shared/cifar10] [--epochs 5] [--pictures N] [--python /usr/bin/python3] [--only lanewise]
//
// The folder has train.tar.gz and test.tar.gz, JPEG pictures in a folder per class; without it there is nothing to do, and the
// script says so. --pictures takes the first so many of the shuffled training set. Both run at the same time, each on one thread.
// What they read lies in build/learning afterwards; the log is what is printed.

import { execFileSync, fork, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { readSafetensors, writeSafetensors } from '../../dist/formats.js';
import { Tensor } from '../../dist/index.js';
import { cosine, crossEntropy, inBatches, sgd, trainer } from '../../dist/train.js';
import { cifar10 } from '../../dist/vision.js';
import { resnet20 } from '../../dist/zoo.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const BATCH = 128;
const RATE = 0.1;
const MOMENTUM = 0.9;
const DECAY = 5e-4;
const PIXELS = 3 * 32 * 32;
/** Points of accuracy. */
const TOLERANCE = 1;

const string = { type: 'string' };
const { values } = parseArgs({
  options: {
    data: { ...string, default: join(root, '../shared/cifar10') },
    epochs: { ...string, default: '5' },
    pictures: string,
    python: { ...string, default: process.env.TORCH_PYTHON ?? '/usr/bin/python3' },
    only: string,
    child: string,
  },
});

/** All pictures of an archive in an order that its names alone decide: bytes [N, 3, 32, 32] and classes. */
async function unpacked(archive) {
  const { default: sharp } = await import('sharp');
  const folder = mkdtempSync(join(tmpdir(), 'lanewise-cifar10-'));
  try {
    execFileSync('tar', ['-xzf', archive, '-C', folder]);
    const files = readdirSync(folder, { recursive: true })
      .filter((path) => path.endsWith('.jpg'))
      .sort();
    const pictures = new Uint8Array(files.length * PIXELS);
    const labels = Int32Array.from(files, (path) => cifar10.labels.indexOf(path.split(/[\\/]/).at(-2)));
    const decode = async (path, i) => {
      const { data, info } = await sharp(join(folder, path))
        .toColourspace('srgb')
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true });
      if (data.length !== PIXELS || info.channels !== 3) throw new Error(`${path} has other sizes than 32×32`);
      for (let j = 0; j < PIXELS; j++) pictures[i * PIXELS + (j % 3) * 1024 + Math.floor(j / 3)] = data[j];
    };
    for (let i = 0; i < files.length; i += 500) await Promise.all(files.slice(i, i + 500).map((path, j) => decode(path, i + j)));
    return { pictures: new Tensor('uint8', pictures, [files.length, 3, 32, 32]), labels: new Tensor('int32', labels, [files.length]) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The order of each epoch, as `inBatches` has it. */
function orderOf(count, taken, epochs) {
  const order = new Int32Array(epochs * taken);
  const numbers = Int32Array.from({ length: count }, (_, i) => i);
  const [first] = [...inBatches(new Tensor('int32', numbers, [count]), numbers, { batch: taken, lastBatch: 'drop', seed: 1 })(0)];
  const batches = inBatches(first[0], first[1], { batch: taken, seed: 2 });
  for (let epoch = 0; epoch < epochs; epoch++) for (const [chosen] of batches(epoch)) order.set(chosen.data, epoch * taken);
  return new Tensor('int32', order, [epochs, taken]);
}

/** What a byte of a channel is to the network: normalised by mean and deviation. */
const channelValues = () =>
  new Tensor(
    'float32',
    Float32Array.from({ length: 768 }, (_, i) => ((i % 256) / 255 - cifar10.mean[i >> 8]) / cifar10.std[i >> 8]),
    [3, 256],
  );

/** Trains with Lanewise; prints a line of JSON for each epoch, as torch_train.py does. */
async function learn(file) {
  const tensors = readSafetensors(readFileSync(file)).tensors;
  const read = (name) => tensors.get(name).read();
  const [bytes, classes, table, order] = ['pictures', 'labels', 'values', 'order'].map(read);
  const [epochs, count] = tensors.get('order').dims;

  const batchOf = (bytes, classes, chosen) => {
    const x = new Float32Array(chosen.length * PIXELS);
    const place = (picture, i) => {
      const from = picture * PIXELS;
      for (let j = 0; j < PIXELS; j++) x[i * PIXELS + j] = table[256 * (j >> 10) + bytes[from + j]];
    };
    chosen.forEach(place);
    return [new Tensor('float32', x, [chosen.length, 3, 32, 32]), Int32Array.from(chosen, (picture) => classes[picture])];
  };
  function* epoch(index) {
    for (let i = 0; i < count; i += BATCH) {
      yield batchOf(bytes, classes, order.subarray(index * count + i, index * count + Math.min(i + BATCH, count)));
    }
  }
  const [testBytes, testClasses] = [read('test_pictures'), read('test_labels')];
  function* tests() {
    const size = 500;
    for (let i = 0; i < testClasses.length; i += size) {
      const length = Math.min(size, testClasses.length - i);
      yield batchOf(
        testBytes,
        testClasses,
        Int32Array.from({ length }, (_, j) => i + j),
      );
    }
  }

  const t = await trainer(resnet20({ seed: 1 }), {
    loss: crossEntropy(),
    optimizer: sgd({ momentum: MOMENTUM, nesterov: true, weightDecay: DECAY }),
    batch: BATCH,
  });
  let [wall, cpu] = [performance.now(), process.cpuUsage()];
  let took;
  const onStep = ({ batch }) => {
    const { user, system } = process.cpuUsage(cpu);
    // After the epoch's last step, so that the evaluation does not count.
    if (batch + 1 === Math.ceil(count / BATCH)) took = { ms: performance.now() - wall, cpu_ms: (user + system) / 1e3 };
  };
  const onEpoch = ({ epoch, loss, accuracy, validation }) => {
    console.log(JSON.stringify({ epoch, loss, accuracy, test_accuracy: validation.accuracy, ...took }));
    [wall, cpu] = [performance.now(), process.cpuUsage()];
  };
  const batches = Object.assign(epoch, { batches: Math.ceil(count / BATCH) });
  await t.fit(batches, { epochs, schedule: cosine(RATE), validation: () => tests(), onStep, onEpoch });
  t.dispose();
}

/** Runs a process and prints the lines of its epochs. @returns the reports */
function follow(name, child) {
  const reports = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    const report = JSON.parse(line);
    reports.push(report);
    const { epoch, loss, accuracy, test_accuracy, ms, cpu_ms } = report;
    const percent = (share) => `${(100 * share).toFixed(2)} %`;
    console.log(
      `${name.padEnd(8)} epoch ${epoch}: loss ${loss.toFixed(4)}, ${percent(accuracy)} of the training pictures, ${percent(test_accuracy)} ` +
        `of the test pictures; ${(ms / 1e3).toFixed(1)} s, ${(cpu_ms / 1e3).toFixed(1)} s of a processor`,
    );
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve(reports) : reject(new Error(`${name} ended with ${code}`))));
  });
}

async function main() {
  const archives = ['train.tar.gz', 'test.tar.gz'].map((name) => join(values.data, name));
  const missing = archives.find((archive) => !existsSync(archive));
  if (missing) return console.log(`skipped: ${missing} is not there`);
  const [all, tests] = [await unpacked(archives[0]), await unpacked(archives[1])];
  const count = all.labels.data.length;
  const taken = Math.min(count, Number(values.pictures ?? count));
  const folder = join(root, 'build/learning');
  mkdirSync(folder, { recursive: true });
  const [data, weights] = ['data', 'weights'].map((name) => join(folder, `${name}.safetensors`));
  const order = orderOf(count, taken, Number(values.epochs));
  const file = { ...all, order, values: channelValues(), test_pictures: tests.pictures, test_labels: tests.labels };
  writeFileSync(data, writeSafetensors(new Map(Object.entries(file))));
  writeFileSync(weights, resnet20({ seed: 1 }).toSafetensors());
  console.log(`ResNet-20, ${taken} pictures, ${order.dims[0]} epochs, batches of ${BATCH}, ${tests.labels.data.length} test pictures`);

  const torch = [
    [fileURLToPath(new URL('torch_train.py', import.meta.url)), 'resnet20', '--weights', weights, '--data', data, '--batch', BATCH],
    ['--lr', RATE, '--cosine', '--momentum', MOMENTUM, '--nesterov', '--weight-decay', DECAY, '--channels-last', '--threads', 1],
  ].flat();
  const start = {
    lanewise: () => fork(fileURLToPath(import.meta.url), ['--child', data], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] }),
    pytorch: () => spawn(values.python, torch.map(String), { stdio: ['ignore', 'pipe', 'inherit'] }),
  };
  const names = Object.keys(start).filter((name) => !values.only || name === values.only);
  const last = (await Promise.all(names.map((name) => follow(name, start[name]())))).map((reports) => 100 * reports.at(-1).test_accuracy);
  if (last.length < 2) return;
  const apart = Math.abs(last[0] - last[1]);
  const fits = apart <= TOLERANCE;
  console.log(`${apart.toFixed(2)} points apart: ${fits ? 'as it should be' : `more than ${TOLERANCE}`}`);
  if (!fits) process.exitCode = 1;
}

if (values.child) {
  await learn(values.child);
  process.disconnect();
} else await main();
