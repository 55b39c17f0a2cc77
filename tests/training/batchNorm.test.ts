// Batch-norm that learns: its statistics, its output and its gradients, alone and with the sum and the activation after it.

import { bind } from '../../src/compiler/bind.ts';
import { planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import type { Value } from '../../src/graph/value.ts';
import type { Node } from '../../src/ops/operator.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { chainStatistics, trainingForm } from '../../src/training/forms.ts';
import { fuseForward } from '../../src/training/fuse.ts';
import { assign } from '../../src/training/ops/update.ts';
import { Tape } from '../../src/training/tape.ts';
import { failure } from '../failure.ts';
import { graphOf, type NodeSpec } from '../kernels/graph.ts';
import { expectClose, moduleOf, runPlan } from '../kernels/run.ts';
import { array, type NdArray, random, sizeOf } from '../reference/index.ts';
import { numeric } from './gradients.ts';
import { expectSlices } from './slices.ts';
import { torchTests } from './torch.ts';

interface Given {
  readonly x: NdArray;
  readonly scale: NdArray;
  readonly bias: NdArray;
  readonly mean: NdArray;
  readonly variance: NdArray;
  readonly residual: NdArray;
}

/** What follows the batch-norm. */
type After = '' | 'Relu' | 'Relu6' | 'Add' | 'AddRelu';
const afters: readonly After[] = ['', 'Relu', 'Relu6', 'Add', 'AddRelu'];

const given = (dims: readonly number[], seed = 1): Given => {
  const channels = [dims[1] ?? 1];
  return {
    x: random(dims, seed, -2, 3),
    scale: random(channels, seed + 1, -1.5, 1.5),
    bias: random(channels, seed + 2),
    mean: random(channels, seed + 3),
    variance: random(channels, seed + 4, 0.5, 2),
    residual: random(dims, seed + 5),
  };
};

const nodesOf = (after: After, attributes: Record<string, Attribute> = {}): NodeSpec[] => [
  { op: 'BatchNormalization', attributes, inputs: ['x', 'scale', 'bias', 'mean', 'variance'], outputs: ['norm'] },
  ...(after.startsWith('Add') ? [{ op: 'Add', inputs: ['residual', 'norm'], outputs: ['sum'] }] : []),
  ...(after.endsWith('Relu') ? [{ op: 'Relu', inputs: [after === 'Relu' ? 'norm' : 'sum'] }] : []),
  ...(after === 'Relu6' ? [{ op: 'Clip', attributes: { min: 0, max: 1 }, inputs: ['norm'] }] : []),
];

const context = { random: { name: 'random', type: 'int32', dims: [4] } as Value, index: 0 };

/** The form with running statistics, which only states have of themselves. */
function running(node: Node): Node {
  const form = trainingForm(
    { ...node, inputs: node.inputs.map((value, i) => (value && i > 2 ? { ...value, state: {} as never } : value)) },
    context,
  );
  return { ...form, inputs: node.inputs };
}

interface Prepared {
  readonly plan: Plan;
  readonly feeds: Record<string, NdArray>;
  readonly nodes: readonly Node[];
}

const LEARNED = ['x', 'scale', 'bias', 'residual'] as const;

/** Outputs: y, mean, inverse, new mean, new variance; then the gradients of what learns, for the gradient `seed` of y. */
function prepare(values: Given, after: After, attributes?: Record<string, Attribute>, learned: readonly string[] = LEARNED): Prepared {
  const adds = after.startsWith('Add');
  const inputs = Object.fromEntries(Object.entries(values).filter(([name]) => adds || name !== 'residual'));
  const opset = 10;
  const dims = new Map(Object.entries(inputs).map(([name, { dims }]) => [name, dims]));
  const graph = graphOf({ opset, inputs: Object.fromEntries(dims), nodes: nodesOf(after, attributes) });
  const { network } = bind(graph, { dims });
  const forms = network.nodes.map((node) => (node.op.name === 'BatchNormalization' ? running(node) : node));
  const nodes = fuseForward(forms, network.outputs);
  const y = network.outputs[0] as Value;
  const seed: Value = { name: 'seed', type: 'float32', dims: y.dims };
  const targets = network.inputs.filter(({ name }) => learned.includes(name));
  const backward = differentiate(nodes, new Map([[y, seed]]), targets);
  const outputs = [...(nodes[0] as Node).outputs, ...targets.map((value) => backward.gradients.get(value) as Value)];
  const names = outputs.map((_, i) => `${i}`);
  const all = new Network([...network.inputs, seed], outputs, [...nodes, ...backward.nodes]);
  return { plan: planOf({ network: all, names }, { dims, verify }), feeds: inputs, nodes };
}

/** Every channel's elements. */
function channelsOf({ dims, data }: NdArray): number[][] {
  const channels = dims[1] ?? 1;
  const size = sizeOf(dims.slice(2));
  const lists = Array.from({ length: channels }, (): number[] => []);
  data.forEach((v, i) => {
    lists[Math.floor(i / size) % channels]?.push(v);
  });
  return lists;
}

const meanOf = (list: readonly number[]): number => list.reduce((sum, v) => sum + v, 0) / list.length;
const momentsOf = (list: readonly number[]) => {
  const mean = meanOf(list);
  const deviations = list.reduce((sum, v) => sum + (v - mean) ** 2, 0);
  return { mean, variance: deviations / list.length, unbiased: deviations / (list.length - 1) };
};

const clampOf: Readonly<Record<After, (v: number) => number>> = {
  '': (v) => v,
  Add: (v) => v,
  Relu: (v) => Math.max(v, 0),
  AddRelu: (v) => Math.max(v, 0),
  Relu6: (v) => Math.min(Math.max(v, 0), 1),
};

function reference({ x, scale, bias, residual }: Given, after: After, epsilon = 1e-5): NdArray {
  const size = sizeOf(x.dims.slice(2));
  const moments = channelsOf(x).map(momentsOf);
  return array(
    x.dims,
    x.data.map((v, i) => {
      const c = Math.floor(i / size) % moments.length;
      const { mean, variance } = moments[c] as ReturnType<typeof momentsOf>;
      const y = ((v - mean) / Math.sqrt(variance + epsilon)) * (scale.data[c] as number) + (bias.data[c] as number);
      return clampOf[after](after.startsWith('Add') ? y + (residual.data[i] as number) : y);
    }),
  );
}

const largest = ({ data }: NdArray): number => data.reduce((most, v) => Math.max(most, Math.abs(v)), 1e-6);
const near = (actual: NdArray | undefined, expected: NdArray, tolerance: number) =>
  expectClose(actual as NdArray, expected, tolerance * largest(expected));

const shapes = [
  [2, 1],
  [3, 5],
  [1, 1, 2, 1],
  [2, 3, 1, 1],
  [2, 4, 3, 2],
  [1, 5, 1, 7],
  [3, 7, 2, 2],
  [2, 8, 3, 3],
  [1, 17, 2, 3],
  [2, 6, 5],
  [2, 2, 2, 2, 2],
];

/** Of two values a channel, normalised without it, the input's gradient is nearly 0. */
const EPSILON = 0.25;

describe.each(afters)('followed by %j', (after) => {
  test.each(shapes.map((dims) => [dims]))('%j', (dims) => {
    const values = given(dims);
    const { plan, feeds, nodes } = prepare(values, after, { epsilon: EPSILON });
    expect(nodes).toHaveLength(1);
    const seed = random(dims, 99);
    const [y, mean, inverse, newMean, newVariance, ...gradients] = runPlan(plan, { ...feeds, seed });
    near(y, reference(values, after, EPSILON), 1e-6);
    const moments = channelsOf(values.x).map(momentsOf);
    const vector = (list: readonly number[]) => array([list.length], list);
    near(array([moments.length], mean?.data.slice(0, moments.length)), vector(moments.map((m) => m.mean)), 1e-6);
    near(inverse, vector(moments.map(({ variance }) => 1 / Math.sqrt(variance + EPSILON))), 1e-6);
    near(newMean, vector(moments.map((m, c) => 0.9 * (values.mean.data[c] as number) + 0.1 * m.mean)), 1e-6);
    near(newVariance, vector(moments.map((m, c) => 0.9 * (values.variance.data[c] as number) + 0.1 * m.unbiased)), 1e-6);
    const names = LEARNED.filter((name) => name in feeds);
    expect(gradients).toHaveLength(names.length);
    names.forEach((name, i) => {
      const expected = numeric(values[name], [seed], 1e-5, (changed) => reference({ ...values, [name]: changed }, after, EPSILON));
      near(gradients[i], expected, 1e-5);
    });
  });

  test('only what is wanted', () => {
    const values = given([2, 5, 3, 3]);
    const whole = prepare(values, after);
    const seed = random([2, 5, 3, 3], 99);
    const all = runPlan(whole.plan, { ...whole.feeds, seed }).slice(5);
    const names = LEARNED.filter((name) => name in whole.feeds);
    names.forEach((name, i) => {
      const { plan, feeds } = prepare(values, after, undefined, [name]);
      expect(runPlan(plan, { ...feeds, seed })[5]).toEqual(all[i]);
    });
  });
});

test.each([[[5, 6, 19, 11]], [[3, 33, 9, 13]]])('several blocks of pixels, the last one shorter: %j', (dims) => {
  const channels = dims[1] as number;
  const values = given(dims);
  const { plan, feeds } = prepare(values, 'AddRelu');
  const seed = random(dims, 3);
  const [y, , , , , dX, dScale, dBias] = runPlan(plan, { ...feeds, seed });
  near(y, reference(values, 'AddRelu'), 1e-6);
  const masked = array(
    dims,
    seed.data.map((v, i) => ((y?.data[i] as number) > 0 ? v : 0)),
  );
  const [xs, gs] = [channelsOf(values.x), channelsOf(masked)];
  const expected = xs.map((list, c) => {
    const { mean, variance } = momentsOf(list);
    const std = Math.sqrt(variance + 1e-5);
    const g = gs[c] as number[];
    const normal = list.map((v) => (v - mean) / std);
    const [bias, scale] = [g.reduce((a, b) => a + b, 0), g.reduce((sum, v, i) => sum + v * (normal[i] as number), 0)];
    return {
      bias,
      scale,
      x: g.map((v, i) => ((values.scale.data[c] as number) / std) * (v - bias / g.length - ((normal[i] as number) * scale) / g.length)),
    };
  });
  near(
    dScale,
    array(
      [channels],
      expected.map(({ scale }) => scale),
    ),
    1e-6,
  );
  near(
    dBias,
    array(
      [channels],
      expected.map(({ bias }) => bias),
    ),
    1e-6,
  );
  channelsOf(dX as NdArray).forEach((list, c) => {
    near(array([list.length], list), array([list.length], expected[c]?.x), 1e-6);
  });
});

test.each([
  ['around 0', 0],
  ['around 10,000', 10_000],
  ['around -10,000', -10_000],
])('features %s are exact', (_, center) => {
  const dims = [4, 9, 23, 17];
  const values = given(dims);
  // A grid that float32 has around 10,000, too; a border that is not like the rest.
  values.x.data.forEach((v, i) => {
    values.x.data[i] = Math.round(v * 512) / 512 + center + (i % 17 === 0 ? 0.5 : 0);
  });
  const { plan, feeds } = prepare(values, '');
  const seed = random(dims, 3);
  const [y, , inverse, , newVariance, dX, dScale] = runPlan(plan, { ...feeds, seed });
  const moments = channelsOf(values.x).map(momentsOf);
  near(
    inverse,
    array(
      [9],
      moments.map(({ variance }) => 1 / Math.sqrt(variance + 1e-5)),
    ),
    3e-7,
  );
  near(
    newVariance,
    array(
      [9],
      moments.map((m, c) => 0.9 * (values.variance.data[c] as number) + 0.1 * m.unbiased),
    ),
    3e-7,
  );
  near(y, reference(values, ''), 5e-7);
  const shifted = {
    ...values,
    x: array(
      dims,
      values.x.data.map((v) => v - center),
    ),
  };
  const around0 = prepare(shifted, '');
  const [, , , , , dX0, dScale0] = runPlan(around0.plan, { ...around0.feeds, seed });
  near(dX, dX0 as NdArray, 5e-7);
  near(dScale, dScale0 as NdArray, 1e-6);
});

test('what others read stays', () => {
  const dims = new Map(Object.entries(given([2, 3, 2, 2])).map(([name, { dims }]) => [name, dims]));
  const names = (nodes: NodeSpec[], outputs?: string[]) => {
    const { network } = bind(graphOf({ inputs: Object.fromEntries(dims), nodes, ...(outputs && { outputs }) }), { dims });
    const forms = network.nodes.map((node) => trainingForm(node, context));
    return fuseForward(forms, network.outputs).map(({ op }) => op.name);
  };
  const [norm, sum] = nodesOf('Add') as [NodeSpec, NodeSpec];
  const relu = (from: string, to = 'y') => ({ op: 'Relu', inputs: [from], outputs: [to] });
  expect(names([norm, relu('norm')], ['y', 'norm'])).toEqual(['BatchNormTraining', 'Relu']);
  expect(names([norm, relu('norm', 'z'), relu('norm')], ['y', 'z'])).toEqual(['BatchNormTraining', 'Relu', 'Relu']);
  expect(names([norm, sum, relu('sum')], ['sum', 'y'])).toEqual(['BatchNormTraining', 'Relu']);
  expect(names([norm, relu('norm', 'z'), { ...sum, inputs: ['z', 'residual'] }], ['sum'])).toEqual(['BatchNormTraining', 'Add']);
  expect(names([norm, { ...sum, inputs: ['norm', 'norm'] }], ['sum'])).toEqual(['BatchNormTraining', 'Add']);
  // A sum that broadcasts is none with a shortcut.
  const scaled = { op: 'Reshape', inputs: ['bias', 'shape'], outputs: ['b'] };
  const constants = { shape: { name: 'shape', type: 'int64' as const, dims: [3], read: () => BigInt64Array.of(3n, 1n, 1n) } };
  const { network } = bind(
    graphOf({ inputs: Object.fromEntries(dims), constants, nodes: [norm, scaled, { ...sum, inputs: ['norm', 'b'] }] }),
    { dims },
  );
  expect(
    fuseForward(
      network.nodes.map((node) => trainingForm(node, context)),
      network.outputs,
    ),
  ).toHaveLength(3);
  // Of two norms, the later one has the sum.
  const other = { ...norm, inputs: ['residual', ...norm.inputs.slice(1)], outputs: ['other'] };
  expect(names([norm, other, { ...sum, inputs: ['norm', 'other'] }, relu('sum')])).toEqual(['BatchNormTraining', 'BatchNormTraining']);
});

test.each(['', 'Relu'])('of slices, followed by %j', () => {
  expectSlices({ op: 'BatchNormalization', vectors: 4 }, [2, 3, 4], [2, 3, 4], (node) => trainingForm(node, context));
});

test("a file's momentum is the share of the old", () => {
  const values = given([2, 3, 2, 2]);
  const { plan, feeds } = prepare(values, '', { momentum: 0.75, epsilon: 0.5 });
  const [, , inverse, newMean] = runPlan(plan, { ...feeds, seed: random([2, 3, 2, 2], 1) });
  const moments = channelsOf(values.x).map(momentsOf);
  near(
    newMean,
    array(
      [3],
      moments.map((m, c) => 0.75 * (values.mean.data[c] as number) + 0.25 * m.mean),
    ),
    1e-6,
  );
  near(
    inverse,
    array(
      [3],
      moments.map(({ variance }) => 1 / Math.sqrt(variance + 0.5)),
    ),
    1e-6,
  );
  expect(prepare(values, '').nodes[0]?.attributes).toMatchObject({ momentum: 0.1 });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('running statistics outlive a batch with %d', (value) => {
  const values = given([2, 5, 2, 2]);
  // In the third channel of the second picture.
  values.x.data[30] = value;
  const { plan, feeds } = prepare(values, '');
  const made = runPlan(plan, { ...feeds, seed: random([2, 5, 2, 2], 1) });
  expect(Array.from((made[0] as NdArray).data, Number.isNaN).indexOf(true)).toBe(8);
  for (const [i, old] of [
    [3, values.mean],
    [4, values.variance],
  ] as const) {
    const { data } = made[i] as NdArray;
    expect(data[2]).toBe(old.data[2]);
    expect(data[1]).not.toBe(old.data[1]);
    expect(data.every(Number.isFinite)).toBe(true);
  }
});

test('a single value per channel is an error', () => {
  for (const dims of [
    [1, 3],
    [1, 3, 1, 1],
  ]) {
    const error = failure(() => prepare(given(dims), ''));
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.message).toBe(
      `node 'BatchNormalization_0': batch-norm learns from more than one value per channel, got [${dims}]: train with larger batches or pictures`,
    );
  }
});

/** The running statistics and the last output after several steps, over states that stay in memory. */
function steps(values: Given, batches: readonly NdArray[]): NdArray[] {
  const dims = new Map(Object.entries(values).map(([name, { dims }]) => [name, dims]));
  const { network } = bind(graphOf({ inputs: Object.fromEntries(dims), nodes: nodesOf('') }), { dims });
  const state = (name: keyof Given): Value => {
    const { dims, data } = values[name];
    const constant = { name, type: 'float32' as const, dims, read: () => Float32Array.from(data) };
    return { name, type: 'float32', dims, state: constant };
  };
  const [node] = network.nodes as [Node];
  const form = trainingForm(
    { ...node, inputs: [node.inputs[0], ...node.inputs.slice(1).map((value) => state(value?.name as keyof Given))] },
    context,
  );
  const { nodes, statistics } = chainStatistics([form]);
  const tape = new Tape(new Set());
  const written = [...statistics].map((states) => tape.add(assign, states, {}));
  const x = network.inputs.filter(({ name }) => name === 'x');
  const whole = new Network(x, [form.outputs[0] as Value, ...written], [...nodes, ...tape.nodes]);
  const plan = planOf({ network: whole, names: ['y', 'mean', 'variance'] }, { dims, verify });
  const engine = new Engine(moduleOf('strict', 'training'));
  engine.use(plan);
  for (const batch of batches) {
    const [input] = plan.inputs;
    engine.view((input as (typeof plan.inputs)[0]).pointer, batch.data.length).set(batch.data);
    engine.run();
  }
  return plan.outputs.map(({ dims, pointer }) => array(dims, engine.view(pointer, sizeOf(dims)).slice()));
}

const batches = [1, 2, 3].map((seed) => random([3, 7, 5, 4], seed, -seed, 2 * seed));
const start = given([3, 7, 5, 4]);

torchTests(
  'as PyTorch',
  [
    {
      name: 'running statistics after three steps',
      code: `mean, variance = x[3].clone(), x[4].clone()
for b in x[:3]: y = F.batch_norm(b, mean, variance, x[5], x[6], True, 0.1, 1e-5)
(y, mean, variance)`,
      inputs: [...batches, start.mean, start.variance, start.scale, start.bias],
      constants: [0, 1, 2, 3, 4, 5, 6],
    },
  ],
  (_, { outputs }) => {
    const made = steps(start, batches);
    outputs.forEach((expected, i) => {
      near(made[i], expected, 1e-6);
    });
  },
);

torchTests(
  'gradients as PyTorch',
  afters.map((after) => ({
    name: `followed by '${after}'`,
    after,
    code: `y = F.batch_norm(x[0], None, None, x[1], x[2], True, 0.1, 1e-5)
${{ '': 'y', Relu: 'F.relu(y)', Relu6: 'F.hardtanh(y, 0, 1)', Add: 'y + x[3]', AddRelu: 'F.relu(y + x[3])' }[after]}`,
    inputs: [start.x, start.scale, start.bias, ...(after.startsWith('Add') ? [start.residual] : [])],
    seeds: [random([3, 7, 5, 4], 5)],
  })),
  ({ after, seeds }, { gradients, outputs }) => {
    const { plan, feeds } = prepare(start, after);
    const [y, , , , , ...made] = runPlan(plan, { ...feeds, seed: seeds[0] as NdArray });
    near(y, outputs[0] as NdArray, 1e-6);
    gradients.forEach((expected, i) => {
      near(made[i], expected as NdArray, 1e-6);
    });
  },
);
