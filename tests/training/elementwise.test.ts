import { bind } from '../../src/compiler/bind.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { fuseActivations } from '../../src/training/fuseActivations.ts';
import { rules } from '../../src/training/rules/index.ts';
import { graphOf, type NodeSpec } from '../kernels/graph.ts';
import { expectClose, runPlan } from '../kernels/run.ts';
import { array, at, broadcastMap, type FunctionAttributes, functionTable, type NdArray, random } from '../reference/index.ts';
import { backwardPlan, expectGradients } from './gradients.ts';
import { torchTests } from './torch.ts';

// The last are more than the kernel takes at a time.
const shapes = [[1], [7], [2, 3, 5, 1], [1, 17, 1, 1], [3, 8, 4, 5], [2, 4099]];

/** The newest opset that all of them know. */
const opset = 24;

/** Numbers in the middle of hundredths, because functions have kinks between. */
const between = (dims: readonly number[], seed: number, low: number, high: number): NdArray => {
  const x = random(dims, seed, low, high);
  return array(
    dims,
    x.data.map((v) => Math.fround((Math.floor(v * 100) + 0.5) / 100)),
  );
};

/** Constant almost everywhere: nothing depends on them. */
const flat = ['Floor', 'Ceil', 'Round', 'Sign'];

const unary: [op: string, attributes: FunctionAttributes][] = [
  ['Relu', {}],
  ...Object.entries(functionTable).flatMap(([op, { more = [] }]) =>
    flat.includes(op)
      ? []
      : [{}, ...more.map(({ attributes }) => attributes)].map((attributes): [string, FunctionAttributes] => [op, attributes]),
  ),
];

describe.each(unary)('%s %j', (op, attributes) => {
  const f = op === 'Relu' ? (x: number) => Math.max(x, 0) : functionTable[op]!.f;
  // Near 0 differences of the reciprocal are no derivative.
  const [low, high] = functionTable[op]?.domain ?? (op === 'Reciprocal' ? [0.5, 4] : [-4, 4]);
  test.each(shapes.map((dims) => [dims]))('of %j', (dims) => {
    const [x, seed] = [between(dims, 1, low, high), random(dims, 2)];
    const step = 1e-4;
    const slope = (v: number) => (f(v + step, attributes) - f(v - step, attributes)) / (2 * step);
    const expected = array(
      dims,
      x.data.map((v, i) => at(seed.data, i) * slope(v)),
    );
    const plan = backwardPlan(
      { opset, inputs: { x: dims }, nodes: [{ op, inputs: ['x'], attributes: { ...attributes } }] },
      { x },
      ['x'],
      dims,
    );
    const largest = Math.max(1e-6, ...Array.from(expected.data, Math.abs));
    expectClose(runPlan(plan, { x, seed })[0]!, expected, 1e-5 * largest);
  });
});

test.each(flat)('%s has no gradient', (op) => {
  expect(rules[op]?.({} as never, [], {} as never)).toEqual([]);
});

/** The gradient of one node's first input, for ones. */
function slopes(nodes: NodeSpec[], feeds: Record<string, NdArray>, dims: readonly number[], constants: Record<string, NdArray> = {}) {
  const plan = backwardPlan(
    { opset, inputs: Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims])), constants, nodes },
    feeds,
    Object.keys(feeds),
    dims,
  );
  return runPlan(plan, { ...feeds, seed: array(dims, new Float64Array(dims.reduce((a, b) => a * b, 1)).fill(1)) });
}

/** Kinks, zeros of both signs, and what overflows powers and products on the way. */
const special = [-1e30, -1e4, -100, -30, -4, -3, -2.5, -1, -0.25, -1e-6, -0, 0, 1e-6, 0.25, 0.5, 1, 2.5, 3, 4, 6, 20, 21, 100, 1e4, 1e30];
const specialOf = (values: readonly number[]) => array([values.length], values.map(Math.fround));
const all = specialOf(special);
const positive = specialOf(special.filter((x) => x > 0));
/** The middle part's gradient at these in older versions of PyTorch. */
const corners = specialOf(special.filter((x) => Math.abs(x) !== 3));

