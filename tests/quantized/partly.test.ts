// Random networks of QuantizeLinear and DequantizeLinear with holes: values without their pair, pairs that float32 layers and
// outputs read too, int8 and uint8, scales for each channel. Integers where both sides are known, and never a wrong answer.

import { Tensor } from '../../src/graph/tensor.ts';
import { QdqBuilder, random, type Type } from './qdqBuilder.ts';

interface Value {
  readonly name: string;
  readonly dims: readonly number[];
}

/** A network of up to `layers` layers; every choice is by `random`. */
function build(seed: number, layers: number): { builder: QdqBuilder; outputs: string[]; error: number } {
  const next = random(seed);
  const b = new QdqBuilder(next);
  const chance = (share: number) => next() < share;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)] as T;
  const scale = 1 / 64;
  const zeroOf = (type: Type) => (type === 'int8' ? pick([0, -20, 30]) : pick([128, 100, 140]));

  /** Perhaps a pair, of the whole tensor or of each channel, perhaps with two DQs. */
  function paired(value: Value): Value {
    if (chance(0.2)) return value;
    const type = pick(['uint8', 'uint8', 'int8'] as const);
    if (chance(0.1)) return { ...value, name: b.perChannel(value.name, value.dims, scale, type) };
    const s = pick([scale, scale, scale / 1.3]);
    const zero = zeroOf(type);
    return { ...value, name: b.dq(b.q(value.name, s, zero, type), s, zero, type) };
  }

  const values: Value[] = [];
  let error = 0;
  const dims = [pick([1, 2]), pick([1, 3, 4, 8]), pick([1, 5, 6]), pick([4, 7])];
  values.push(paired({ name: b.input(dims, 1.2), dims }));
  for (let i = 0; i < layers; i++) {
    const x = pick(values.slice(-4));
    const [n = 1, c = 1, h = 1, w = 1] = x.dims;
    const same = values.filter(({ dims }) => dims.join() === x.dims.join());
    const kind = pick([
      'conv',
      'conv',
      'conv',
      'depthwise',
      'add',
      'mul',
      'relu',
      'clip',
      'function',
      'silu',
      'pool',
      'mean',
      'concat',
      'reshape',
      'shuffle',
      'pad',
      'average',
      'sub',
      'norm',
      'deconv',
    ] as const);
    let y: Value = x;
    if (kind === 'conv' || kind === 'depthwise') {
      const group = kind === 'depthwise' ? c : 1;
      const filters = kind === 'depthwise' ? c : pick([1, 3, 7, 8]);
      const dims = [filters, c / group, 3, 3];
      const weights = chance(0.85) ? b.weights(dims, 0, chance(0.7), 1 / (c / group)) : b.floats(dims, 1 / c);
      const inputs = [x.name, weights, ...(chance(0.6) ? [b.floats([filters], 0.2)] : [])];
      y = { name: b.node('Conv', inputs, { pads: [1, 1, 1, 1], ...(group > 1 && { group }) }), dims: [n, filters, h, w] };
    } else if (kind === 'add') y = { ...x, name: b.node('Add', [x.name, pick(same).name]) };
    else if (kind === 'mul') y = { ...x, name: b.node('Mul', [x.name, pick(same).name]) };
    else if (kind === 'sub') y = { ...x, name: b.node('Sub', [x.name, pick(same).name]) };
    else if (kind === 'norm') {
      const variance = b.constant(new Tensor('float32', new Float32Array(c).fill(0.8), [c]));
      const vectors = [b.floats([c]), b.floats([c], 0.2), b.floats([c], 0.1), variance];
      y = { ...x, name: b.node('BatchNormalization', [x.name, ...vectors]) };
    } else if (kind === 'deconv') {
      const filters = pick([1, 3, 7, 8]);
      const deconv = b.node('ConvTranspose', [x.name, b.weights([c, filters, 3, 3], 1, chance(0.7), 1 / c)], { pads: [1, 1, 1, 1] });
      y = { name: deconv, dims: [n, filters, h, w] };
    } else if (kind === 'relu') y = { ...x, name: b.node('Relu', [x.name]) };
    else if (kind === 'clip') y = { ...x, name: b.node('Clip', [x.name, b.number(-0.4), b.number(0.9)]) };
    else if (kind === 'function') y = { ...x, name: b.node(pick(['Sigmoid', 'HardSwish', 'LeakyRelu', 'Tanh', 'HardSigmoid']), [x.name]) };
    else if (kind === 'silu') y = { ...x, name: b.node('Mul', [x.name, b.node('Sigmoid', [x.name])]) };
    else if (kind === 'pool') y = { name: b.node('MaxPool', [x.name], { kernel_shape: [2, 2], pads: [1, 1, 0, 0] }), dims: x.dims };
    else if (kind === 'average') y = { name: b.node('AveragePool', [x.name], { kernel_shape: [2, 2], pads: [1, 1, 0, 0] }), dims: x.dims };
    else if (kind === 'mean') {
      const mean = chance(0.5) ? b.node('GlobalAveragePool', [x.name]) : b.node('ReduceMean', [x.name], { axes: [2, 3] });
      y = { ...x, name: b.node('Mul', [x.name, paired({ name: mean, dims: [n, c, 1, 1] }).name]) };
    } else if (kind === 'concat') {
      const other = pick(same);
      y = { name: b.node('Concat', [x.name, other.name], { axis: 1 }), dims: [n, 2 * c, h, w] };
      if (c > 16) y = x;
    } else if (kind === 'reshape') {
      const flat = paired({ name: b.node('Flatten', [x.name]), dims: [n, c * h * w] });
      y = { ...x, name: b.node('Reshape', [flat.name, b.shape(x.dims)]) };
    } else if (kind === 'shuffle') {
      const turned = paired({ name: b.node('Transpose', [x.name], { perm: [0, 1, 3, 2] }), dims: [n, c, w, h] });
      y = { ...x, name: b.node('Transpose', [turned.name], { perm: [0, 1, 3, 2] }) };
    } else {
      const padded = b.node('Pad', [x.name, b.shape([0, 0, 1, 1, 0, 0, 0, 0]), ...(chance(0.5) ? [b.number(pick([0, 0.5]))] : [])]);
      y = { name: padded, dims: [n, c, h + 1, w + 1] };
    }
    const after = y === x ? x : paired(y);
    values.push(after);
    // A function's table, sums in another order and averages may round to the next byte; what a pair inside rounds so is multiplied.
    if (/conv|depthwise|function|silu|average|mean/.test(kind)) error = after === y && kind !== 'mean' ? 1e-4 : 1.3 * scale;
  }
  const last = values.at(-1) as Value;
  const others = values.filter((value) => value !== last && value.name !== 'x0' && chance(0.15)).slice(0, 2);
  return { builder: b, outputs: [...new Set([last, ...others].map(({ name }) => name).filter((name) => name !== 'x0'))], error };
}

