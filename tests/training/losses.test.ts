import { bind } from '../../src/compiler/bind.ts';
import { planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Value } from '../../src/graph/value.ts';
import { constantValue } from '../../src/ops/shapes.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { addInstructions } from '../../src/training/instructions.ts';
import type { Loss } from '../../src/training/loss.ts';
import { binaryCrossEntropy, crossEntropy, l1, meanSquaredError, outputLoss, repeated, smoothL1 } from '../../src/training/losses.ts';
import { Tape } from '../../src/training/tape.ts';
import { graphOf } from '../kernels/graph.ts';
import { expectClose, runPlan } from '../kernels/run.ts';
import { array, at, type NdArray, random, sizeOf } from '../reference/index.ts';
import { torchTests } from './torch.ts';

addInstructions();

interface Made {
  loss: number;
  correct: number | undefined;
  gradient: NdArray;
}

/** The loss of an output, how many are right, and the gradient of `factor` times the loss. */
function run(loss: Loss, output: NdArray, labels: NdArray, type: 'int32' | 'float32' = 'float32', factor = 1): Made {
  const x: Value = { name: 'output', type: 'float32', dims: output.dims };
  const t: Value = { name: 'labels', type, dims: labels.dims };
  loss.check(x, t);
  loss.checkLabels?.(type === 'int32' ? Int32Array.from(labels.data) : Float32Array.from(labels.data), x);
  const tape = new Tape(new Set());
  const made = loss.write(tape, x, t);
  const seed = constantValue({ name: 'one', type: 'float32', dims: [], read: () => Float32Array.of(factor) });
  const { nodes, gradients } = differentiate(tape.nodes, new Map([[made.loss, seed]]), [x]);
  const outputs = [made.loss, gradients.get(x) as Value, ...(made.correct ? [made.correct] : [])];
  const network = new Network([x, t], outputs, [...tape.nodes, ...nodes]);
  const plan = planOf({ network, names: outputs.map((_, i) => `${i}`) }, { dims: new Map(), verify });
  const [value, gradient, correct] = runPlan(plan, { output, labels });
  return { loss: at((value as NdArray).data, 0), correct: correct && at(correct.data, 0), gradient: gradient as NdArray };
}

const classesOf = (dims: readonly number[], classes: number, seed: number) => {
  const labels = random(dims, seed, 0, classes);
  return array(
    dims,
    labels.data.map((x) => Math.min(classes - 1, Math.floor(x))),
  );
};

/** Probabilities along the second dimension. */
function sharesOf(dims: readonly number[], seed: number): NdArray {
  const raw = random(dims, seed, 0.05, 1);
  const inner = sizeOf(dims.slice(2));
  const classes = at(dims, 1);
  return array(
    dims,
    raw.data.map((x, i) => {
      const row = Math.floor(i / (classes * inner)) * classes * inner + (i % inner);
      let sum = 0;
      for (let c = 0; c < classes; c++) sum += at(raw.data, row + c * inner);
      return Math.fround(x / sum);
    }),
  );
}

const logitsOf = (dims: readonly number[], seed: number) => random(dims, seed, -6, 6);
const python = (weights: readonly number[]) => `torch.tensor([${weights.map((w) => Math.fround(w)).join(', ')}], dtype=torch.float64)`;

const shapes = [
  [1, 1],
  [1, 5],
  [3, 4],
  [7, 10],
  [5, 1000],
  [300, 3],
  [2, 17, 1],
  [2, 3, 4, 5],
  [3, 8, 1, 7],
  [1, 21, 33, 35],
  [2, 4, 3],
];