const torchCases: { name: string; code: string; attributes?: Record<string, Attribute>; x?: NdArray; tolerance?: number }[] = [
  { name: 'Relu', code: 'F.relu(x[0])' },
  { name: 'LeakyRelu', code: 'F.leaky_relu(x[0], 0.3)', attributes: { alpha: 0.3 } },
  { name: 'LeakyRelu', code: 'F.leaky_relu(x[0], -2.0)', attributes: { alpha: -2 } },
  { name: 'LeakyRelu', code: 'F.leaky_relu(x[0], 0.0)', attributes: { alpha: 0 } },
  { name: 'Elu', code: 'F.elu(x[0], 2.5)', attributes: { alpha: 2.5 } },
  { name: 'Selu', code: 'F.selu(x[0])' },
  { name: 'Celu', code: 'F.celu(x[0], 0.7)', attributes: { alpha: 0.7 } },
  { name: 'ThresholdedRelu', code: 'F.threshold(x[0], 0.25, 0)', attributes: { alpha: 0.25 } },
  { name: 'ThresholdedRelu', code: 'F.threshold(x[0], -0.25, 0)', attributes: { alpha: -0.25 } },
  { name: 'HardSigmoid', code: 'F.hardsigmoid(x[0])', attributes: { alpha: 1 / 6, beta: 0.5 } },
  { name: 'HardSwish', code: 'F.hardswish(x[0])', x: corners },
  { name: 'Sigmoid', code: 'F.sigmoid(x[0])' },
  { name: 'Swish', code: 'F.silu(x[0])' },
  { name: 'Tanh', code: 'F.tanh(x[0])' },
  { name: 'Softplus', code: 'F.softplus(x[0])' },
  { name: 'Softsign', code: 'F.softsign(x[0])' },
  { name: 'Mish', code: 'F.mish(x[0])' },
  { name: 'Gelu', code: 'F.gelu(x[0])' },
  {
    name: 'Gelu',
    code: "F.gelu(x[0], approximate='tanh')",
    attributes: { approximate: 'tanh' },
    // Beyond, PyTorch's own formula gives NaN.
    x: specialOf(special.filter((x) => Math.abs(x) < 1e10)),
  },
  { name: 'Erf', code: 'torch.erf(x[0])' },
  { name: 'Exp', code: 'torch.exp(x[0])', x: specialOf(special.filter((x) => x < 50)) },
  { name: 'Log', code: 'torch.log(x[0])', x: positive },
  { name: 'Sqrt', code: 'torch.sqrt(x[0])', x: positive },
  { name: 'Reciprocal', code: 'torch.reciprocal(x[0])', x: specialOf(special.filter((x) => Math.abs(x) > 0.1)) },
  { name: 'Abs', code: 'torch.abs(x[0])' },
  { name: 'Neg', code: 'torch.neg(x[0])' },
  { name: 'Sin', code: 'torch.sin(x[0])', x: specialOf(special.filter((x) => Math.abs(x) < 1e5)) },
  { name: 'Cos', code: 'torch.cos(x[0])', x: specialOf(special.filter((x) => Math.abs(x) < 1e5)) },
];

torchTests(
  'kinks and large numbers as PyTorch has them',
  torchCases.map((entry) => ({ ...entry, op: entry.name, name: `${entry.code}`, inputs: [entry.x ?? all] })),
  ({ op, attributes = {}, inputs: [x] }, { gradients }) => {
    const [made] = slopes([{ op, inputs: ['x'], attributes }], { x: x as NdArray }, (x as NdArray).dims);
    const expected = gradients[0] as NdArray;
    // Each element by itself: 1e-6 of it, or of 1.
    expected.data.forEach((value, i) => {
      const actual = made?.data[i] as number;
      if (!(Math.abs(actual - value) <= 1e-6 * Math.max(1, Math.abs(value)))) expect([x?.data[i], actual]).toEqual([x?.data[i], value]);
    });
  },
);

test('the corners of HardSwish belong to the flat and the linear part', () => {
  const [made] = slopes([{ op: 'HardSwish', inputs: ['x'] }], { x: array([2], [-3, 3]) }, [2]);
  expect(Array.from(made!.data)).toEqual([0, 1]);
});

torchTests(
  'Clip',
  [
    { name: 'its limits have no gradient, as relu6 and hardtanh', code: 'F.hardtanh(x[0], -0.25, 3.0)' },
    { name: 'with limits that a run computes', code: 'F.hardtanh(x[0], -0.25, 3.0)' },
  ].map((entry) => ({ ...entry, inputs: [all] })),
  ({ name }, { gradients }) => {
    const limits = { low: array([], [-0.25]), high: array([], [3]) };
    const node = { op: 'Clip', inputs: ['x', 'low', 'high'] };
    if (name.startsWith('its')) return expectClose(slopes([node], { x: all }, all.dims, limits)[0]!, gradients[0]!, 0);
    const plan = backwardPlan({ opset, inputs: { x: all.dims, low: [], high: [] }, nodes: [node] }, { x: all, ...limits }, ['x'], all.dims);
    const seed = array(all.dims, new Float64Array(special.length).fill(1));
    expectClose(runPlan(plan, { x: all, ...limits, seed })[0]!, gradients[0]!, 0);
    return undefined;
  },
);

test('limits cannot learn', () => {
  const feeds = { x: all, low: array([], [0]) };
  expect(() => slopes([{ op: 'Clip', inputs: ['x', 'low'] }], feeds, all.dims)).toThrow(
    /its limits cannot learn: freeze what computes them/,
  );
});

