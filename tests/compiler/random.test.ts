// Networks at random: what the passes make of them computes what they compute, wherever the results lie.

import fc from 'fast-check';
import { compile } from '../../src/compiler/compile.ts';
import { passes } from '../../src/compiler/passes/index.ts';
import type { Constant } from '../../src/graph/graph.ts';
import type { Variant } from '../../src/runtime/wasm.ts';
import { type GraphSpec, graphOf, int64, type NodeSpec } from '../kernels/graph.ts';
import { eachVariant, runGraph } from '../kernels/run.ts';
import { array, maxError, type NdArray, random } from '../reference/index.ts';

const CHANNELS = 6;
const DIMS = [2, CHANNELS, 4, 5];

/** One more node over the values so far, all of DIMS; `pick` chooses among them. */
interface Step {
  kind:
    | 'Conv'
    | 'Conv1x1'
    | 'grouped'
    | 'depthwise'
    | 'BatchNormalization'
    | 'Relu'
    | 'Add'
    | 'AddChannel'
    | 'MaxPool'
    | 'AveragePool'
    | 'Dropout'
    | 'Identity'
    | 'MulChannel'
    | 'SubScalar'
    | 'Relu6'
    | 'Silu'
    | 'HardSwish'
    | 'Gelu'
    | 'Softmax'
    | 'LRN'
    | 'PRelu'
    | 'Sum'
    | 'Max'
    | 'gate'
    | 'concat'
    | 'halves'
    | 'shuffle'
    | 'padded'
    | 'pooled'
    | 'there and back'
    | 'up'
    | 'ConvTranspose';
  /** How far back the input lies; mostly the value before. */
  back: number;
  other: number;
  seed: number;
  /** Weights and statistics are fed. */
  fed: boolean;
  bias: boolean;
  /** The value is an output of the network. */
  output: boolean;
}

const kinds = [
  'Conv',
  'Conv1x1',
  'grouped',
  'depthwise',
  'Relu',
  'Relu',
  'Add',
  'Add',
  'AddChannel',
  'MaxPool',
  'AveragePool',
  'Dropout',
  'Identity',
  'Relu6',
  'Silu',
  'Softmax',
  'LRN',
  'PRelu',
  'Sum',
  'Max',
  'gate',
  'concat',
  'concat',
  'halves',
  'shuffle',
  'padded',
  'pooled',
  'there and back',
  'ConvTranspose',
] as const;

/** Kinds that passes fold into the numbers before them, or compute in another order: equal but for rounding. */
const rounding: Step['kind'][] = ['BatchNormalization', 'BatchNormalization', 'MulChannel', 'SubScalar', 'HardSwish', 'Gelu', 'up'];

const steps = (more: Step['kind'][]) =>
  fc.array(
    fc.record<Step>({
      kind: fc.constantFrom(...kinds, ...more),
      back: fc.oneof({ weight: 4, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 4 }) }),
      other: fc.integer({ min: 1, max: 5 }),
      seed: fc.nat(1000),
      fed: fc.nat(7).map((n) => n === 0),
      bias: fc.boolean(),
      output: fc.nat(7).map((n) => n === 0),
    }),
    { minLength: 1, maxLength: 12 },
  );