const crossCases = shapes.flatMap((dims, i) => {
  const classes = at(dims, 1);
  const logits = logitsOf(dims, 10 + i);
  const labels = classesOf([at(dims, 0), ...dims.slice(2)], classes, 20 + i);
  const weights = Array.from({ length: classes }, (_, c) => 0.25 + (c % 5));
  const ignored = { ...labels, data: labels.data.map((y, j) => (j % 3 === 1 ? -100 : y)) };
  const shares = sharesOf(dims, 30 + i);
  const base = { inputs: [logits, labels], integers: [1] };
  return [
    { name: `classes ${dims}`, options: {}, code: 'F.cross_entropy(x[0], x[1])', ...base },
    { name: `smoothed ${dims}`, options: { smoothing: 0.1 }, code: 'F.cross_entropy(x[0], x[1], label_smoothing=0.1)', ...base },
    {
      name: `weighted, smoothed, ignored ${dims}`,
      options: { weights, smoothing: 0.2, ignore: -100 },
      code: `F.cross_entropy(x[0], x[1], weight=${python(weights)}, label_smoothing=0.2)`,
      inputs: [logits, ignored],
      integers: [1],
    },
    {
      name: `probabilities, weighted, smoothed ${dims}`,
      options: { weights, smoothing: 0.3 },
      code: `F.cross_entropy(x[0], x[1], weight=${python(weights)}, label_smoothing=0.3)`,
      inputs: [logits, shares],
      constants: [1],
    },
    {
      name: `probabilities ${dims}`,
      options: {},
      code: 'F.cross_entropy(x[0], x[1])',
      inputs: [logits, shares],
      constants: [1],
    },
  ].map((entry) => ({ ...entry, integers: 'integers' in entry ? entry.integers : [] }));
});

torchTests('cross-entropy as PyTorch has it', crossCases, ({ options, inputs: [logits, labels], integers }, { outputs, gradients }) => {
  const made = run(crossEntropy(options), logits as NdArray, labels as NdArray, integers?.length ? 'int32' : 'float32');
  expectMade(made, outputs[0] as NdArray, gradients[0] as NdArray);
});

function expectMade(made: Made, loss: NdArray, gradient: NdArray): void {
  const expected = at(loss.data, 0);
  expect(Math.abs(made.loss - expected)).toBeLessThanOrEqual(6e-7 * Math.max(1, Math.abs(expected)));
  expectClose(made.gradient, gradient, 2e-6 * Math.max(1e-9, ...Array.from(gradient.data, Math.abs)));
}

const elementShapes = [[1], [3], [5, 1], [2, 7], [4, 4], [2, 3, 5, 7], [1, 3, 61, 67]];
const elementCases = elementShapes.flatMap((dims, i) => {
  const output = random(dims, 40 + i, -3, 3);
  const labels = random(dims, 50 + i, -3, 3);
  const shares = random(dims, 60 + i, 0, 1);
  const of = (name: string, loss: Loss, code: string, target = labels) => ({
    name: `${name} ${dims}`,
    loss,
    code: `F.${code}`,
    inputs: [output, target],
    constants: [1],
  });
  return [
    of('mean squared error', meanSquaredError(), 'mse_loss(x[0], x[1])'),
    of('L1', l1(), 'l1_loss(x[0], x[1])'),
    of('smooth L1', smoothL1(), 'smooth_l1_loss(x[0], x[1])'),
    of('smooth L1 with beta 0.3', smoothL1({ beta: 0.3 }), 'smooth_l1_loss(x[0], x[1], beta=0.3)'),
    of('smooth L1 with beta 0', smoothL1({ beta: 0 }), 'smooth_l1_loss(x[0], x[1], beta=0.0)'),
    of('binary', binaryCrossEntropy(), 'binary_cross_entropy_with_logits(x[0], x[1])', shares),
    of(
      'binary, weighted',
      binaryCrossEntropy({ positiveWeight: 2.5 }),
      'binary_cross_entropy_with_logits(x[0], x[1], pos_weight=torch.tensor(2.5))',
      shares,
    ),
  ];
});

torchTests('element-wise losses as PyTorch has them', elementCases, ({ loss, inputs: [output, labels] }, { outputs, gradients }) => {
  expectMade(run(loss, output as NdArray, labels as NdArray), outputs[0] as NdArray, gradients[0] as NdArray);
});

