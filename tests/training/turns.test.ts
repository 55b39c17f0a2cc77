// Calls of a trainer beside each other, and where `fit` goes on.

import { createHash } from 'node:crypto';
import { Tensor } from '../../src/index.ts';
import { batchNorm, conv2d, dense, dropout, flatten, globalAvgPool2d, input, model, relu } from '../../src/layers/index.ts';
import { adamw, crossEntropy, inBatches, sgd, type TrainerOptions, trainer } from '../../src/training/index.ts';
import type { Trainer } from '../../src/training/trainer.ts';
import { random } from '../reference/index.ts';

function network(seed = 1) {
  const x = input([3, 6, 6]);
  const features = relu(batchNorm(conv2d(x, 6, 3, { padding: 1, bias: false })));
  return model(x, dense(dropout(flatten(globalAvgPool2d(features)), 0.2), 4), { seed });
}

const tensor = (dims: readonly number[], seed: number) => new Tensor('float32', Float32Array.from(random(dims, seed).data), dims);
const pictures = tensor([14, 3, 6, 6], 3);
const classes = Int32Array.from({ length: 14 }, (_, i) => i % 4);
const batches = inBatches(pictures, classes, { batch: 6, seed: 2 });
const options = { loss: crossEntropy(), optimizer: sgd({ momentum: 0.9 }), batch: 6, seed: 7, rate: 0.1 };
const make = (more: Partial<TrainerOptions> = {}, seed = 1) => trainer(network(seed), { ...options, ...more });
/** Short, because a difference is shown. */
const bytesOf = async (t: Trainer) =>
  createHash('sha256')
    .update(await t.save())
    .digest('hex');

test('a step reads its arrays before it returns', async () => {
  const [one, two] = [await make(), await make()];
  const [pixels, labels] = [pictures.data.slice(), classes.slice()];
  const steps = [one.step(pixels, labels), one.step(pixels, labels)];
  pixels.fill(0);
  labels.fill(0);
  await Promise.all(steps);
  await two.step(pictures, classes);
  await two.step(pictures, classes);
  expect(await bytesOf(one)).toBe(await bytesOf(two));
});

test('freeze and unfreeze leave alone the calls before them', async () => {
  const run = async (wait: boolean) => {
    const t = await make();
    for (const then of [() => t.freeze('conv2d'), () => t.unfreeze('conv2d'), () => {}]) {
      const step = t.step(pictures, classes);
      if (wait) await step;
      then();
    }
    return bytesOf(t);
  };
  expect(await run(false)).toBe(await run(true));
});

test('what is frozen while gradients are gathered has none of them left when it learns again', async () => {
  const [t, other] = [await make({ accumulate: 2, optimizer: sgd() }), await make({ accumulate: 2, optimizer: sgd() })];
  const weight = async (trainer: Trainer) => (await trainer.weights()).get('conv2d_1.weight')?.data;
  await t.step(pictures, classes);
  t.freeze('conv2d_1');
  await t.step(pictures, classes);
  const before = await weight(t);
  expect(before).toEqual(await weight(other));
  t.unfreeze('conv2d_1');
  // No update yet.
  await t.step(pictures, classes);
  const gathered = (await t.states()).get('training:gathered:conv2d_1.weight')?.data as Float32Array;
  other.freeze('conv2d_1');
  await other.step(pictures, classes);
  await other.step(pictures, classes);
  other.unfreeze('conv2d_1');
  await other.step(pictures, classes);
  expect(gathered).toEqual((await other.states()).get('training:gathered:conv2d_1.weight')?.data);
});

test.each([sgd({ momentum: 0.9 }), adamw()])('freezes and goes on from a file as without: $name', async (optimizer) => {
  const more = { optimizer, accumulate: 2, average: 0.9 };
  const whole = await make(more);
  for (let i = 0; i < 3; i++) await whole.step(pictures, classes);
  whole.freeze('conv2d', 'batchNorm');
  await whole.step(pictures, classes);
  const later = await make({ ...more, train: ['dense'], resume: await whole.save() }, 5);
  for (const t of [whole, later]) {
    await t.step(pictures, classes);
    t.unfreeze('');
    for (let i = 0; i < 3; i++) await t.step(pictures, classes);
  }
  expect(await bytesOf(later)).toBe(await bytesOf(whole));
});

test.each([{}, { accumulate: 2, clip: 0.5, average: 0.9, checkpoint: true }])('goes on from every step, with %j', async (more) => {
  const fitting = { epochs: 2, schedule: (epoch: number) => 0.1 / (1 + epoch) };
  const whole = await make(more);
  const files: Uint8Array[] = [];
  const keep = async () => files.push(await whole.save());
  await whole.fit(batches, { ...fitting, onStep: keep, onEpoch: keep });
  expect(files.length).toBe(8);
  for (const file of files) {
    const later = await make({ ...more, resume: file }, 9);
    await later.fit(batches, fitting);
    expect(await bytesOf(later)).toBe(await bytesOf(whole));
    later.dispose();
  }
});

test('an epoch whose batches were all done ends, and has no mean', async () => {
  const t = await make();
  const stop = ({ batch }: { batch: number }) => {
    if (batch === 2) throw new Error('mine');
  };
  await expect(t.fit(batches, { epochs: 1, onStep: stop })).rejects.toThrow('mine');
  expect(t.position).toEqual({ epoch: 0, batch: 3, step: 3 });
  expect(await t.fit(batches, { epochs: 1 })).toEqual([{ epoch: 0, loss: Number.NaN }]);
  expect(t.position).toEqual({ epoch: 1, batch: 0, step: 3 });
});