function build(list: Step[]): { spec: GraphSpec; feeds: Record<string, NdArray> } {
  const feeds: Record<string, NdArray> = { x: random(DIMS, 1) };
  const constants: Record<string, NdArray> = {};
  const shapes: Record<string, Constant> = {};
  const nodes: NodeSpec[] = [];
  const values = ['x'];
  const outputs: string[] = [];
  const window = { kernel_shape: [3, 3], pads: [1, 1, 1, 1] };
  list.forEach(({ kind, back, other, seed, fed, bias, output }, i) => {
    const pick = (distance: number) => values.at(-Math.min(distance, values.length)) ?? 'x';
    const value = (name: string, dims: number[], low: number, high: number) => {
      const array = random(dims, seed + name.length, low, high);
      if (fed) feeds[`${name}${i}`] = array;
      else constants[`${name}${i}`] = array;
      return `${name}${i}`;
    };
    const filters = (channels: number, kernel: number) => {
      const limit = 1 / (Math.sqrt(channels) * kernel); // Keeps the values about as large as they are.
      const weights = value('weights', [CHANNELS, channels, kernel, kernel], -limit, limit);
      return bias ? [weights, value('bias', [CHANNELS], -1, 1)] : [weights];
    };
    const vector = (name: string, low: number, high: number) => value(name, [CHANNELS], low, high);
    const input = pick(back);
    /** A node before the last one. */
    const before = (spec: Omit<NodeSpec, 'outputs'>): string => {
      const name = `${i}.${nodes.length}`;
      nodes.push({ ...spec, outputs: [name] });
      return name;
    };
    const known = (numbers: number[], dims: number[] = []) => {
      const name = `number${Object.keys(constants).length}`;
      constants[name] = array(dims, Float32Array.from(numbers));
      return name;
    };
    const whole = (numbers: number[]) => {
      const name = `whole${Object.keys(shapes).length}`;
      shapes[name] = int64(name, numbers);
      return name;
    };
    const node: { [K in Step['kind']]: () => Omit<NodeSpec, 'outputs'> } = {
      Conv: () => ({ op: 'Conv', inputs: [input, ...filters(CHANNELS, 3)], attributes: window }),
      Conv1x1: () => ({ op: 'Conv', inputs: [input, ...filters(CHANNELS, 1)] }),
      grouped: () => ({ op: 'Conv', inputs: [input, ...filters(CHANNELS / 2, 3)], attributes: { ...window, group: 2 } }),
      depthwise: () => ({ op: 'Conv', inputs: [input, ...filters(1, 3)], attributes: { ...window, group: CHANNELS } }),
      BatchNormalization: () => ({
        op: 'BatchNormalization',
        inputs: [input, vector('scale', 0.5, 1), vector('shift', -1, 1), vector('mean', -1, 1), vector('variance', 0.5, 2)],
      }),
      Relu: () => ({ op: 'Relu', inputs: [input] }),
      Add: () => ({ op: 'Add', inputs: [input, pick(other)] }),
      AddChannel: () => ({ op: 'Add', inputs: [value('offset', [CHANNELS, 1, 1], -1, 1), input] }),
      MaxPool: () => ({ op: 'MaxPool', inputs: [input], attributes: window }),
      AveragePool: () => ({ op: 'AveragePool', inputs: [input], attributes: window }),
      Dropout: () => ({ op: 'Dropout', inputs: [input] }),
      Identity: () => ({ op: 'Identity', inputs: [input] }),
      MulChannel: () => ({ op: 'Mul', inputs: [value('factor', [CHANNELS, 1, 1], -1, 1), input] }),
      SubScalar: () => ({ op: 'Sub', inputs: [input, known([0.25])] }),
      Relu6: () => ({ op: 'Clip', inputs: [input, known([0]), known([0.5])] }),
      Silu: () => {
        const gate = before({ op: 'Sigmoid', inputs: [input] });
        // Sometimes somebody else reads the gate, or it is another value's.
        if (seed % 3 === 0) values.push(gate);
        return { op: 'Mul', inputs: [seed % 5 === 0 ? pick(other) : input, gate] };
      },
      HardSwish: () => {
        const sum = before({ op: 'Add', inputs: [input, known([3])] });
        const gate = before({ op: 'Clip', inputs: [sum, known([0]), known([6])] });
        return { op: 'Div', inputs: [before({ op: 'Mul', inputs: [input, gate] }), known([6])] };
      },
      Gelu: () => {
        const part = before({ op: 'Erf', inputs: [before({ op: 'Div', inputs: [input, known([Math.SQRT2])] })] });
        const gate = before({ op: 'Add', inputs: [part, known([1])] });
        return { op: 'Mul', inputs: [before({ op: 'Mul', inputs: [input, gate] }), known([0.5])] };
      },
      Softmax: () => ({ op: 'Softmax', inputs: [input], attributes: { axis: bias ? 1 : -1 } }),
      LRN: () => ({ op: 'LRN', inputs: [input], attributes: { size: 3, alpha: 1, beta: bias ? 0.75 : 1 } }),
      PRelu: () => ({ op: 'PRelu', inputs: [input, value('slope', [CHANNELS, 1, 1], -1, 1)] }),
      Sum: () => ({ op: 'Sum', inputs: bias ? [input, pick(other)] : [input, pick(other), pick(other + 1)] }),
      Max: () => ({ op: 'Max', inputs: [input, pick(other)] }),
      gate: () => ({ op: 'Mul', inputs: [input, before({ op: 'GlobalAveragePool', inputs: [pick(other)] })] }),
      concat: () => {
        // Of two or three, perhaps the same twice, perhaps inside one another; then back to the channels there were.
        const two = before({ op: 'Concat', inputs: [input, pick(other)], attributes: { axis: 1 } });
        const all = bias ? two : before({ op: 'Concat', inputs: [pick(other), two], attributes: { axis: -3 } });
        if (seed % 3 === 0) outputs.push(all);
        return { op: 'Conv', inputs: [all, ...filters(CHANNELS * (bias ? 2 : 3), 1)] };
      },
      halves: () => {
        const parts = [`${i}.low`, `${i}.high`];
        nodes.push({ op: 'Split', inputs: [input], attributes: { axis: 1 }, outputs: parts });
        const [low = '', high = ''] = parts;
        return { op: 'Concat', inputs: bias ? [high, low] : [before({ op: 'Relu', inputs: [high] }), low], attributes: { axis: 1 } };
      },
      shuffle: () => {
        const [n = 1, , h = 1, w = 1] = DIMS;
        const split = before({ op: 'Reshape', inputs: [input, whole([n, 2, CHANNELS / 2, h, w])] });
        const swapped = before({ op: 'Transpose', inputs: [split], attributes: { perm: [0, 2, 1, 3, 4] } });
        return { op: 'Reshape', inputs: [swapped, whole(DIMS)] };
      },
      padded: () => {
        const wide = before({ op: 'Pad', inputs: [input, whole([0, 0, 1, 0, 0, 0, 1, 2])] });
        return { op: 'Conv', inputs: [wide, ...filters(CHANNELS, 3)], attributes: { kernel_shape: [3, 3] } };
      },
      pooled: () => {
        const wide = before({ op: 'Pad', inputs: [input, whole([0, 0, 1, 2, 0, 0, 1, 0])] });
        return { op: 'AveragePool', inputs: [wide], attributes: { kernel_shape: [3, 3] } };
      },
      'there and back': () => {
        const last = before({ op: 'Transpose', inputs: [input], attributes: { perm: [0, 2, 3, 1] } });
        const middle = bias ? before({ op: 'Relu', inputs: [last] }) : last;
        return { op: 'Transpose', inputs: [middle], attributes: { perm: [0, 3, 1, 2] } };
      },
      up: () => {
        const large = before({ op: 'Resize', inputs: [input, '', known([1, 1, 2, 2], [4])], attributes: { mode: 'linear' } });
        return { op: 'AveragePool', inputs: [large], attributes: { kernel_shape: [2, 2], strides: [2, 2] } };
      },
      ConvTranspose: () => ({ op: 'ConvTranspose', inputs: [input, ...filters(CHANNELS, 3)], attributes: window }),
    };
    nodes.push({ ...node[kind](), outputs: [`v${i}`] });
    values.push(`v${i}`);
    if (output || i === list.length - 1) outputs.push(`v${i}`);
  });
  // A dense layer at the end, as most networks have.
  const depth = DIMS.slice(1).reduce((a, b) => a * b);
  constants.dense = random([depth, 3], 7, -0.1, 0.1);
  constants.row = random([3], 8);
  nodes.push(
    { op: 'Flatten', inputs: [values.at(-1) ?? 'x'], outputs: ['flat'] },
    { op: 'MatMul', inputs: ['flat', 'dense'], outputs: ['product'] },
    { op: 'Add', inputs: ['product', 'row'], outputs: ['scores'] },
  );
  outputs.push('scores');
  return {
    spec: {
      inputs: Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims])),
      constants: { ...constants, ...shapes },
      nodes,
      outputs: [...new Set(outputs)],
    },
    feeds,
  };
}