const kinks = array([5], [1, -2, 0, 3, 5]);
const around = array([5], [1, -2, 1, 2.5, -5]);
torchTests(
  'where the derivative jumps',
  [
    { name: 'L1', loss: l1(), code: 'F.l1_loss(x[0], x[1])' },
    { name: 'smooth L1', loss: smoothL1(), code: 'F.smooth_l1_loss(x[0], x[1])' },
    // PyTorch 1.13's own smooth_l1_loss has -1 where both are equal, its L1Loss 0.
    { name: 'smooth L1 with beta 0', loss: smoothL1({ beta: 0 }), code: 'F.l1_loss(x[0], x[1])' },
  ].map((entry) => ({ ...entry, inputs: [kinks, around], constants: [1] })),
  ({ loss }, { outputs, gradients }) => expectMade(run(loss, kinks, around), outputs[0] as NdArray, gradients[0] as NdArray),
);

const huge = array([6, 1], [1e4, -1e4, 1e4, -1e4, 90, -90]);
const sure = array([6, 1], [1, 0, 0, 1, 0, 1]);
torchTests(
  'large logits',
  [
    { name: 'binary', code: 'F.binary_cross_entropy_with_logits(x[0], x[1])', inputs: [huge, sure], constants: [1] },
    {
      name: 'cross-entropy',
      code: 'F.cross_entropy(x[0], x[1])',
      inputs: [array([2, 3], [1e4, -1e4, 0, 300, 0, -300]), array([2], [1, 0])],
      integers: [1],
    },
    // Masked classes.
    {
      name: 'infinite ones that are no target',
      code: 'F.cross_entropy(x[0], x[1])',
      inputs: [array([2, 3], [1, -Infinity, 0, -Infinity, 2, -3]), array([2], [0, 1])],
      integers: [1],
    },
  ],
  ({ name, inputs: [output, labels] }, { outputs, gradients }) => {
    const made =
      name === 'binary'
        ? run(binaryCrossEntropy(), output as NdArray, labels as NdArray)
        : run(crossEntropy(), output as NdArray, labels as NdArray, 'int32');
    expectMade(made, outputs[0] as NdArray, gradients[0] as NdArray);
  },
);

test('the gradient is multiplied by what comes from behind', () => {
  const [logits, labels] = [logitsOf([3, 5], 1), classesOf([3], 5, 2)];
  const [once, often] = [run(crossEntropy(), logits, labels, 'int32'), run(crossEntropy(), logits, labels, 'int32', 1024)];
  expect(often.gradient.data).toEqual(once.gradient.data.map((x) => x * 1024));
  const [x, t] = [random([7], 3), random([7], 4)];
  expect(run(meanSquaredError(), x, t, 'float32', 4).gradient.data).toEqual(run(meanSquaredError(), x, t).gradient.data.map((g) => 4 * g));
});

test('what is right is counted: the first maximum is the label', () => {
  const logits = array([5, 3], [1, 5, 2, 7, 7, 7, 0, 1, 1, 3, 2, 1, -1, -2, -0.5]);
  const count = (labels: number[], options = {}) => run(crossEntropy(options), logits, array([5], labels), 'int32').correct;
  expect(count([1, 0, 1, 0, 2])).toBe(5);
  expect(count([1, 1, 2, 0, 0])).toBe(2);
  expect(count([1, 9, 9, 0, 0], { ignore: 9 })).toBe(2);
  const shares = array([5, 3], [0, 1, 0, 0.5, 0.5, 0, 0.2, 0.4, 0.4, 0, 1, 0, 0.1, 0.1, 0.8]);
  expect(run(crossEntropy(), logits, shares).correct).toBe(4);
  // Of pictures, four neighbours at a time.
  const picture = array([1, 2, 1, 5], [1, 0, 3, 0, 2, 0, 1, 3, 4, 1]);
  expect(run(crossEntropy(), picture, array([1, 1, 5], [0, 1, 0, 0, 0]), 'int32').correct).toBe(4);
  expect(run(binaryCrossEntropy(), array([4, 1], [1, -1, 2, 0]), array([4, 1], [1, 1, 0.4, 0])).correct).toBe(2);
  expect(run(binaryCrossEntropy(), array([2, 2], [1, -1, 2, 0]), array([2, 2], [1, 1, 0, 0])).correct).toBe(undefined);
});

