import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOnnx, readSafetensors, writeOnnx, writeSafetensors } from '../../src/formats/index.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import {
  add,
  batchNorm,
  concat,
  conv2d,
  dense,
  flatten,
  globalAvgPool2d,
  input,
  type Layer,
  type LayersModel,
  maxPool2d,
  model,
  ones,
  relu,
  relu6,
  sequential,
  silu,
} from '../../src/layers/index.ts';
import { load } from '../../src/load.ts';
import { failure } from '../failure.ts';
import { checkpoint, entriesOf, saved, zip } from '../formats/checkpoint-writer.ts';
import { expectClose, runGraph } from '../kernels/run.ts';
import { type NdArray, random, toTensor } from '../reference/index.ts';
import { everything } from './everything.ts';

const names = (net: LayersModel) => net.parameters().map(({ name }) => name);

/** A block with a shortcut, and two paths that are concatenated. */
function small(options: Parameters<typeof model>[2] = {}): LayersModel {
  const x = input([3, 8, 8]);
  const stem = relu(batchNorm(conv2d(x, 4, 3, { padding: 1, bias: false, name: 'conv1' }), { name: 'bn1' }));
  const inner = relu(conv2d(stem, 4, 3, { padding: 1, name: 'conv2' }));
  const sum = relu(add(stem, inner, { name: 'sum' }));
  const both = concat([sum, maxPool2d(sum, 3, { stride: 1, padding: 1 })]);
  return model(x, dense(flatten(globalAvgPool2d(both)), 5, { name: 'fc' }), { name: 'small', ...options });
}

const weightNames = ['conv1.weight', 'bn1.weight', 'bn1.bias', 'conv2.weight', 'conv2.bias', 'fc.weight', 'fc.bias'];

describe('names', () => {
  test('layers without one are numbered by their kind', () => {
    const x = input([3, 8, 8]);
    const net = model(x, conv2d(relu(conv2d(relu(x), 2, 1)), 2, 1));
    expect(net.layers.map(({ name }) => name)).toEqual(['relu_1', 'conv2d_1', 'relu_2', 'conv2d_2']);
    expect(names(net)).toEqual(['conv2d_1.weight', 'conv2d_1.bias', 'conv2d_2.weight', 'conv2d_2.bias']);
    expect(String(x)).toBe("input 'input' [N, 3, 8, 8]");
  });

  test('numbers are those of the model, whatever else was written', () => {
    const x = input([3, 8, 8]);
    for (let i = 0; i < 5; i++) relu(conv2d(x, 2, 1));
    const net = model(x, relu(conv2d(conv2d(x, 2, 1), 2, 1), { name: 'conv2d_2' }));
    expect(net.layers.map(({ name }) => name)).toEqual(['conv2d_1', 'conv2d_3', 'conv2d_2']);
  });

  test('inputs whose layers were numbered apart come together', () => {
    const [a, b] = [input([1, 2, 2]), input([1, 2, 2])];
    const net = model([a, b], add(relu(a), relu(b)));
    expect(net.inputs.map(({ name }) => name)).toEqual(['input', 'input_2']);
    expect(net.layers.map(({ name }) => name)).toEqual(['relu_1', 'relu_2', 'add_1']);
  });

  test('a named sequential calls its layers by their place, or behind its own name', () => {
    const block: Layer = (x, name) => relu(conv2d(x, 4, 1, { name: `${name}.conv` }));
    const features = sequential([conv2d(4, 3), relu, block, sequential([conv2d(2, 1), relu6()]), conv2d(2, 1, { name: 'last' })], {
      name: 'features',
    });
    const x = input([3, 8, 8]);
    const net = model(x, features(x));
    expect(net.layers.map(({ name }) => name)).toEqual([
      'features.0',
      'features.1',
      'features.2.conv',
      'relu_1',
      'features.3.0',
      'features.3.1',
      'features.last',
    ]);
    expect(names(net).filter((name) => name.endsWith('weight'))).toEqual([
      'features.0.weight',
      'features.2.conv.weight',
      'features.3.0.weight',
      'features.last.weight',
    ]);
  });

  test('an input first makes a model of a sequential', () => {
    const net = sequential([input([1, 6, 6]), conv2d(2, 3), relu, flatten, dense(3)], { name: 'plain' });
    expect(net.name).toBe('plain');
    expect(net.outputs.get('output')?.dims).toEqual(['N', 3]);
    expect(names(net)).toEqual(['conv2d_1.weight', 'conv2d_1.bias', 'dense_1.weight', 'dense_1.bias']);
  });

  test('two layers cannot have one name', () => {
    const x = input([3, 8, 8]);
    const { code, message } = failure(() => model(x, relu(relu(x, { name: 'a' }), { name: 'a' })));
    expect([code, message]).toEqual(['INVALID_MODEL', "there are two layers named 'a'"]);
  });
});