describe('arithmetic', () => {
  const pairs: [a: number[], b: number[]][] = [
    [[7], [7]],
    [
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ],
    [[2, 3, 4, 5], []],
    [[], [3, 5]],
    [
      [2, 3, 4, 5],
      [3, 1, 1],
    ],
    [
      [2, 17, 3, 1],
      [1, 17, 1, 1],
    ],
    [
      [2, 1, 4, 1],
      [3, 1, 5],
    ],
    [[5], [2, 3, 5]],
    [
      [1, 1],
      [2, 3, 5],
    ],
  ];
  const functions: [string, (a: number, b: number) => number][] = [
    ['Add', (a, b) => a + b],
    ['Sub', (a, b) => a - b],
    ['Mul', (a, b) => a * b],
    ['Div', (a, b) => a / b],
    ['Max', Math.max],
    ['Min', Math.min],
    ['Sum', (a, b) => a + b],
    ['Mean', (a, b) => (a + b) / 2],
  ];
  describe.each(functions)('%s', (op, f) => {
    test.each(pairs)('of %j and %j', (a, b) => {
      // No two are equal.
      const inputs = [between(a, 1, 0.5, 3), between(b, 2, 0.5, 3)];
      inputs[1]!.data.forEach((value, i, data) => {
        data[i] = Math.fround(value + 0.005);
      });
      expectGradients({ op, inputs, reference: ([x, y]) => broadcastMap(f, x!, y!) });
      expectGradients({ op, inputs, constants: [0], reference: ([x, y]) => broadcastMap(f, x!, y!) });
    });
  });

  test.each([
    ['Max', Math.max],
    ['Min', Math.min],
    ['Sum', (...values: number[]) => values.reduce((a, b) => a + b)],
    ['Mean', (...values: number[]) => values.reduce((a, b) => a + b) / values.length],
  ] as const)('%s of one and of three', (op, f) => {
    const three = [[2, 3, 1, 5], [3, 4, 1], [5]].map((dims, i) => {
      const x = between(dims, i, -3, 3);
      return array(
        dims,
        x.data.map((v) => v + 0.003 * i),
      );
    });
    expectGradients({ op, inputs: three, reference: (inputs) => broadcastMap(f, ...inputs) });
    expectGradients({ op, inputs: three.slice(0, 1), reference: (inputs) => broadcastMap(f, ...inputs) });
  });

  test('opset 6 says where the second begins', () => {
    const inputs = [between([2, 3, 4, 5], 1, 0.5, 3), between([3, 4], 2, 0.5, 3)];
    const wide = (b: NdArray) => array([3, 4, 1], b.data);
    for (const [op, f] of [functions[0]!, functions[2]!, functions[3]!]) {
      const attributes = { broadcast: 1, axis: 1 };
      expectGradients({ op, opset: 6, attributes, inputs, reference: ([x, y]) => broadcastMap(f, x!, wide(y!)) });
    }
  });

  test('a tensor by itself', () => {
    const x = random([3, 5], 1, 0.5, 2);
    for (const [op, slope] of [
      ['Add', () => 2],
      ['Mul', (v: number) => 2 * v],
      ['Sub', () => 0],
      ['Div', () => 0],
      ['Max', () => 1],
    ] as const) {
      const [made] = slopes([{ op, inputs: ['x', 'x'] }], { x }, x.dims);
      expectClose(made!, array(x.dims, x.data.map(slope)), 1e-6);
    }
  });

  const [left, right] = [array([2, 3], [1, 2, 2, -0, 3, 5]), array([3], [1, 1, 2])];
  torchTests(
    'where both are equal',
    ['maximum', 'minimum'].map((name) => ({ name, code: `torch.${name}(x[0], x[1])`, inputs: [left, right] })),
    ({ name }, { gradients }) => {
      const made = slopes([{ op: name === 'maximum' ? 'Max' : 'Min', inputs: ['a', 'b'] }], { a: left, b: right }, left.dims);
      made.forEach((gradient, i) => void expectClose(gradient, gradients[i]!, 0));
    },
  );

  test.each([2, 3, 0.5, 1, -1.5, 4.25].map((n) => [n]))('Pow with exponent %d', (n) => {
    for (const dims of [[1], [7], [2, 3, 4, 5]]) {
      const inputs = [between(dims, 1, 0.5, 3), array([], [n])];
      expectGradients({ op: 'Pow', inputs, constants: [1], reference: ([x]) => broadcastMap((v) => v ** n, x!) });
    }
  });

  test('Pow with exponents of its own for each channel, 0 among them', () => {
    const inputs = [between([2, 3, 5], 1, 0.5, 3), array([3, 1], [0, 2, -0.5])];
    expectGradients({ op: 'Pow', inputs, constants: [1], reference: ([x, n]) => broadcastMap((v, e) => v ** e, x!, n!) });
    const [made] = slopes([{ op: 'Pow', inputs: ['x', 'n'] }], { x: array([2], [0, 3]) }, [2], { n: array([2], [0, 2]) });
    expect(Array.from(made!.data)).toEqual([0, 6]);
  });

  test('an exponent that a run computes is refused', () => {
    const feeds = { x: array([2], [1, 3]), n: array([2], [0, 2]) };
    expect(() => slopes([{ op: 'Pow', inputs: ['x', 'n'] }], feeds, [2])).toThrow(/node 'Pow_0': an exponent that a run computes/);
  });
});

