// A loop over the frames of a camera allocates nothing of a tensor's size, if it keeps what it fills.

import { load as loadCompiled } from '../../src/compiled/index.ts';
import { type Model, Tensor } from '../../src/index.ts';
import { conv2d, input, model as layersModel, relu, sigmoid } from '../../src/layers/index.ts';
import { cifar10, type Preprocessing, toTensor } from '../../src/vision/index.ts';
import { compiled } from '../compiled/networks.ts';

import.meta.jest.setTimeout(240_000);

const SIZE = 96;
const RUNS = 1000;

const x = input([3, SIZE, SIZE], { name: 'frame' });
const net = layersModel(x, {
  mask: sigmoid(conv2d(relu(conv2d(x, 4, 3, { padding: 1 })), 1, 3, { padding: 1 })),
  features: conv2d(x, 3, 1),
});
/** Bytes of the smallest tensor that is made. */
const LEAST = SIZE * SIZE * 4;

/** A frame is cropped, and resized to the network's size. */
const preset: Preprocessing = { ...cifar10, resize: { width: SIZE, height: SIZE } };
const frame = { width: 320, height: 240, channels: 4 as const, data: new Uint8ClampedArray(320 * 240 * 4) };

const ways: Record<string, () => Promise<Model>> = {
  'on this thread': () => net.compile(),
  'on threads': () => net.compile({ threads: 2 }),
  'in a worker': () => net.compile({ worker: true }),
  compiled: () => loadCompiled(compiled(net.graph(), { inputShapes: { frame: [1, 3, SIZE, SIZE] } })),
};

/** The most bytes of buffers that one turn of a loop allocates: a collection can hide some turns, but not all. */
async function mostAllocated(turn: () => Promise<unknown>): Promise<number> {
  let most = 0;
  for (let i = 0; i < RUNS; i++) {
    frame.data.fill(i, 0, 4000);
    const before = process.memoryUsage().arrayBuffers;
    await turn();
    // What is made first is kept.
    if (i > 2) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  return most;
}

test.each(Object.entries(ways))('%s', async (_, make) => {
  const model = await make();
  const into = new Tensor(new Float32Array(3 * SIZE * SIZE), [1, 3, SIZE, SIZE]);
  const mask = new Tensor(new Float32Array(SIZE * SIZE), [1, 1, SIZE, SIZE]);
  const kept = await mostAllocated(() => model.run({ frame: toTensor(frame, preset, { into }) }, { outputs: { mask } }));
  expect(kept).toBeLessThan(LEAST);
  expect(mask).toEqual((await model.run({ frame: toTensor(frame, preset) })).mask);
  model.dispose();
});

test('the count sees one output, one input, and one picture on the way', async () => {
  const model = await net.compile();
  const into = new Tensor(new Float32Array(3 * SIZE * SIZE), [1, 3, SIZE, SIZE]);
  const mask = new Tensor(new Float32Array(SIZE * SIZE), [1, 1, SIZE, SIZE]);
  expect(await mostAllocated(() => model.run({ frame: into }, { outputs: ['mask'] }))).toBeGreaterThanOrEqual(LEAST);
  expect(await mostAllocated(() => model.run({ frame: toTensor(frame, preset) }, { outputs: { mask } }))).toBeGreaterThanOrEqual(3 * LEAST);
});

test('views allocate nothing either', async () => {
  const model = await net.compile();
  model.runSync({ frame: toTensor(frame, preset) }, { outputs: ['mask'] });
  const [into, mask] = [model.view('frame'), model.view('mask')];
  const kept = await mostAllocated(async () => model.runSync({ frame: toTensor(frame, preset, { into }) }, { outputs: { mask } }));
  expect(kept).toBeLessThan(LEAST);
  const seen = [...mask.data];
  expect([...((await model.run({ frame: toTensor(frame, preset) })).mask.data as Float32Array)]).toEqual(seen);
});
