// What learns in graphs as files and layers have them.

import { load, Tensor } from '../../src/index.ts';
import { adaptiveAvgPool2d, conv2d, dense, flatten, input, model } from '../../src/layers/index.ts';
import { meanSquaredError, sgd, trainer } from '../../src/training/index.ts';
import { encodeModel, type ModelSpec } from '../formats/onnx-writer.ts';
import { random } from '../reference/index.ts';

const tensor = (dims: readonly number[], seed = 3) => new Tensor('float32', Float32Array.from(random(dims, seed).data), dims);
const initializer = (name: string, dims: readonly number[], seed: number) => ({ name, dims, data: [...random(dims, seed).data] });
const options = { loss: meanSquaredError(), optimizer: sgd(), batch: 4, rate: 0.05 };

/** A network x [N, 4] to y. */
const file = (spec: Omit<ModelSpec, 'inputs'>) => encodeModel({ inputs: [{ name: 'x', dims: ['N', 4] }], ...spec });

test('the shares of adaptive pooling do not learn', async () => {
  const x = input([3, 7, 7]);
  const t = await trainer(model(x, dense(flatten(adaptiveAvgPool2d(conv2d(x, 4, 3), 3)), 2)), options);
  await t.step(tensor([4, 3, 7, 7]), tensor([4, 2]));
  expect([...(await t.weights()).keys()]).toEqual(['conv2d_1.weight', 'conv2d_1.bias', 'dense_1.weight', 'dense_1.bias']);
});

test('a node of which one output learns and another does not', async () => {
  const bytes = file({
    outputs: [{ name: 'y', dims: ['N', 1] }],
    initializers: [initializer('w', [5, 1], 1), { name: 'parts', type: 'int64', dims: [2], data: [4, 1] }],
    nodes: [
      { op: 'Split', inputs: ['w', 'parts'], outputs: ['matrix', 'factor'] },
      { op: 'MatMul', inputs: ['x', 'matrix'], outputs: ['m'] },
      { op: 'Mul', inputs: ['m', 'factor'], outputs: ['y'] },
    ],
  });
  const t = await trainer(bytes, options);
  for (let i = 0; i < 3; i++) await t.step(tensor([4, 4]), tensor([4, 1]));
  expect([...(await t.weights()).keys()]).toEqual(['matrix']);
  const feeds = { x: tensor([4, 4]) };
  const { y } = await (await t.model()).run(feeds);
  expect((await (await load(await t.toONNX())).run(feeds)).y).toEqual(y);
  const { loss } = await t.evaluate([[feeds, new Tensor('float32', y?.data as Float32Array, [4, 1])]]);
  expect(loss).toBeLessThan(1e-9);
});

test('weights that a file has once and a network twice', async () => {
  const bytes = file({
    outputs: [{ name: 'y', dims: ['N', 4] }],
    initializers: [initializer('w', [4, 3], 1)],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
      { op: 'Transpose', inputs: ['w'], outputs: ['t'] },
      { op: 'MatMul', inputs: ['m', 't'], outputs: ['y'] },
    ],
  });
  const t = await trainer(bytes, options);
  expect(t.warnings).toEqual(["'w' and 't' have the same numbers in the file, 'w', but each learns by itself"]);
});

const condition = (outputs: NonNullable<ModelSpec['outputs']>) =>
  file({
    outputs,
    initializers: [initializer('w', [4, 3], 1)],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] },
      { op: 'NonZero', inputs: ['y'], outputs: ['places'] },
      { op: 'Cast', inputs: ['places'], outputs: ['z'], attributes: { to: 1 } },
    ],
  });

test('an output that waits for a run does not learn, others do', async () => {
  const bytes = condition([
    { name: 'y', dims: ['N', 3] },
    { name: 'z', dims: [2, 'K'] },
  ]);
  const t = await trainer(bytes, options);
  expect((await t.step(tensor([4, 4]), tensor([4, 3]))).loss).toBeGreaterThan(0);
  await expect(trainer(bytes, { ...options, output: 'z' })).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(/output 'z' waits for/),
  });
});

test('batch-norms that share their statistics change them one after the other', async () => {
  const ones = { name: 'one', dims: [3], data: [1, 1, 1] };
  const zeros = { name: 'zero', dims: [3], data: [0, 0, 0] };
  const bytes = file({
    outputs: [{ name: 'y', dims: ['N', 3] }],
    initializers: [initializer('w', [4, 3], 1), ones, zeros, { ...zeros, name: 'mean' }, { ...ones, name: 'variance' }],
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['m'] },
      { op: 'BatchNormalization', inputs: ['m', 'one', 'zero', 'mean', 'variance'], outputs: ['n'] },
      { op: 'Add', inputs: ['n', 'one'], outputs: ['a'] },
      { op: 'BatchNormalization', inputs: ['a', 'one', 'zero', 'mean', 'variance'], outputs: ['y'] },
    ],
  });
  const t = await trainer(bytes, { ...options, train: ['w'] });
  const x = tensor([4, 4]);
  const before = (await t.weights()).get('w')?.data as Float32Array;
  await t.step(x, tensor([4, 3]));
  const { data } = (await t.weights()).get('mean') as Tensor<'float32'>;
  for (let c = 0; c < 3; c++) {
    let mean = 0;
    for (let n = 0; n < 4; n++) for (let k = 0; k < 4; k++) mean += ((x.data[4 * n + k] as number) * (before[3 * k + c] as number)) / 4;
    // What the first one gives has the mean 0, the sum with 1 has 1.
    expect(data[c]).toBeCloseTo(0.9 * (0.1 * mean) + 0.1 * 1, 5);
  }
});