test('an epoch with fewer batches than are done is an error', async () => {
  const t = await make();
  const stop = ({ batch }: { batch: number }) => {
    if (batch === 1) throw new Error('mine');
  };
  await expect(t.fit(batches, { epochs: 1, onStep: stop })).rejects.toThrow('mine');
  await expect(t.fit([[pictures, classes]], { epochs: 1 })).rejects.toThrow('epoch 0 has 1 batches, but 2 of it are done');
});

test('fit runs once at a time', async () => {
  const t = await make();
  const first = t.fit(batches, { epochs: 1 });
  await expect(t.fit(batches, { epochs: 1 })).rejects.toThrow('fit is running');
  await first;
  expect(t.position).toEqual({ epoch: 1, batch: 0, step: 3 });
  expect((await t.fit(batches, { epochs: 2 })).length).toBe(1);
});

test('what is gone through only once is told', async () => {
  const t = await make();
  function* once() {
    yield [pictures, classes] as const;
  }
  await expect(t.fit(once(), { epochs: 2 })).rejects.toThrow('epoch 1 has no batches; what can be gone through only once');
});

test('looking changes nothing', async () => {
  const run = async (looks: boolean) => {
    const t = await make({ average: 0.9, accumulate: 2 });
    const look = async () => {
      await t.evaluate(batches);
      await t.weights();
      await t.toONNX();
      (await t.model()).dispose();
      expect(t.profile(pictures, classes).length).toBeGreaterThan(5);
      t.summary();
    };
    await t.fit(batches, { epochs: 2, ...(looks && { onStep: look }) });
    return bytesOf(t);
  };
  expect(await run(true)).toBe(await run(false));
});

test('profile waits for nobody', async () => {
  const t = await make();
  const step = t.step(pictures, classes);
  expect(() => t.profile(pictures, classes)).toThrow('the trainer is running');
  await step;
  expect(() =>
    t.profile(
      pictures,
      classes.map((_, i) => (i === 3 ? 9 : 0)),
    ),
  ).toThrow('label 3 is 9');
});

test('memory says the same after states were read', async () => {
  const t = await make();
  await t.step(pictures, classes);
  const before = t.memory;
  expect(before.activations).toBeGreaterThan(0);
  await t.save();
  expect(t.memory.activations).toBeGreaterThanOrEqual(before.activations);
});

test.each([{}, { threads: 2 }, { worker: true }] as const)('dispose ends a step, with %j', async (where) => {
  const t = await make(where);
  const step = t.step(pictures, classes);
  t.dispose();
  await expect(step).rejects.toMatchObject({ code: 'DISPOSED' });
  const busy = await make(where);
  const later = busy.step(pictures, classes);
  // The step has begun.
  for (let i = 0; i < 4; i++) await null;
  busy.dispose();
  await expect(later).rejects.toMatchObject({ code: 'DISPOSED' });
  expect(() => busy.freeze('dense')).toThrow('disposed');
  await expect(busy.fit(batches, { epochs: 1 })).rejects.toMatchObject({ code: 'DISPOSED' });
});

test.each([{}, { accumulate: 2 }, { checkpoint: true, threads: 2 }] as const)(
  'a batch that is no number leaves all as it was, with %j',
  async (more) => {
    const bad = new Tensor('float32', Float32Array.from(pictures.data as Float32Array).fill(Number.NaN, 5, 6), pictures.dims);
    const [t, other] = [await make(more), await make(more)];
    for (let i = 0; i < 3; i++) {
      const { loss } = await t.step(bad, classes);
      expect(loss).toBeNaN();
      await expect(t.fit([[bad, classes]], { epochs: 1 })).rejects.toMatchObject({ code: 'NOT_FINITE' });
      await t.step(pictures, classes);
      await other.step(pictures, classes);
    }
    expect(await bytesOf(t)).toBe(await bytesOf(other));
  },
);

test.each([adamw({ beta1: 0.8 }), sgd({ momentum: 0.9, dampening: 0.5 })])(
  'the first update after frozen ones is as the first of all, as in PyTorch: $name',
  async (optimizer) => {
    // Without a rate nothing else moves, so that the gradients are those of the beginning.
    const more = { optimizer, seed: 0 };
    const still = (t: Trainer) => t.step(pictures, classes, 0);
    const weight = async (t: Trainer) => (await t.weights()).get('conv2d_1.weight')?.data;
    const plain = () => {
      const x = input([3, 6, 6]);
      return model(x, dense(flatten(globalAvgPool2d(relu(conv2d(x, 6, 3)))), 4), { seed: 1 });
    };
    const [t, fresh] = [await trainer(plain(), { ...options, ...more }), await trainer(plain(), { ...options, ...more })];
    t.freeze('conv2d');
    for (let i = 0; i < 5; i++) await still(t);
    t.unfreeze('conv2d');
    await t.step(pictures, classes, 0.1);
    await fresh.step(pictures, classes, 0.1);
    expect(await weight(t)).toEqual(await weight(fresh));
    // From a file, too.
    t.freeze('conv2d');
    for (let i = 0; i < 2; i++) await still(t);
    const later = await trainer(plain(), { ...options, ...more, resume: await t.save() });
    for (const one of [t, later]) {
      one.unfreeze('');
      await one.step(pictures, classes, 0.1);
    }
    expect(await bytesOf(later)).toBe(await bytesOf(t));
  },
);
