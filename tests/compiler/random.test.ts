// Networks at random: what the passes make of them computes what they compute.

import fc from 'fast-check';
import { type GraphSpec, graphOf, type NodeSpec } from '../kernels/graph.ts';
import { eachVariant, runGraph } from '../kernels/run.ts';
import { maxError, type NdArray, random } from '../reference/index.ts';

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
    | 'Identity';
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
] as const;

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
    };
    nodes.push({ ...node[kind](), outputs: [`v${i}`] });
    values.push(`v${i}`);
    if (output || i === list.length - 1) outputs.push(`v${i}`);
  });
  return {
    spec: { inputs: Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims])), constants, nodes, outputs },
    feeds,
  };
}

/** The largest difference that passes make, relative to the largest value where that is over 1. */
function difference(list: Step[], variant: 'strict' | 'relaxed', maxPasses: number | undefined): number {
  const { spec, feeds } = build(list);
  const expected = runGraph(graphOf(spec), feeds, { variant, maxPasses: 0 });
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
    const property = fc.property(steps(['BatchNormalization', 'BatchNormalization']), (list) => {
      expect(difference(list, variant, undefined)).toBeLessThanOrEqual(1e-5);
    });
    fc.assert(property, { seed: 1, numRuns: 150 });
  });

  // Residuals are added and clamps applied to the same rounded sums, fused or not.
  test('without normalisation to fold, they change no bit', () => {
    const property = fc.property(steps([]), fc.integer({ min: 1, max: 4 }), (list, maxPasses) => {
      expect(difference(list, variant, maxPasses)).toBe(0);
    });
    fc.assert(property, { seed: 2, numRuns: 150 });
  });
});