const NETWORKS = Number(process.env.QDQ_NETWORKS ?? 120);

test.each(Array.from({ length: NETWORKS }, (_, i) => i + 1))('one layer, network %i', (seed) => {
  const { builder, outputs, error } = build(1000 + seed, 1);
  if (outputs.length === 0) return;
  const { integers, floats } = builder.run(...outputs);
  integers.forEach((tensor, i) => {
    expect(tensor.dims).toEqual(floats[i]?.dims);
    const worst = Math.max(...Array.from(tensor.data as Float32Array, (x, j) => Math.abs(x - Number(floats[i]?.data[j]))));
    expect(worst).toBeLessThanOrEqual(error);
  });
});

test('several layers: most elements are the same, and the network has kernels of integers', () => {
  let [same, all, kernels] = [0, 0, 0];
  for (let seed = 1; seed <= NETWORKS / 2; seed++) {
    const { builder, outputs } = build(seed, 6);
    if (outputs.length === 0) continue;
    const { integers, floats, kernels: list } = builder.run(...outputs);
    kernels += list.filter((name) => /^u8_(?!dequantize)/.test(name)).length;
    integers.forEach((tensor, i) => {
      const differences = Array.from(tensor.data as Float32Array, (x, j) => Math.abs(x - Number(floats[i]?.data[j])));
      all += differences.length;
      same += differences.filter((difference) => difference < 1e-4).length;
    });
  }
  expect(kernels).toBeGreaterThan(NETWORKS);
  expect(same / all).toBeGreaterThan(0.9);
});