test('where nothing counts the loss is NaN and the gradient 0', () => {
  const made = run(crossEntropy({ ignore: 255 }), logitsOf([2, 3], 5), array([2], [255, 255]), 'int32');
  expect(made.loss).toBeNaN();
  expect(made.gradient.data).toEqual(new Float64Array(6));
});

test('a million terms are summed exactly', () => {
  const dims = [1, 1, 1000, 1000];
  const [x, t] = [random(dims, 8, 0, 2), random(dims, 9, 0, 1)];
  const exact = x.data.reduce((sum, value, i) => sum + (value - at(t.data, i)) ** 2, 0) / 1e6;
  expect(Math.abs(run(meanSquaredError(), x, t).loss / exact - 1)).toBeLessThan(1.2e-7);
});

test('a picture that lies channels last has the same loss and gradient', () => {
  const classes = 5;
  const x = random([2, 3, 6, 6], 4);
  const { network: forward } = bind(
    graphOf({
      inputs: { x: x.dims },
      constants: { w: random([classes, 3, 1, 1], 3) },
      nodes: [{ op: 'Conv', inputs: ['x', 'w'] }],
    }),
    { dims: new Map([['x', x.dims]]) },
  );
  const y = forward.outputs[0] as Value;
  const labels: Value = { name: 'labels', type: 'int32', dims: [2, 6, 6] };
  const tape = new Tape(new Set());
  const loss = crossEntropy({ smoothing: 0.1 });
  const made = loss.write(tape, y, labels);
  const seed = constantValue({ name: 'one', type: 'float32', dims: [], read: () => Float32Array.of(1) });
  const { nodes, gradients } = differentiate(tape.nodes, new Map([[made.loss, seed]]), [y]);
  const outputs = [made.loss, made.correct as Value, gradients.get(y) as Value, y];
  const network = new Network([...forward.inputs, labels], outputs, [...forward.nodes, ...tape.nodes, ...nodes]);
  const plan = planOf({ network, names: ['loss', 'correct', 'gradient', 'y'] }, { dims: new Map(), verify });
  // Only the two outputs are turned around, for the caller.
  expect(plan.relayouts).toBeLessThanOrEqual(3);
  const given = { x, labels: classesOf(labels.dims, classes, 5) };
  const [value, correct, gradient, logits] = runPlan(plan, given) as [NdArray, NdArray, NdArray, NdArray];
  const plain = run(loss, logits, given.labels, 'int32');
  expect(at(value.data, 0)).toBeCloseTo(plain.loss, 6);
  expect(at(correct.data, 0)).toBe(plain.correct);
  expectClose(gradient, plain.gradient, 1e-8);
});

const output = (...dims: number[]) => ({ type: 'float32', dims }) as const;
const classes = (...dims: number[]) => ({ type: 'int32', dims }) as const;