describe('errors name the layer', () => {
  const x = input([3, 8, 8]);
  test.each<[string, () => unknown, string]>([
    [
      'a window too large',
      () => conv2d(x, 4, 9, { name: 'c' }),
      "conv2d 'c' of [N, 3, 8, 8]: a window of 9 does not fit 8 positions padded by 0 and 0",
    ],
    ['groups', () => conv2d(x, 4, 1, { groups: 2, name: 'c' }), "conv2d 'c' of [N, 3, 8, 8]: 3 channels cannot be divided into 2 groups"],
    [
      'filters',
      () => conv2d(x, Number.NaN, 1, { name: 'c' }),
      "conv2d 'c' of [N, 3, 8, 8]: filters takes a whole number from 1 on, got NaN",
    ],
    [
      'a kernel',
      () => conv2d(x, 4, [1, 2, 3] as never, { name: 'c' }),
      "conv2d 'c' of [N, 3, 8, 8]: kernel takes a whole number from 1 on or [height, width], got [1, 2, 3]",
    ],
    [
      'padding',
      () => conv2d(x, 4, 1, { padding: 'some' as never, name: 'c' }),
      "conv2d 'c' of [N, 3, 8, 8]: padding is 'same', 'valid' or numbers, got 'some'",
    ],
    [
      'a stride',
      () => maxPool2d(x, 2, { stride: 0, name: 'p' }),
      "maxPool2d 'p' of [N, 3, 8, 8]: stride takes a whole number from 1 on or [height, width], got 0",
    ],
    [
      'shapes to add',
      () => add(x, conv2d(x, 2, 1), { name: 's' }),
      "add 's' of [N, 3, 8, 8] and [N, 2, 8, 8]: shapes [1, 3, 8, 8] and [1, 2, 8, 8] do not broadcast",
    ],
    ['shapes to concatenate', () => concat([x, maxPool2d(x, 2)], { name: 's' }), "concat 's' of [N, 3, 8, 8] and [N, 3, 4, 4]: "],
    [
      'pictures to dense',
      () => dense(x, 10, { name: 'd' }),
      "dense 'd' of [N, 3, 8, 8]: it takes rows [N, F], got 4 dimensions; flatten() makes rows of pictures",
    ],
    [
      'rows to conv2d',
      () => conv2d(flatten(x), 4, 1, { name: 'c' }),
      "conv2d 'c' of [N, 192]: it takes pictures [N, C, H, W], got 2 dimensions",
    ],
    [
      'elements',
      () => conv2d(x, 1, 1, { weight: [1, 2], name: 'c' }),
      "conv2d 'c' of [N, 3, 8, 8]: weight [1, 3, 1, 1] takes an initialiser or 3 numbers, got 2 numbers",
    ],
    ['a huge size', () => conv2d(x, 2 ** 52, 3, { name: 'c' }), "conv2d 'c' of [N, 3, 8, 8]: its weight of"],
    ['no name', () => relu(x, { name: '' }), "relu: a name is a text, got ''"],
    [
      'an option that is not there',
      () => conv2d(x, 1, 1, { strides: 2 } as never),
      "conv2d has no option 'strides': did you mean 'stride'?",
    ],
    ['no tensor', () => add(x, 3 as never), 'input 1 of add is a symbolic tensor, what input() and layers give; got 3'],
    [
      'a layer that was not applied',
      () => concat([x, relu() as never]),
      'part 1 of concat is a symbolic tensor, what input() and layers give; got a layer that was not applied',
    ],
    ['no layer', () => sequential([relu, 3 as never]), 'entry 1 of sequential is a layer such as conv2d(64, 3) or relu, got 3'],
    [
      'no shape',
      () => input([3, 0, 8]),
      'an input takes the shape of one picture, whole numbers from 1 on such as [3, 224, 224], got [3, 0, 8]',
    ],
    [
      'no list',
      () => input('3' as never),
      "an input takes the shape of one picture, whole numbers from 1 on such as [3, 224, 224], got '3'",
    ],
  ])('%s', (_, run, message) => {
    const error = failure(run);
    expect(error.message.startsWith(message)).toBe(true);
    expect(['INVALID_INPUT', 'INVALID_MODEL', 'TOO_LARGE']).toContain(error.code);
  });

  test('what a model lacks', () => {
    const other = input([3, 8, 8], { name: 'other' });
    expect(failure(() => model(x, add(x, other))).message).toBe(
      "the outputs depend on input 'other', which is not among the model's inputs",
    );
    expect(failure(() => model(relu(x), relu(x))).message).toMatch(/^relu 'relu_\d+' is no input\(\)/);
    expect(failure(() => model([], x)).message).toBe('a model has one input or more, and one output or more');
    expect(failure(() => model(x, relu(x), { seed: -1 })).message).toBe('seed takes a whole number from 0 on, got -1');
    expect(failure(() => model(x, undefined as never)).code).toBe('INVALID_INPUT');
    expect(failure(() => model(x, { stem: relu(x), input: relu(x) })).message).toMatch(
      /^the output 'input' is relu 'relu_\d+'; another layer/,
    );
    expect(failure(() => small().layer('conv9')).message).toBe("small has no layer 'conv9'");
  });
});

