import { load, Tensor } from '../../src/index.ts';
import { batchNorm, conv2d, dense, dropout, flatten, globalAvgPool2d, input, maxPool2d, model, relu } from '../../src/layers/index.ts';
import { cosine, crossEntropy, inBatches, meanSquaredError, sgd, trainer } from '../../src/training/index.ts';
import { random } from '../reference/index.ts';

/** Small, with everything that training does differently. */
function network(seed = 1) {
  const x = input([3, 8, 8]);
  const features = maxPool2d(relu(batchNorm(conv2d(x, 8, 3, { padding: 1, bias: false }))), 2);
  const more = globalAvgPool2d(relu(batchNorm(conv2d(features, 12, 3, { padding: 1 }))));
  return model(x, dense(dropout(flatten(more), 0.2), 5), { seed });
}

const pictures = new Tensor('float32', Float32Array.from(random([40, 3, 8, 8], 3).data), [40, 3, 8, 8]);
const classes = Int32Array.from({ length: 40 }, (_, i) => i % 5);
const options = { loss: crossEntropy(), optimizer: sgd({ momentum: 0.9, nesterov: true, weightDecay: 5e-4 }), batch: 8, seed: 7 };
const batches = inBatches(pictures, classes, { batch: 8, seed: 2 });

const bitsOf = async (t: Awaited<ReturnType<typeof trainer>>) =>
  Object.fromEntries(
    [...(await t.states())].map(([name, { data }]) => [name, Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex')]),
  );

test('learns a batch by heart', async () => {
  const t = await trainer(network(), { ...options, rate: 0.1 });
  const feed = new Tensor('float32', pictures.data.slice(0, 8 * 192) as Float32Array, [8, 3, 8, 8]);
  const first = await t.step(feed, classes.subarray(0, 8));
  expect(first.loss).toBeGreaterThan(1);
  let last = first;
  for (let i = 0; i < 60; i++) last = await t.step({ input: feed }, classes.subarray(0, 8));
  expect(last.loss).toBeLessThan(0.3);
  expect(last.accuracy).toBeGreaterThan(0.8);
  t.dispose();
  await expect(t.step(feed, classes.subarray(0, 8))).rejects.toMatchObject({ code: 'DISPOSED' });
});

test.each([{ threads: 2 }, { threads: 3 }, { threads: 7 }, { worker: true }] as const)(
  'the same bits with %j as on this thread',
  async (where) => {
    const run = async (more: object) => {
      const t = await trainer(network(), { ...options, ...more });
      await t.fit(batches, { epochs: 2, schedule: cosine(0.1, { warmup: 1 }) });
      const bits = await bitsOf(t);
      t.dispose();
      return bits;
    };
    expect(await run(where)).toEqual(await run({}));
  },
);

test.each([1, 4, 7])('goes on after %i batches as if it had not stopped', async (stop) => {
  const fitting = { epochs: 2, schedule: cosine(0.1) };
  const whole = await trainer(network(), options);
  await whole.fit(batches, fitting);
  const control = new AbortController();
  const first = await trainer(network(), options);
  let count = 0;
  const onStep = () => {
    if (++count === stop) control.abort();
  };
  await expect(first.fit(batches, { ...fitting, onStep, signal: control.signal })).rejects.toMatchObject({ code: 'ABORTED' });
  const later = await trainer(network(99), { ...options, resume: await first.save() });
  expect(later.position).toEqual({ epoch: Math.floor(stop / 5), batch: stop % 5, step: stop });
  await later.fit(batches, fitting);
  expect(await bitsOf(later)).toEqual(await bitsOf(whole));
  await first.fit(batches, fitting);
  expect(await bitsOf(first)).toEqual(await bitsOf(whole));
});

test('the trained network: as a model, as a file, in the layers', async () => {
  const net = network();
  const t = await trainer(net, options);
  await t.fit(batches, { epochs: 1, schedule: 0.05 });
  const { loss, accuracy } = await t.evaluate(batches);
  const feeds = { input: pictures };
  const { output } = await (await t.model()).run(feeds);
  const logits = output?.data as Float32Array;
  const right = Array.from(classes).filter((label, i) => {
    const row = logits.subarray(5 * i, 5 * i + 5);
    return row.indexOf(Math.max(...row)) === label;
  });
  expect(accuracy).toBeCloseTo(right.length / 40, 6);
  expect(loss).toBeGreaterThan(0);
  expect((await (await load(await t.toONNX())).run(feeds)).output?.data).toEqual(logits);
  await net.loadWeights(await t.weights());
  expect((await (await net.compile()).run(feeds)).output?.data).toEqual(logits);
});

test('gathers gradients of several batches', async () => {
  const x = input([4]);
  const net = () => model(x, dense(x, 3), { seed: 5 });
  const data = new Tensor('float32', Float32Array.from(random([12, 4], 8).data), [12, 4]);
  const target = new Tensor('float32', Float32Array.from(random([12, 3], 9).data), [12, 3]);
  const shared = { loss: meanSquaredError(), optimizer: sgd({ momentum: 0.9 }), rate: 0.1 };
  const part = (tensor: Tensor<'float32'>, from: number, to: number) =>
    new Tensor('float32', tensor.data.slice(from * (tensor.dims[1] as number), to * (tensor.dims[1] as number)), [
      to - from,
      tensor.dims[1] as number,
    ]);
  const one = await trainer(net(), { ...shared, batch: 12 });
  const three = await trainer(net(), { ...shared, batch: 4, accumulate: 3 });
  for (let i = 0; i < 3; i++) {
    await one.step(data, target);
    // Of different sizes: each example counts alike.
    for (const [from, to] of [
      [0, 5],
      [5, 6],
      [6, 12],
    ] as const)
      await three.step(part(data, from, to), part(target, from, to));
  }
  const [a, b] = [await one.weights(), await three.weights()];
  for (const [name, { data, dims }] of a) {
    const other = b.get(name) as Tensor<'float32'>;
    expect(Math.max(...data.map((v, i) => Math.abs(v - (other.data[i] as number))))).toBeLessThan(1e-6);
    expect(other.dims).toEqual(dims);
  }
  expect(three.position.step).toBe(3);
});

test('freezes by the beginnings of names', async () => {
  const t = await trainer(network(), options);
  const before = await t.weights();
  const first = [...before.keys()][0] as string;
  t.freeze(first);
  await t.step(pictures, classes);
  const after = await t.weights();
  expect(after.get(first)?.data).toEqual(before.get(first)?.data);
  const changed = [...before].filter(
    ([name, { data }]) => Buffer.compare(Buffer.from(data.buffer), Buffer.from((after.get(name) as Tensor<'float32'>).data.buffer)) !== 0,
  );
  expect(changed.length).toBe(before.size - 1);
  expect(t.summary()).toMatch(new RegExp(`${first.replaceAll('.', '\\.')}.*frozen`));
  expect(() => t.freeze('nothing')).toThrow(/no weight has a name that begins with 'nothing'/);
});

test('a loss that is not finite ends fit, and the weights stay', async () => {
  const t = await trainer(network(), options);
  const bad = new Tensor('float32', Float32Array.from(pictures.data as Float32Array), pictures.dims);
  (bad.data as Float32Array)[300] = Number.NaN;
  const before = await t.weights();
  await expect(t.fit([[bad, classes]], { epochs: 1 })).rejects.toMatchObject({
    code: 'NOT_FINITE',
    message: expect.stringMatching(/epoch 0, batch 0 is NaN: the batch's 'input'/),
  });
  const after = await t.weights();
  for (const [name, { data }] of before) if (!name.includes('running')) expect(after.get(name)?.data).toEqual(data);
  const high = await trainer(network(), { ...options, rate: 1e30 });
  await expect(high.fit(batches, { epochs: 3 })).rejects.toMatchObject({
    code: 'NOT_FINITE',
    message: expect.stringMatching(/layer '|is not finite/),
  });
});