describe('PRelu', () => {
  test.each([
    [
      [2, 3, 4, 5],
      [3, 1, 1],
    ],
    [[2, 3, 4, 5], [1]],
    [
      [1, 8, 3, 3],
      [8, 1, 1],
    ],
    [[7], [7]],
    [
      [2, 5],
      [2, 5],
    ],
  ])('of %j with slopes %j', (dims, slope) => {
    const inputs = [between(dims, 1, -3, 3), random(slope, 2)];
    const reference = ([x, s]: NdArray[]) => broadcastMap((v, w) => (v < 0 ? v * w : v), x!, s!);
    expectGradients({ op: 'PRelu', inputs, reference });
    expectGradients({ op: 'PRelu', inputs, constants: [1], reference });
  });

  const [x, slope] = [specialOf(special.filter((v) => Math.abs(v) < 1e5)), array([1], [0.25])];
  torchTests('at zero', [{ name: 'as PyTorch', code: 'F.prelu(x[0], x[1])', inputs: [x, slope] }], (_, { gradients }) => {
    const made = slopes([{ op: 'PRelu', inputs: ['x', 's'] }], { x, s: slope }, x.dims);
    made.forEach((gradient, i) => void expectClose(gradient, gradients[i]!, 1e-2 * i));
  });
});

describe('activations of several nodes', () => {
  const spec = (nodes: NodeSpec[], constants: Record<string, NdArray> = {}) => ({ opset, inputs: { x: [2, 3] }, constants, nodes });
  const fused = (nodes: NodeSpec[], constants?: Record<string, NdArray>) => {
    const { network } = bind(graphOf(spec(nodes, constants)), { dims: new Map([['x', [2, 3]]]) });
    return fuseActivations(network.nodes, network.outputs).map(({ op }) => op.name);
  };
  test('are one before the gradient is taken', () => {
    const silu = [
      { op: 'Sigmoid', inputs: ['x'], outputs: ['s'] },
      { op: 'Mul', inputs: ['x', 's'], outputs: ['y'] },
    ];
    expect(fused(silu)).toEqual(['Swish']);
    const hard = [
      { op: 'Add', inputs: ['x', 'three'], outputs: ['a'] },
      { op: 'Clip', inputs: ['a', 'low', 'high'], outputs: ['c'] },
      { op: 'Mul', inputs: ['x', 'c'], outputs: ['m'] },
      { op: 'Div', inputs: ['m', 'high'], outputs: ['y'] },
    ];
    const constants = { three: array([], [3]), low: array([], [0]), high: array([], [6]) };
    expect(fused(hard, constants)).toEqual(['HardSwish']);
    // Somebody reads what is between.
    expect(fused([...silu, { op: 'Add', inputs: ['y', 's'], outputs: ['z'] }])).toEqual(['Sigmoid', 'Mul', 'Add']);
  });

  test('have the same gradient as one', () => {
    const x = random([2, 3], 1, -4, 4);
    const nodes = [
      { op: 'Sigmoid', inputs: ['x'], outputs: ['s'] },
      { op: 'Mul', inputs: ['x', 's'], outputs: ['y'] },
    ];
    const [several] = slopes(nodes, { x }, x.dims);
    const [one] = slopes([{ op: 'Swish', inputs: ['x'] }], { x }, x.dims);
    expectClose(several!, one!, 1e-6);
  });
});

test('an activation keeps its output, not its input', () => {
  for (const op of ['Relu', 'LeakyRelu', 'Elu', 'Selu', 'Celu', 'Sigmoid', 'Tanh', 'Softplus', 'Softsign', 'HardSigmoid', 'Sqrt', 'Exp']) {
    const { network } = bind(graphOf({ opset, inputs: { x: [4] }, nodes: [{ op, inputs: ['x'] }] }), { dims: new Map([['x', [4]]]) });
    const [x, y] = [network.inputs[0]!, network.outputs[0]!];
    const { nodes } = differentiate(network.nodes, new Map([[y, { name: 'dy', type: 'float32', dims: [4] }]]), [x]);
    expect(nodes.some(({ inputs }) => inputs.includes(x))).toBe(false);
  }
});
