// Gradient rules against finite differences of the operators' naive references.

import { bind } from '../../src/compiler/bind.ts';
import { type CompileOptions, planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import { arrayTypes, type DataType, type TypedArray } from '../../src/graph/tensor.ts';
import type { Value } from '../../src/graph/value.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { addInstructions } from '../../src/training/instructions.ts';
import { rules } from '../../src/training/rules/index.ts';
import { rareRules } from '../../src/training/rules/rare/index.ts';
import { type GraphSpec, graphOf } from '../kernels/graph.ts';
import { expectClose, runPlan } from '../kernels/run.ts';
import { array, type NdArray, random, transpose } from '../reference/index.ts';

addInstructions();
Object.assign(rules, rareRules);

export interface GradientCase {
  op: string;
  /** 13 where left out. */
  opset?: number;
  attributes?: Record<string, Attribute | undefined>;
  /** Float32 inputs; undefined is an optional input that is left out. */
  inputs: readonly (NdArray | undefined)[];
  /** Indices of inputs that are initializers, and have no gradient. */
  constants?: readonly number[];
  /** The types of inputs that are not float32, by index; they have no gradient. */
  types?: Readonly<Record<number, DataType>>;
  /** The operator in float64, from plain loops: its output, or all of them. */
  reference: (inputs: NdArray[]) => NdArray | NdArray[];
  /** Indices of the outputs on which the loss depends. Default: all. */
  used?: readonly number[];
  /** Whether the operator also runs on pictures channels last: its inputs and outputs of rank 3 and more, but constants. */
  channelsLast?: boolean;
  /** Largest difference as a share of the largest number of the gradient. Default 1e-5. */
  tolerance?: number;
  /** Step of the finite differences. Default 1e-4. */
  step?: number;
  /** As in CompileOptions. */
  winograd?: CompileOptions['winograd'];
}

/**
 * A plan that gives the gradients of a graph's inputs for given gradients of its outputs, whose names are added: `seed`, `seed1`, ...
 * @param seedDims of the first output's gradient, or of each output's; undefined for an output without one
 */
export function backwardPlan(
  spec: GraphSpec,
  feeds: Readonly<Record<string, Pick<NdArray, 'dims'>>>,
  learned: readonly string[],
  seedDims: readonly number[] | readonly (readonly number[] | undefined)[],
  winograd?: CompileOptions['winograd'],
): Plan {
  const dims = new Map(Object.entries(feeds).map(([name, { dims }]) => [name, dims]));
  const { network } = bind(graphOf(spec), { dims });
  const lists = seedDims.some((entry) => typeof entry !== 'number') ? seedDims : [seedDims];
  const seeds = (lists as readonly (readonly number[] | undefined)[]).flatMap((dims, i): [Value, Value][] =>
    dims ? [[network.outputs[i] as Value, { name: seedName(i), type: 'float32', dims }]] : [],
  );
  const targets = network.inputs.filter(({ name }) => learned.includes(name));
  const { nodes, gradients } = differentiate(network.nodes, new Map(seeds), targets);
  const outputs = targets.map((value) => gradients.get(value) as Value);
  const backward = new Network([...network.inputs, ...seeds.map(([, seed]) => seed)], outputs, [...network.nodes, ...nodes]);
  return planOf({ network: backward, names: targets.map(({ name }) => name) }, { dims, verify, transforms: true, winograd });
}

const seedName = (i: number) => (i === 0 ? 'seed' : `seed${i}`);

const asType = (type: DataType, { data }: NdArray): TypedArray =>
  type.endsWith('int64') ? BigInt64Array.from(data, BigInt) : new arrayTypes[type as 'float32'](data);

/** Checks every input's gradient, on one thread and on three, and that they have the same bits. */
export function expectGradients(given: GradientCase): void {
  const { inputs, constants = [], types = {}, reference, used, tolerance = 1e-5, step = 1e-4 } = given;
  const present = inputs.flatMap((value, i) =>
    value ? [{ name: `input${i}`, value, type: types[i] ?? ('float32' as const), constant: constants.includes(i) }] : [],
  );
  const y = [reference(present.map(({ value }) => value))].flat();
  const dy = y.map(({ dims }, i) => (used?.includes(i) === false ? undefined : random(dims, 99 + i)));
  const learned = present.flatMap((entry, at) => (entry.constant || entry.type !== 'float32' ? [] : [{ ...entry, at }]));
  const expected = learned.map(({ value, at }) =>
    numeric(value, dy, step, (changed) => reference(present.map((entry, j) => (j === at ? changed : entry.value)))),
  );
  for (const channelsLast of given.channelsLast ? [false, true] : [false]) {
    gradientsOf(given, present, dy, channelsLast).forEach((made, i) => {
      const wanted = expected[i] as NdArray;
      const largest = Math.max(1e-6, ...Array.from(wanted.data, Math.abs));
      expectClose(made, wanted, tolerance * largest);
    });
  }
}

interface Present {
  readonly name: string;
  readonly value: NdArray;
  readonly type: DataType;
  readonly constant: boolean;
}

/** The gradients of the inputs that learn; with `channelsLast` the network's inputs and outputs are so, and it transposes them. */
function gradientsOf(
  { op, opset = 13, attributes = {}, inputs, winograd }: GradientCase,
  present: readonly Present[],
  dy: readonly (NdArray | undefined)[],
  channelsLast: boolean,
): NdArray[] {
  const turns = (dims: readonly number[]) => channelsLast && dims.length > 2;
  const last = (value: NdArray) => (turns(value.dims) ? transpose(value, toLast(value.dims.length)) : value);
  const fed = present.filter(({ constant }) => !constant).map((entry) => ({ ...entry, value: last(entry.value) }));
  const learned = fed.filter(({ type }) => type === 'float32');
  const feeds = Object.fromEntries(fed.map(({ name, value, type }) => [name, { dims: value.dims, data: asType(type, value) }]));
  const turned = fed.filter(({ value }) => turns(value.dims));
  const names = inputs.map((value, i) => {
    if (!value) return '';
    return turned.some(({ name }) => name === `input${i}`) ? `first${i}` : `input${i}`;
  });
  const [made, outputs] = [dy.map((_, i) => `made${i}`), dy.map((_, i) => `output${i}`)];
  const perm = (value: NdArray | undefined, of: (rank: number) => number[]) => of(value?.dims.length ?? 0);
  const plan = backwardPlan(
    {
      opset,
      inputs: Object.fromEntries(fed.map(({ name, value, type }) => [name, { type, dims: value.dims }])),
      constants: Object.fromEntries(
        present
          .filter(({ constant }) => constant)
          .map(({ name, value, type }) => [name, { name, type, dims: value.dims, read: () => asType(type, value) }]),
      ),
      nodes: [
        ...turned.map(({ name, value }) => ({
          op: 'Transpose',
          attributes: { perm: perm(value, toFirst) },
          inputs: [name],
          outputs: [name.replace('input', 'first')],
        })),
        { op, attributes, inputs: names, outputs: channelsLast ? made : outputs },
        ...(channelsLast ? dy : []).map((gradient, i) =>
          gradient && turns(gradient.dims)
            ? { op: 'Transpose', attributes: { perm: perm(gradient, toLast) }, inputs: [`made${i}`], outputs: [`output${i}`] }
            : { op: 'Identity', inputs: [`made${i}`], outputs: [`output${i}`] },
        ),
      ],
      outputs,
    },
    feeds,
    learned.map(({ name }) => name),
    dy.map((gradient) => gradient && last(gradient).dims),
    winograd,
  );
  const seeds = dy.flatMap((gradient, i) => (gradient ? [[seedName(i), last(gradient)] as const] : []));
  return runPlan(plan, { ...feeds, ...Object.fromEntries(seeds) } as Record<string, NdArray>).map((gradient) =>
    turns(gradient.dims) ? transpose(gradient, toFirst(gradient.dims.length)) : gradient,
  );
}

/** NCHW to NHWC, and back. */
const toLast = (rank: number): number[] => [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
const toFirst = (rank: number): number[] => [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];

/** The gradient of sum(dy · f(x)) by central differences. */
export function numeric(x: NdArray, dy: readonly (NdArray | undefined)[], step: number, f: (x: NdArray) => NdArray | NdArray[]): NdArray {
  const gradient = Float64Array.from(x.data, (value, i) => {
    const at = (moved: number) => {
      const data = Float64Array.from(x.data);
      data[i] = moved;
      return [f(array(x.dims, data))].flat();
    };
    const [high, low] = [at(value + step), at(value - step)];
    return dy.reduce((total, gradient, k) => {
      const [above, below] = [high[k]?.data, low[k]?.data];
      const slope = (d: number, j: number) => (d * ((above?.[j] as number) - (below?.[j] as number))) / (2 * step);
      return total + Array.from(gradient?.data ?? []).reduce((sum, d, j) => sum + slope(d, j), 0);
    }, 0);
  });
  return array(x.dims, gradient);
}