describe('weights', () => {
  test('have names, counts, and statistics apart', () => {
    const net = small();
    expect(names(net)).toEqual(weightNames);
    expect(net.buffers().map(({ name }) => name)).toEqual(['bn1.running_mean', 'bn1.running_var']);
    expect(net.parameterCount).toBe(3 * 4 * 9 + 8 + 4 * 4 * 9 + 4 + 8 * 5 + 5);
  });

  test('grow from the seed and their names', () => {
    const data = (seed: number, key = 'conv2.weight') =>
      small({ seed })
        .parameters()
        .find(({ name }) => name === key)?.data;
    expect(data(1)).toEqual(data(1));
    expect(data(1)).not.toEqual(data(2));
    expect(data(1, 'conv2.bias')).toEqual(new Float32Array(4));
  });

  test('are saved and loaded, whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-layers-'));
    try {
      const from = small({ seed: 1 });
      for (const ending of ['safetensors', 'onnx']) {
        const path = join(folder, `weights.${ending}`);
        await from.save(path);
        const to = small({ seed: 2 });
        expect(await to.loadWeights(path)).toEqual({ missing: [], unexpected: [], misshapen: [] });
        expect(to.toSafetensors()).toEqual(from.toSafetensors());
      }
      const { tensors } = readSafetensors(readFileSync(join(folder, 'weights.safetensors')), 'weights');
      expect([...tensors.keys()].sort()).toEqual([...weightNames, 'bn1.running_mean', 'bn1.running_var'].sort());
      await expect(from.save(join(folder, 'weights.bin'))).rejects.toThrow('save writes .safetensors (weights) or .onnx (the network)');
      await expect(from.save(join(folder, 'none', 'weights.onnx'))).rejects.toThrow('could not be written');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  const tensors = () =>
    new Map(
      [...small({ seed: 1 }).parameters(), ...small({ seed: 1 }).buffers()].map(({ name, dims, data }) => [
        name,
        new Tensor('float32', data, dims),
      ]),
    );

  test('that do not fit are listed, and nothing changes', async () => {
    const wrong = tensors();
    wrong.delete('fc.bias');
    wrong.set('head.weight', new Tensor('float32', [1], [1]));
    wrong.set('conv2.bias', new Tensor('float32', [1, 2], [2]));
    const net = small();
    const before = net.toSafetensors();
    await expect(net.loadWeights(writeSafetensors(wrong))).rejects.toThrow(
      [
        'the weights do not fit small:',
        "  missing (1): 'fc.bias' float32 [5]",
        "  unexpected (1): 'head.weight' float32 [1]",
        "  of another shape (1): 'conv2.bias' is float32 [2] instead of float32 [4]",
      ].join('\n'),
    );
    await expect(net.loadWeights(wrong, { strict: false })).rejects.toThrow('of another shape (1)');
    expect(net.toSafetensors()).toEqual(before);
  });

  test('may be incomplete where that is asked for', async () => {
    const some = tensors();
    some.delete('fc.bias');
    some.set('head.weight', new Tensor('float32', [1], [1]));
    const net = small();
    expect(await net.loadWeights(some, { strict: false })).toEqual({ missing: ['fc.bias'], unexpected: ['head.weight'], misshapen: [] });
    expect(net.parameters()[0]?.data).toEqual(some.get('conv1.weight')?.data);
  });

  test("PyTorch's counters, and heads for training alone, are passed over", async () => {
    const all = Object.fromEntries(tensors());
    const extra = { ...all, 'bn1.num_batches_tracked': new Tensor('int64', [3], []), 'aux1.conv.weight': new Tensor('float32', [1]) };
    await expect(small().loadWeights(extra)).rejects.toThrow("unexpected (1): 'aux1.conv.weight'");
    await small({ unusedWeights: ['aux1.'] }).loadWeights(extra);
    await expect(small().loadWeights({ 'fc.bias': [1, 2] } as never)).rejects.toThrow("the weights' 'fc.bias' is a Tensor, got [1, 2]");
    await expect(small().loadWeights('nowhere.safetensors')).rejects.toMatchObject({ code: 'FILE_NOT_FOUND' });
    await expect(small().loadWeights(new Uint8Array(100))).rejects.toMatchObject({ code: 'INVALID_FILE' });
  });

  test("are read from PyTorch's checkpoints: bytes, files small and large, responses", async () => {
    const wanted = small({ seed: 1 }).toSafetensors();
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-layers-'));
    try {
      const bytes = checkpoint(...saved(tensors()));
      const [path, large] = [join(folder, 'weights.pth'), join(folder, 'large.bin')];
      writeFileSync(path, bytes);
      // With a file in the archive that makes it one that stays on the disk.
      const entry = { name: 'archive/padding', data: new Uint8Array(2 ** 21) };
      writeFileSync(large, zip([...entriesOf(...saved(tensors())), entry]));
      for (const source of [bytes, bytes.buffer as ArrayBuffer, path, large, new Response(bytes as never)]) {
        const net = small({ seed: 2 });
        expect(await net.loadWeights(source)).toEqual({ missing: [], unexpected: [], misshapen: [] });
        expect(net.toSafetensors()).toEqual(wanted);
        // Part by part to where they are packed: the weights of a large file are never in memory twice.
        const part = new Float32Array(2);
        net.graph().constants.get('conv2.weight')?.fill?.(part, 5);
        expect(part).toEqual(tensors().get('conv2.weight')?.data.subarray(5, 7));
        const [from, to] = await Promise.all([small({ seed: 1 }).compile(), net.compile()]);
        const image = new Tensor('float32', new Float32Array(3 * 8 * 8).fill(0.5), [1, 3, 8, 8]);
        expect((await to.run({ input: image })).output).toEqual((await from.run({ input: image })).output);
        for (const model of [from, to]) model.dispose();
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('what a checkpoint lacks and has too much is listed, and other names may be made to fit', async () => {
    const wrong = tensors();
    wrong.delete('fc.bias');
    wrong.set('head.weight', new Tensor('float32', [1], [1]));
    await expect(small().loadWeights(checkpoint(...saved(wrong)))).rejects.toThrow(
      "the weights do not fit small:\n  missing (1): 'fc.bias' float32 [5]\n  unexpected (1): 'head.weight' float32 [1]",
    );
    const other = checkpoint(...saved([...tensors()].map(([name, tensor]) => [name.replace('fc', 'classifier'), tensor] as const)));
    await expect(small().loadWeights(other)).rejects.toThrow("unexpected (2): 'classifier.weight'");
    const net = small({ renameWeights: (name) => name.replace('classifier', 'fc') });
    await net.loadWeights(other);
    expect(net.toSafetensors()).toEqual(small({ seed: 1 }).toSafetensors());
  });

  test('a file that only its name calls a checkpoint is said to be none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'lanewise-layers-'));
    try {
      const path = join(folder, 'weights.pth');
      writeFileSync(path, '<html>not found</html>');
      await expect(small().loadWeights(path)).rejects.toThrow('not a checkpoint of PyTorch: it starts with "<html>not found</html>"');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('are set one by one', () => {
    const [weight, , , , bias] = small().parameters();
    bias?.set(Float32Array.of(1, 2, 3, 4));
    expect(bias?.tensor).toEqual(new Tensor('float32', [1, 2, 3, 4], [4]));
    expect(bias?.data).toEqual(Float32Array.of(1, 2, 3, 4));
    expect(failure(() => bias?.set(Float32Array.of(1))).message).toBe("the parameter 'conv2.bias' is float32 [4], got 1 numbers");
    expect(failure(() => weight?.set(new Tensor('float32', [1], [1]))).message).toBe(
      "the parameter 'conv1.weight' is float32 [4, 3, 3, 3], got float32 [1]",
    );
    expect(failure(() => weight?.set(3 as never)).code).toBe('INVALID_INPUT');
  });
});

describe('running', () => {
  test('compile gives what the ONNX file gives', async () => {
    const net = small({ seed: 4 });
    const x = toTensor(random([2, 3, 8, 8], 1));
    const compiled = await net.compile();
    const loaded = await load(net.toONNX());
    const { output } = await compiled.run({ input: x });
    expect(output?.dims).toEqual([2, 5]);
    expect((await loaded.run({ input: x })).output).toEqual(output);
    expect(compiled.inputs).toEqual([{ name: 'input', type: 'float32', dims: ['N', 3, 8, 8] }]);
    await expect(net.compile({ relaxed: 3 as never })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  test('every layer in one network: its file runs to the same bits', async () => {
    const net = everything();
    const x = toTensor(random([2, 3, 17, 15], 1));
    const { output } = await (await net.compile()).run({ input: x });
    const file = net.toONNX();
    expect((await (await load(file)).run({ input: x })).output).toEqual(output);
    expect(readOnnx(file, 'everything').opsets.get('')).toBe(20);
    const shares = [...(output as Tensor<'float32'>).data];
    const sums = [shares.slice(0, 10), shares.slice(10)].map((row) => row.reduce((a, b) => a + b, 0));
    for (const sum of sums) expect(sum).toBeCloseTo(1, 5);
  });

  test('a file gives the graph again', () => {
    const graph = small().graph();
    const read = readOnnx(writeOnnx(graph), 'small');
    expect(read.nodes.map(({ name, op, inputs, outputs }) => [name, op, inputs, outputs])).toEqual(
      graph.nodes.map(({ name, op, inputs, outputs }) => [name, op, inputs, outputs]),
    );
    expect(read.opsets.get('')).toBe(13);
  });

  test('a model of what is inside another shares its weights', async () => {
    const net = small();
    const inner = model(net.inputs, { features: net.layer('sum').output });
    await net.loadWeights(small({ seed: 9 }).toSafetensors());
    expect(inner.parameters()[0]?.data).toEqual(net.parameters()[0]?.data);
    const x = random([1, 3, 8, 8], 1);
    expect(runGraph(inner.graph(), { input: x })[0]?.dims).toEqual([1, 4, 8, 8]);
  });

  test('a fixed batch', () => {
    const x = input([1, 2, 2], { batch: 3 });
    expect(model(x, relu(x)).graph().inputs[0]?.dims).toEqual([3, 1, 2, 2]);
  });

  test('an input and one tensor under two names as outputs', () => {
    const x = input([1, 2, 2]);
    const y = relu(x);
    const graph = model(x, { x, y, again: y }).graph();
    const values = random([1, 1, 2, 2], 1);
    const [a, b, c] = runGraph(graph, { input: values });
    expectClose(a as NdArray, values, 1e-7);
    expect(c?.data).toEqual(b?.data);
  });

  test('numbers of the structure stand in the file once', () => {
    const x = input([3, 4, 4]);
    const { nodes } = model(x, silu(relu6(relu6(x)), { name: 'act' })).graph();
    expect(nodes.map(({ op, name }) => [op, name])).toEqual([
      ['Constant', 'relu6_1/Constant'],
      ['Constant', 'relu6_1/Constant_1'],
      ['Clip', 'relu6_1'],
      ['Clip', 'relu6_2'],
      ['Sigmoid', 'act/Sigmoid'],
      ['Mul', 'act'],
    ]);
  });

  test('a box of ninths is the mean of nine', () => {
    const x = input([1, 5, 5]);
    const net = model(x, conv2d(x, 1, 3, { weight: new Array(9).fill(1 / 9), bias: false }));
    const values = random([1, 1, 5, 5], 1);
    const [blurred] = runGraph(net.graph(), { input: values });
    let sum = 0;
    for (let i = 0; i < 3; i++) for (let j = 0; j < 3; j++) sum += values.data[i * 5 + j] as number;
    expect(blurred?.data[0]).toBeCloseTo(sum / 9, 6);
  });
});

describe('summary', () => {
  test('has a row for each layer as it was written', () => {
    const net = everything();
    const lines = net.summary().split('\n');
    const rows = new Map(lines.map((line) => [line.trim().split(/\s+/)[0], line.trim().split(/\s{2,}/)]));
    expect(rows.get('conv2d_1')?.slice(1, 5)).toEqual(['conv2d', '1×8×9×8', '224', '15,552']);
    // 3·3·3·8 + 8 weights; each of 9×8 positions takes 3·3·3·8 products.
    expect(rows.get('silu_1')?.[1]).toBe('silu');
    expect(rows.get('channelShuffle_1')?.[1]).toBe('channelShuffle');
    expect(rows.get('concat_1')?.[1]).toBe('concat 12+12+12');
    expect(rows.get('total')?.[1]).toBe(net.parameterCount.toLocaleString('en'));
    expect(String(net)).toBe(net.summary());
    for (const layer of net.layers) expect(rows.has(layer.name)).toBe(true);
  });
});

test('ones fills with ones', () => {
  const x = input([1, 1, 1]);
  expect(model(x, conv2d(x, 2, 1, { weight: ones, bias: false })).parameters()[0]?.data).toEqual(Float32Array.of(1, 1));
});
