// Gradient rules against finite differences of the operators' naive references.

import { bind } from '../../src/compiler/bind.ts';
import { type CompileOptions, planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import type { Value } from '../../src/graph/value.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { addInstructions } from '../../src/training/instructions.ts';
import { type GraphSpec, graphOf } from '../kernels/graph.ts';
import { expectClose, runPlan } from '../kernels/run.ts';
import { array, type NdArray, random } from '../reference/index.ts';

addInstructions();

export interface GradientCase {
  op: string;
  /** 13 where left out. */
  opset?: number;
  attributes?: Record<string, Attribute | undefined>;
  /** Float32 inputs; undefined is an optional input that is left out. */
  inputs: readonly (NdArray | undefined)[];
  /** Indices of inputs that are initializers, and have no gradient. */
  constants?: readonly number[];
  /** The operator in float64, from plain loops. */
  reference: (inputs: NdArray[]) => NdArray;
  /** Largest difference as a share of the largest number of the gradient. Default 1e-5. */
  tolerance?: number;
  /** Step of the finite differences. Default 1e-4. */
  step?: number;
  /** As in CompileOptions. */
  winograd?: CompileOptions['winograd'];
}

/** A plan that gives the gradients of a graph's inputs for a given gradient of its output, `seed`, whose name is added. */
export function backwardPlan(
  spec: GraphSpec,
  feeds: Readonly<Record<string, NdArray>>,
  learned: readonly string[],
  seedDims: readonly number[],
  winograd?: CompileOptions['winograd'],
): Plan {
  const dims = new Map(Object.entries(feeds).map(([name, { dims }]) => [name, dims]));
  const { network } = bind(graphOf(spec), { dims });
  const seed: Value = { name: 'seed', type: 'float32', dims: seedDims };
  const targets = network.inputs.filter(({ name }) => learned.includes(name));
  const { nodes, gradients } = differentiate(network.nodes, new Map([[network.outputs[0] as Value, seed]]), targets);
  const outputs = targets.map((value) => gradients.get(value) as Value);
  const backward = new Network([...network.inputs, seed], outputs, [...network.nodes, ...nodes]);
  return planOf({ network: backward, names: targets.map(({ name }) => name) }, { dims, verify, transforms: true, winograd });
}

/** Checks every input's gradient, on one thread and on three, and that they have the same bits. */
export function expectGradients({
  op,
  opset = 13,
  attributes = {},
  inputs,
  constants = [],
  reference,
  tolerance = 1e-5,
  step = 1e-4,
  winograd,
}: GradientCase): void {
  const present = inputs.flatMap((value, i) => (value ? [{ name: `input${i}`, value, constant: constants.includes(i) }] : []));
  const learned = present.filter(({ constant }) => !constant);
  const feeds = Object.fromEntries(learned.map(({ name, value }) => [name, value]));
  const y = reference(present.map(({ value }) => value));
  const dy = random(y.dims, 99);
  const plan = backwardPlan(
    {
      opset,
      inputs: Object.fromEntries(learned.map(({ name, value }) => [name, value.dims])),
      constants: Object.fromEntries(present.filter(({ constant }) => constant).map(({ name, value }) => [name, value])),
      nodes: [{ op, attributes, inputs: inputs.map((value, i) => (value ? `input${i}` : '')) }],
    },
    feeds,
    learned.map(({ name }) => name),
    y.dims,
    winograd,
  );
  const made = runPlan(plan, { ...feeds, seed: dy });
  learned.forEach(({ value }, i) => {
    const at = present.findIndex((entry) => entry.value === value);
    const expected = numeric(value, dy, step, (changed) => reference(present.map((entry, j) => (j === at ? changed : entry.value))));
    const largest = Math.max(1e-6, ...Array.from(expected.data, Math.abs));
    expectClose(made[i] as NdArray, expected, tolerance * largest);
  });
}

/** The gradient of sum(dy · f(x)) by central differences. */
function numeric(x: NdArray, dy: NdArray, step: number, f: (x: NdArray) => NdArray): NdArray {
  const gradient = Float64Array.from(x.data, (value, i) => {
    const at = (moved: number) => {
      const data = Float64Array.from(x.data);
      data[i] = moved;
      return f(array(x.dims, data)).data;
    };
    const [high, low] = [at(value + step), at(value - step)];
    return Array.from(dy.data).reduce((sum, d, j) => sum + (d * ((high[j] as number) - (low[j] as number))) / (2 * step), 0);
  });
  return array(x.dims, gradient);
}