/** The largest difference that passes make, relative to the largest value where that is over 1. */
function difference(list: Step[], variant: Variant, maxPasses: number | undefined): number {
  const { spec, feeds } = build(list);
  const expected = runGraph(graphOf(spec), feeds, { variant, maxPasses: 0, inPlace: false });
  const actual = runGraph(graphOf(spec), feeds, { variant, ...(maxPasses === undefined ? {} : { maxPasses }) });
  expect(actual.map(({ dims }) => dims)).toEqual(expected.map(({ dims }) => dims));
  return Math.max(
    ...expected.map((value, i) => {
      const size = value.data.reduce((max, x) => Math.max(max, Math.abs(x)), 1);
      return maxError((actual[i] as NdArray).data, value) / size;
    }),
  );
}

eachVariant((variant) => {
  test('all passes change no result by more than 1e-5', () => {
    const property = fc.property(steps(rounding), (list) => {
      expect(difference(list, variant, undefined)).toBeLessThanOrEqual(1e-5);
    });
    fc.assert(property, { seed: 1, numRuns: 200 });
  });

  test('nor do some of them', () => {
    const property = fc.property(steps(rounding), fc.integer({ min: 1, max: passes.length }), (list, maxPasses) => {
      expect(difference(list, variant, maxPasses)).toBeLessThanOrEqual(1e-5);
    });
    fc.assert(property, { seed: 2, numRuns: 100 });
  });

  test('results that overwrite what they are made of are the same to the bit', () => {
    const property = fc.property(steps(rounding), fc.constantFrom(0, passes.length), (list, maxPasses) => {
      const { spec, feeds } = build(list);
      const run = (inPlace: boolean) => runGraph(graphOf(spec), feeds, { variant, maxPasses, inPlace });
      expect(run(true)).toEqual(run(false));
    });
    fc.assert(property, { seed: 3, numRuns: 150 });
  });

  test('some of the outputs, computed alone, have the bits that they have among all', () => {
    let fewer = 0;
    const property = fc.property(steps(rounding), fc.infiniteStream(fc.boolean()), (list, flags) => {
      // Every third value is an output, some more.
      const { spec, feeds } = build(list.map((step, i) => ({ ...step, output: step.output || i % 3 === 1 })));
      const graph = graphOf(spec);
      const names = graph.outputs.map(({ name }) => name);
      const all = runGraph(graph, feeds, { variant });
      const wanted = new Set(names.filter(() => flags.next().value));
      const part = runGraph(graph, feeds, { variant, wanted });
      expect(part).toEqual(all.filter((_, i) => wanted.has(names[i] as string)));
      const dims = new Map(Object.entries(feeds).map(([name, value]) => [name, value.dims]));
      if (compile(graph, { dims, wanted }).steps.length < compile(graph, { dims }).steps.length) fewer++;
    });
    fc.assert(property, { seed: 4, numRuns: 200 });
    expect(fewer).toBeGreaterThan(50);
  });
});