const refused: [() => void, RegExp][] = [
  [
    () => crossEntropy().check(output(4, 10), classes(4, 10)),
    /takes labels int32 \[4\], the classes, or float32 \[4, 10\].*int32 \[4, 10\]/,
  ],
  [() => crossEntropy().check(output(4, 10), { type: 'uint8', dims: [4] }), /these are uint8 \[4\]/],
  [() => crossEntropy().check(output(10), classes(10)), /takes an output \[N, C, ...\] of C classes, this one is \[10\]/],
  [() => crossEntropy().check(classes(4, 10), classes(4)), /takes a float32 output, this one is int32/],
  [() => crossEntropy({ weights: [1, 2] }).check(output(4, 3), classes(4)), /2 weights for an output of 3 classes/],
  [() => crossEntropy().checkLabels?.(Int32Array.of(0, 3), output(2, 3)), /label 1 is 3; there are 3 classes, from 0 to 2$/],
  [
    () => crossEntropy({ ignore: 255 }).checkLabels?.(Int32Array.of(255, -1), output(2, 3)),
    /label 1 is -1; .* or 255 for what does not count/,
  ],
  [
    () => crossEntropy().checkLabels?.(Float32Array.of(0.5, Number.NaN), output(1, 2)),
    /label 1 is NaN; crossEntropy takes numbers from 0 to 1/,
  ],
  [() => crossEntropy({ smoothing: 1 }), /option smoothing takes a number from 0 to below 1, got 1/],
  [() => crossEntropy({ weights: [1, -1] }), /option weights takes a list of numbers from 0 on/],
  [() => crossEntropy({ ignore: 0.5 }), /option ignore takes an int32, got 0.5/],
  [() => crossEntropy({ smothing: 0.1 } as never), /no option 'smothing': did you mean 'smoothing'/],
  [() => crossEntropy(null as never), /the options of crossEntropy are an object, got null/],
  [() => binaryCrossEntropy({ positiveWeight: 0 }), /option positiveWeight takes a number above 0, got 0/],
  [() => binaryCrossEntropy().checkLabels?.([2], output(1)), /label 0 is 2; binaryCrossEntropy takes numbers from 0 to 1/],
  [
    () => meanSquaredError().check(output(4, 1), output(4)),
    /meanSquaredError takes labels float32 \[4, 1\], as the output; these are float32 \[4\]/,
  ],
  [() => meanSquaredError().checkLabels?.([1, Infinity], output(2)), /label 1 is Infinity; meanSquaredError takes finite numbers/],
  [() => smoothL1({ beta: -1 }), /option beta takes a number from 0 on, got -1/],
  [() => outputLoss().check(output(2), output(2)), /takes an output of one number, this one is \[2\]/],
];

test.each(refused.map(([attempt, message]) => [message, attempt] as const))('%s: refused', (message, attempt) => {
  expect(attempt).toThrow(
    expect.objectContaining({ name: 'LanewiseError', code: 'INVALID_INPUT', message: expect.stringMatching(message) }),
  );
});

test('an output may be the loss itself', () => {
  for (const dims of [[], [1], [1, 1]]) {
    const value: Value = { name: 'y', type: 'float32', dims };
    const tape = new Tape(new Set());
    const { loss, correct } = outputLoss().write(tape, value, value);
    expect([loss.dims, correct, tape.nodes.map(({ op }) => op.name)]).toEqual([[], undefined, dims.length > 0 ? ['Reshape'] : []]);
  }
});

test('the label to ignore may be anything', () => {
  crossEntropy({ ignore: -100 }).checkLabels?.(Int32Array.of(-100, 2), output(2, 3));
  crossEntropy().checkLabels?.(Int32Array.of(0, 2), output(2, 3));
});

test('a network that ends in what the loss applies is found', () => {
  const value = (name: string): Value => ({ name, type: 'float32', dims: [2, 3] });
  const [x, p, y] = [value('x'), value('p'), value('y')];
  const node = (name: string, from: Value, to: Value) => ({ op: { name }, name: `the ${name}`, inputs: [from], outputs: [to] }) as never;
  expect(repeated(crossEntropy(), [node('Softmax', x, p), node('Flatten', p, y)], y)).toMatch(
    /^crossEntropy takes logits and applies a softmax itself, but output 'y' is what the Softmax 'the Softmax' gives: train/,
  );
  expect(repeated(binaryCrossEntropy(), [node('Sigmoid', x, y)], y)).toMatch(/applies a sigmoid itself/);
  expect(repeated(crossEntropy(), [node('Relu', x, y)], y)).toBe(undefined);
  // Its softmax changes nothing.
  expect(repeated(crossEntropy(), [node('LogSoftmax', x, y)], y)).toBe(undefined);
  expect(repeated(meanSquaredError(), [node('Softmax', x, y)], y)).toBe(undefined);
  expect(repeated(crossEntropy(), [], x)).toBe(undefined);
});
