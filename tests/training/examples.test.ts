// What trainers are fed, and what they refuse.

import { Tensor } from '../../src/index.ts';
import { conv2d, dense, input, model, relu, sigmoid } from '../../src/layers/index.ts';
import { crossEntropy, inBatches, meanSquaredError, outputLoss, sgd, trainer } from '../../src/training/index.ts';
import { random } from '../reference/index.ts';

const tensor = (dims: readonly number[], seed = 3) => new Tensor('float32', Float32Array.from(random(dims, seed).data), dims);
const options = { loss: crossEntropy(), optimizer: sgd(), batch: 2 };
const x = input([4]);
const rows = () => trainer(model(x, dense(x, 3), { seed: 1 }), options);
const refused = { code: 'INVALID_INPUT' };

function gone<T extends { readonly buffer: unknown }>(data: T): T {
  structuredClone(data.buffer, { transfer: [data.buffer as ArrayBuffer] });
  return data;
}

test.each([Number.NaN, -1, Number.POSITIVE_INFINITY, '0.1', null])('a rate of %p', async (rate) => {
  const t = await rows();
  const before = await t.weights();
  await expect(t.step(tensor([2, 4]), [1, 2], rate as never)).rejects.toMatchObject(refused);
  expect(await t.weights()).toEqual(before);
});

test('classes that int32 does not hold', async () => {
  const t = await rows();
  await expect(t.step(tensor([2, 4]), new Tensor('int64', [2n ** 32n, 1n]))).rejects.toThrow('label 0 is 4294967296');
  await expect(t.step(tensor([2, 4]), new Tensor('uint32', [1, 2 ** 32 - 1]))).rejects.toThrow('label 1 is 4294967295');
  await expect(t.step(tensor([2, 4]), [1, 2 ** 32])).rejects.toMatchObject(refused);
  await expect(t.step(tensor([2, 4]), [1, 3])).rejects.toThrow('label 1 is 3; there are 3 classes');
});

test('float16 labels are numbers and no bits', async () => {
  const numbers = [0.5, 0.5, 0, 1, 0, 0];
  const [a, b] = [await rows(), await rows()];
  const { loss } = await a.step(tensor([2, 4]), new Tensor('float16', numbers, [2, 3]));
  expect(loss).toBe((await b.step(tensor([2, 4]), new Tensor('float32', numbers, [2, 3]))).loss);
});

test('labels whose buffer is gone', async () => {
  const t = await rows();
  const classes = new Tensor('int32', Int32Array.of(1, 2));
  gone(classes.data);
  await expect(t.step(tensor([2, 4]), classes)).rejects.toMatchObject(refused);
  await expect(t.step(tensor([2, 4]), gone(Int32Array.of(1, 2)))).rejects.toMatchObject(refused);
  await expect(t.step(tensor([2, 4]), new DataView(new ArrayBuffer(8)) as never)).rejects.toMatchObject(refused);
  await expect(t.step(tensor([2, 4]), [undefined, 1] as never)).rejects.toMatchObject(refused);
  const pixels = tensor([2, 4]);
  gone(pixels.data);
  expect(() => inBatches(pixels, [1, 2])).toThrow('holds 8 elements');
  expect(() => inBatches(null as never, [1, 2])).toThrow('inBatches takes a Tensor');
});

test('a batch without examples', async () => {
  const t = await rows();
  await expect(t.step(new Tensor('float32', [], [0, 4]), [])).rejects.toThrow('the batch has no examples');
  await expect(t.step(tensor([2, 4]), [])).rejects.toMatchObject(refused);
  await expect(t.evaluate([])).rejects.toThrow('evaluate got no batches');
});

test('a loss that takes no labels has the examples of the inputs', async () => {
  const one = input([1], { batch: 1 });
  const net = model(one, sigmoid(dense(one, 1)), { seed: 1 });
  const t = await trainer(net, { ...options, loss: outputLoss(), batch: 1, accumulate: 2 });
  const feed = new Tensor('float32', [1], [1, 1]);
  for (let i = 0; i < 4; i++) await t.step(feed, []);
  const [report] = await t.fit([[feed, []]], { epochs: 1 });
  expect(report?.loss).toBeGreaterThan(0);
  for (const { data } of (await t.weights()).values()) expect(data.every(Number.isFinite)).toBe(true);
});

test('accuracy is of the labels that count', async () => {
  const pictures = input([3, 4, 5]);
  const net = model(pictures, conv2d(pictures, 3, 1), { seed: 1 });
  const t = await trainer(net, { ...options, loss: crossEntropy({ ignore: 255 }) });
  const labels = Uint8Array.from({ length: 40 }, (_, i) => (i % 2 ? 255 : 1));
  const last = { accuracy: 0 };
  for (let i = 0; i < 60; i++) Object.assign(last, await t.step(tensor([2, 3, 4, 5]), new Tensor('uint8', labels, [2, 4, 5]), 1));
  expect(last.accuracy).toBe(1);
  expect((await t.evaluate([[tensor([2, 3, 4, 5]), new Tensor('uint8', labels, [2, 4, 5])]])).accuracy).toBe(1);
});

test('what the loss does not depend on stays, also with decay and gathered gradients', async () => {
  const hidden = relu(dense(x, 6, { name: 'body' }));
  const net = model(x, { main: dense(hidden, 3, { name: 'head' }), aux: dense(hidden, 2, { name: 'aux' }) }, { seed: 1 });
  for (const accumulate of [1, 2]) {
    const t = await trainer(net, { ...options, optimizer: sgd({ weightDecay: 0.1, momentum: 0.9 }), output: 'main', accumulate });
    const before = await t.weights();
    for (let i = 0; i < 4; i++) await t.step(tensor([2, 4]), [1, 2]);
    const after = await t.weights();
    expect(after.get('aux.weight')).toEqual(before.get('aux.weight'));
    expect(after.get('body.weight')).not.toEqual(before.get('body.weight'));
    expect(t.summary()).toMatch(/aux\.weight.*frozen/);
    expect([...(await t.states()).keys()].filter((name) => name.includes(':aux'))).toEqual([]);
    await net.loadWeights(after);
  }
});

test('validation that is none is told before the first step', async () => {
  const t = await rows();
  await expect(t.fit([[tensor([2, 4]), [1, 2]]], { epochs: 1, validation: 5 as never })).rejects.toThrow('option validation');
  expect(t.position.step).toBe(0);
});

test('junk in place of a loss, an optimizer, options', async () => {
  const net = model(x, dense(x, 3));
  for (const wrong of [{ loss: { write() {} } }, { optimizer: { update() {} } }, { optimizer: { update() {}, numbers() {}, slots: 5 } }])
    await expect(trainer(net, { ...options, ...(wrong as object) })).rejects.toMatchObject(refused);
  const t = await rows();
  await expect(t.weights(null as never)).rejects.toMatchObject(refused);
  await expect(t.weights({ averages: true } as never)).rejects.toMatchObject(refused);
  for (const path of [null, 5, Symbol('s')]) await expect(t.save(path as never)).rejects.toMatchObject(refused);
  await expect(t.model(null as never)).rejects.toMatchObject(refused);
  await expect(t.model({ operators: 5 } as never)).rejects.toMatchObject(refused);
  expect(() => t.freeze(5 as never)).toThrow('no weight has a name that begins with 5');
  await expect(trainer(model(x, relu(x)), options)).rejects.toThrow('the network has no weights');
  await expect(trainer(net, { ...options, loss: meanSquaredError(), batch: 2 ** 40 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
});
