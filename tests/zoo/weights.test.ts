import { Tensor } from '../../src/graph/tensor.ts';
import { densenet121, googlenet, type LayersModel, mobilenetV2, resnet20, vgg11Bn } from '../../src/zoo/index.ts';
import { bits, constant } from './made.ts';

test('are the same for the same seed, others for another one, and different from each other', () => {
  const first = bits(resnet20().graph());
  expect(bits(resnet20({ seed: 0 }).graph())).toEqual(first);
  const seen = new Set(first.values());
  for (const seed of [1, 2 ** 32]) {
    for (const [name, text] of bits(resnet20({ seed }).graph())) {
      expect([name, seen.has(text)]).toEqual([name, name === 'fc.bias']);
      seen.add(text);
    }
  }
  // Alike is only the dense layer's bias, which is 0.
  expect(seen.size).toBe(3 * (first.size - 1) + 1);
});

test('are made anew by each read, so that nobody can spoil them', () => {
  const weights = constant(resnet20().graph(), 'fc.weight');
  const first = weights.read();
  const copy = first.slice();
  first.fill(0 as never);
  expect(weights.read()).toEqual(copy);
});

test('spread as He et al. 2015 say: even, of variance 2 / fan-in', () => {
  const graph = mobilenetV2().graph();
  for (const [name, fanIn] of [
    ['features.18.0.weight', 320],
    ['features.17.conv.1.0.weight', 9],
  ] as const) {
    const data = constant(graph, name).read() as Float32Array;
    const limit = Math.sqrt(6 / fanIn);
    const mean = data.reduce((a, b) => a + b, 0) / data.length;
    const square = data.reduce((a, b) => a + b * b, 0) / data.length;
    expect(Math.abs(mean)).toBeLessThan((5 * limit) / Math.sqrt(3 * data.length));
    expect(square * fanIn).toBeCloseTo(2, 1);
    expect(data.every((x) => Math.abs(x) <= limit)).toBe(true);
    expect(data.some((x) => Math.abs(x) > 0.99 * limit)).toBe(true);
  }
});

test('batch-norms do something; biases start at 0', () => {
  const graph = vgg11Bn().graph();
  for (const [key, center] of [
    ['weight', 1],
    ['bias', 0],
    ['running_mean', 0],
    ['running_var', 1],
  ] as const) {
    const data = [...(constant(graph, `features.26.${key}`).read() as Float32Array)];
    expect(Math.max(...data) - center).toBeCloseTo(0.1, 2);
    expect(Math.min(...data) - center).toBeCloseTo(-0.1, 2);
  }
  const bias = constant(graph, 'features.25.bias').read() as Float32Array;
  expect(new Set(bias)).toEqual(new Set([0]));
});

/** A state_dict: other weights of the same names and shapes, and what PyTorch keeps beside them. */
function stateDict(net: LayersModel): Map<string, Tensor> {
  const tensors = new Map<string, Tensor>([['bn1.num_batches_tracked', new Tensor('int64', BigInt64Array.of(5n), [])]]);
  for (const { name, size, dims } of [...net.parameters(), ...net.buffers()]) {
    tensors.set(name, new Tensor('float32', new Float32Array(size).fill(tensors.size), dims));
  }
  return tensors;
}

test('a state_dict is loaded by name', async () => {
  const net = resnet20();
  const weights = stateDict(net);
  await net.loadWeights(weights);
  expect(net.layer('layer2.0.conv1').parameters[0]?.data).toEqual(weights.get('layer2.0.conv1.weight')?.data);
  weights.delete('layer2.0.conv1.weight');
  await expect(net.loadWeights(weights)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: "the weights do not fit resnet20:\n  missing (1): 'layer2.0.conv1.weight' float32 [32, 16, 3, 3]",
  });
});

test("DenseNet takes the names of torchvision's published files, too", async () => {
  const net = densenet121({ classes: 2, growth: 2 });
  const weights = stateDict(net);
  weights.delete('bn1.num_batches_tracked');
  const old = new Map([...weights].map(([name, tensor]) => [name.replace(/(denselayer\d+\.(?:norm|conv))(\d)/, '$1.$2'), tensor]));
  expect(old.has('features.denseblock1.denselayer1.norm.1.running_mean')).toBe(true);
  await net.loadWeights(old);
  for (const parameter of [...net.parameters(), ...net.buffers()]) expect(parameter.data).toBe(weights.get(parameter.name)?.data);
  await net.loadWeights(weights);
});

test("GoogLeNet passes over the heads that help in training, but not over others' weights", async () => {
  const net = googlenet({ classes: 2 });
  const weights = stateDict(net);
  weights.set('aux1.conv.conv.weight', new Tensor('float32', new Float32Array(1), [1]));
  weights.set('aux2.fc2.bias', new Tensor('float32', new Float32Array(1), [1]));
  await net.loadWeights(weights);
  weights.set('aux3.bias', new Tensor('float32', new Float32Array(1), [1]));
  await expect(net.loadWeights(weights)).rejects.toThrow("unexpected (1): 'aux3.bias' float32 [1]");
});
