import { bind } from '../../src/compiler/bind.ts';
import { planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import type { Value } from '../../src/graph/value.ts';
import type { Node } from '../../src/ops/operator.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { trainingForm } from '../../src/training/forms.ts';
import { addInstructions } from '../../src/training/instructions.ts';
import { dropoutTraining } from '../../src/training/ops/dropout.ts';
import { graphOf } from '../kernels/graph.ts';
import { runPlan } from '../kernels/run.ts';
import { array, at, type NdArray, random, sizeOf, transpose } from '../reference/index.ts';
import { philox } from '../reference/philox.ts';
import { torchTests } from './torch.ts';

addInstructions();

/** Known answers: kat_vectors of Random123 (github.com/DEShawResearch/random123), the lines of philox4x32 with 10 rounds. */
test.each([
  ['00000000 00000000 00000000 00000000', '00000000 00000000', '6627e8d5 e169c58d bc57ac4c 9b00dbd8'],
  ['ffffffff ffffffff ffffffff ffffffff', 'ffffffff ffffffff', '408f276d 41c83b0e a20bc7c6 6d5451fd'],
  ['243f6a88 85a308d3 13198a2e 03707344', 'a4093822 299f31d0', 'd16cfe09 94fdcceb 5001e420 24126ea1'],
])('Philox of %s with key %s', (counter, key, expected) => {
  const words = (text: string) => text.split(' ').map((word) => Number.parseInt(word, 16));
  expect(philox(words(counter), words(key))).toEqual(words(expected));
});

interface Settings {
  rate: number;
  index?: number;
  /** Seed and step, the lower half of each first. */
  random?: number[];
}

/** Dropout of x, and the gradient that it makes of dy. */
function drop(x: NdArray, { rate, index = 0, random = [1, 2, 3, 4] }: Settings, dy = x): [y: NdArray, dx: NdArray] {
  const value = (name: string): Value => ({ name, type: 'float32', dims: x.dims });
  const [from, to, seed] = [value('x'), value('y'), value('dy')];
  const numbers: Value = { name: 'random', type: 'int32', dims: [4] };
  const node: Node = {
    op: dropoutTraining as Node['op'],
    name: 'dropout',
    attributes: { rate, index },
    inputs: [from, numbers],
    outputs: [to],
    outputCount: 1,
    declaredOutputs: 1,
  };
  const { nodes, gradients } = differentiate([node], new Map([[to, seed]]), [from]);
  const network = new Network([from, numbers, seed], [to, gradients.get(from) as Value], [node, ...nodes]);
  const plan = planOf({ network, names: ['y', 'dx'] }, { dims: new Map(), verify });
  return runPlan(plan, {
    x,
    random: array(
      [4],
      random.map((word) => word | 0),
    ),
    dy,
  }) as [NdArray, NdArray];
}

const ones = (...dims: number[]) => array(dims, new Float64Array(sizeOf(dims)).fill(1));
const maskOf = ({ data }: NdArray) => Array.from(data, (y) => y !== 0);

/** Which elements stay, in the order of memory: sixteen for four counters, first their first words. */
function reference(count: number, { rate, index = 0, random = [1, 2, 3, 4] }: Settings): boolean[] {
  const [low = 0, high = 0, stepLow = 0, stepHigh = 0] = random.map((word) => word >>> 0);
  return Array.from({ length: count }, (_, i) => {
    const words = philox([4 * Math.floor(i / 16) + (i % 4), index, stepLow, stepHigh], [low, high]);
    return at(words, Math.floor(i / 4) % 4) >= Math.min(Math.round(rate * 2 ** 32), 2 ** 32 - 1);
  });
}

test.each([1, 2, 3, 4, 5, 15, 16, 17, 33, 4096, 4099, 9000])('%d elements are those that Philox says', (count) => {
  for (const settings of [
    { rate: 0.5 },
    { rate: 0.1, index: 7, random: [-1, 5, 2 ** 31, 0] },
    { rate: 0.9, index: 300, random: [0, 0, 1, 0] },
  ]) {
    expect(maskOf(drop(ones(count), settings)[0])).toEqual(reference(count, settings));
  }
});

test('pictures are numbered channels last', () => {
  const [y] = drop(ones(2, 5, 3, 3), { rate: 0.5 });
  expect(maskOf(transpose(y, [0, 2, 3, 1]))).toEqual(reference(90, { rate: 0.5 }));
});

test('a picture that lies channels last has the same mask', () => {
  const x = random([2, 3, 4, 3], 4, 1, 2);
  const { network } = bind(
    graphOf({ inputs: { x: x.dims }, constants: { w: random([5, 3, 1, 1], 3, 1, 2) }, nodes: [{ op: 'Conv', inputs: ['x', 'w'] }] }),
    { dims: new Map([['x', x.dims]]) },
  );
  const middle = network.outputs[0] as Value;
  const numbers: Value = { name: 'random', type: 'int32', dims: [4] };
  const y: Value = { ...middle, name: 'y' };
  const open = { name: 'dropout', attributes: { rate: 0.5, index: 0 }, inputs: [middle, numbers], outputCount: 1, declaredOutputs: 1 };
  const node = { ...open, op: dropoutTraining as Node['op'], outputs: [y] };
  const whole = new Network([...network.inputs, numbers], [y], [...network.nodes, node]);
  const plan = planOf({ network: whole, names: ['y'] }, { dims: new Map(), verify });
  const [made] = runPlan(plan, { x, random: array([4], [1, 2, 3, 4]) });
  expect(maskOf(made!)).toEqual(maskOf(drop(ones(...y.dims), { rate: 0.5 })[0]));
});

test('what stays is scaled in float32, and the gradient has the same mask', () => {
  const [x, dy] = [random([3, 50], 1), random([3, 50], 2)];
  const rate = Math.fround(0.3);
  const [y, dx] = drop(x, { rate }, dy);
  const scale = Math.fround(1 / Math.fround(1 - rate));
  const mask = reference(150, { rate });
  expect(Array.from(y.data)).toEqual(Array.from(x.data, (v, i) => (mask[i] ? Math.fround(v * scale) : 0)));
  expect(Array.from(dx.data)).toEqual(Array.from(dy.data, (v, i) => (mask[i] ? Math.fround(v * scale) : 0)));
});

// The factor is float32's, as PyTorch has it.
torchTests(
  'the factor',
  [0.1, 0.3, 0.5, 0.75, 0.9].map((rate) => ({
    name: `of ${rate}`,
    rate,
    code: `torch.manual_seed(1)\nF.dropout(torch.ones(100), ${rate}).max()`,
    inputs: [],
    type: 'float32' as const,
  })),
  ({ rate }, { outputs }) => {
    expect(Math.max(...drop(ones(100), { rate })[0].data)).toBe(outputs[0]!.data[0]);
  },
);

test('the share that stays is binomial', () => {
  const count = 100_000;
  for (const rate of [0.1, 0.25, 0.5, 0.9]) {
    const deviation = Math.sqrt(count * rate * (1 - rate));
    const kept = [1, 2, 3].map((step) => maskOf(drop(ones(count), { rate, random: [5, 0, step, 0] })[0]).filter(Boolean).length);
    // Four deviations: one of ten thousand such tests would fail; these always give the same.
    for (const stayed of kept) expect(Math.abs(stayed - count * (1 - rate))).toBeLessThan(4 * deviation);
    expect(new Set(kept).size).toBe(3);
  }
});

test('masks of two nodes, steps and seeds have nothing in common', () => {
  const count = 20_000;
  const settings: Settings[] = [
    { rate: 0.5 },
    { rate: 0.5, index: 1 },
    { rate: 0.5, random: [1, 2, 4, 4] },
    { rate: 0.5, random: [1, 2, 3, 5] },
    { rate: 0.5, random: [2, 2, 3, 4] },
    { rate: 0.5, random: [1, 3, 3, 4] },
  ];
  const masks = settings.map((one) => maskOf(drop(ones(count), one)[0]));
  masks.forEach((mask, i) => {
    for (const other of masks.slice(i + 1)) {
      const equal = mask.filter((stays, j) => stays === other[j]).length;
      expect(Math.abs(equal - count / 2)).toBeLessThan(4 * Math.sqrt(count / 4));
    }
  });
  expect(maskOf(drop(ones(count), { rate: 0.5 })[0])).toEqual(masks[0]);
});

test('rates at the ends', () => {
  expect(maskOf(drop(ones(1000), { rate: 0 })[0])).not.toContain(false);
  expect(maskOf(drop(ones(1000), { rate: 1 })[0])).not.toContain(true);
  const near = 1 - 2 ** -20;
  const [y] = drop(ones(200_000), { rate: near });
  for (const value of y.data) if (value !== 0) expect(value).toBe(2 ** 20);
  expect(maskOf(drop(ones(1000), { rate: 1 - 2 ** -40 })[0]).filter(Boolean).length).toBe(0);
});

/** The training form of a Dropout node. */
function formOf(opset: number, attributes: Record<string, Attribute>, inputs: string[] = ['x'], outputs = ['y']): Node {
  const constants = { ratio: array([], [0.25]), none: array([], [0]), wrong: array([], [1.5]) };
  const { network } = bind(
    graphOf({ opset, inputs: { x: [3], computed: [] }, constants, nodes: [{ op: 'Dropout', inputs, attributes, outputs }], outputs }),
    {
      dims: new Map([
        ['x', [3]],
        ['computed', []],
      ]),
    },
  );
  return trainingForm(network.nodes[0] as Node, { random: { name: 'random', type: 'int32', dims: [4] }, index: 5 });
}

test("the rate is ONNX's attribute, then its input", () => {
  const rateOf = (node: Node) => (node.op === (dropoutTraining as Node['op']) ? node.attributes : node.op.name);
  expect(rateOf(formOf(11, { ratio: 0.25 }))).toEqual({ rate: 0.25, index: 5 });
  expect(rateOf(formOf(11, {}))).toEqual({ rate: 0.5, index: 5 });
  expect(rateOf(formOf(13, {}, ['x', 'ratio']))).toEqual({ rate: 0.25, index: 5 });
  expect(rateOf(formOf(13, {}))).toEqual({ rate: 0.5, index: 5 });
  expect(rateOf(formOf(13, {}, ['x', 'none']))).toBe('Dropout');
  expect(rateOf(formOf(11, { ratio: 0 }))).toBe('Dropout');
  expect(formOf(13, {}).inputs.map((value) => value?.name)).toEqual(['x', 'random']);
});

test.each([
  [() => formOf(13, {}, ['x', 'wrong']), /a rate of 1.5 is not from 0 to 1/],
  [() => formOf(13, {}, ['x', 'computed']), /a rate that a run computes is not supported; make it a constant/],
  [() => formOf(13, {}, ['x', 'ratio'], ['y', 'mask']), /its mask is not made in training; leave out that output/],
] as [() => Node, RegExp][])('%# is refused', (attempt, message) => {
  expect(attempt).toThrow(expect.objectContaining({ name: 'LanewiseError', message: expect.stringMatching(message) }));
});
