// Small networks, and what the passes make of them.

import { bind } from '../../src/compiler/bind.ts';
import { passes, simplify } from '../../src/compiler/passes/index.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Constant } from '../../src/graph/graph.ts';
import type { Clamped } from '../../src/ops/elementwise/clamp.ts';
import type { Node } from '../../src/ops/operator.ts';
import { type GraphSpec, graphOf, type NodeSpec } from '../kernels/graph.ts';
import { expectClose, runGraph } from '../kernels/run.ts';
import { type NdArray, random } from '../reference/index.ts';

const DIMS = [1, 4, 5, 5];

/** Weights of every kind over 4 channels. */
export const constants = {
  w: random([4, 4, 3, 3], 1, -0.3, 0.3),
  u: random([4, 4, 3, 3], 2, -0.3, 0.3),
  d: random([4, 1, 3, 3], 3),
  b: random([4], 4),
  scale: random([4], 5, 0.5, 1.5),
  shift: random([4], 6),
  scale2: random([4], 7, 0.5, 1.5),
  mean: random([4], 8),
  variance: random([4], 9, 0.5, 2),
  perChannel: random([1, 4, 1, 1], 10),
  whole: random(DIMS, 11),
};

export const conv = (input: string, output: string, rest: Partial<NodeSpec> = {}, weights = ['w', 'b']): NodeSpec => ({
  op: 'Conv',
  name: output,
  inputs: [input, ...weights],
  outputs: [output],
  attributes: { pads: [1, 1, 1, 1], ...rest.attributes },
});
export const depthwise = (input: string, output: string) => conv(input, output, { attributes: { group: 4 } }, ['d', 'b']);
export const bn = (input: string, output: string, statistics = ['scale', 'shift', 'mean', 'variance'], name = output): NodeSpec => ({
  op: 'BatchNormalization',
  name,
  inputs: [input, ...statistics],
  outputs: [output],
});
export const unary =
  (op: string) =>
  (input: string, output: string): NodeSpec => ({ op, name: output, inputs: [input], outputs: [output] });
export const [relu, identity, dropout] = [unary('Relu'), unary('Identity'), unary('Dropout')];
export const add = (a: string, b: string, output: string): NodeSpec => ({ op: 'Add', name: output, inputs: [a, b], outputs: [output] });

/** `Conv(x, b, +y) clamp`: a node with its inputs that are no weights, and what was fused into it. */
function show({ op, inputs, attributes }: Node): string {
  const values = inputs.flatMap((value, i) => (value && !(value.constant && i > 0 && i < 3 && op.name === 'Conv') ? [value.name] : []));
  const fed = op.name === 'BatchNormalization' ? values.slice(0, 1) : values;
  const { clamp } = (attributes ?? {}) as Clamped;
  return `${op.name}(${fed.join(', ')})${clamp && op.name !== 'Relu' ? ' clamp' : ''}`;
}

export interface Case {
  nodes: NodeSpec[];
  outputs?: string[];
  /** Constants that are fed instead. */
  fed?: (keyof typeof constants)[];
  /** Other constants than the usual ones. */
  more?: Record<string, NdArray | Constant>;
  opset?: number;
  /** How far results may be off. */
  tolerance?: number;
}

const specOf = ({ nodes, outputs, fed = [], more = {}, opset = 13 }: Case): GraphSpec => {
  const all: Record<string, NdArray> = constants;
  const left = Object.fromEntries(Object.entries(all).filter(([name]) => !fed.includes(name as keyof typeof constants)));
  const dims = Object.fromEntries(fed.map((name) => [name, constants[name].dims]));
  return { opset, inputs: { x: DIMS, ...dims }, constants: { ...left, ...more }, nodes, ...(outputs ? { outputs } : {}) };
};

/** The nodes after `rounds` of all passes, whose results must be those of the network as it is. */
export function simplified(config: Case, rounds = 1): string[] {
  const spec = specOf(config);
  const feeds: Record<string, NdArray> = { x: random(DIMS, 20) };
  for (const name of config.fed ?? []) feeds[name] = constants[name];
  const expected = runGraph(graphOf(spec), feeds, { maxPasses: 0 });
  for (let maxPasses = 1; maxPasses <= passes.length; maxPasses++) {
    runGraph(graphOf(spec), feeds, { maxPasses }).forEach((actual, i) => {
      expectClose(actual, expected[i] as NdArray, config.tolerance ?? 1e-5);
    });
  }
  const { network } = bind(graphOf(spec), { dims: new Map(Object.entries(spec.inputs) as [string, number[]][]) });
  for (let i = 0; i < rounds; i++) simplify(network, { verify });
  expect(network.outputs).toHaveLength(config.outputs?.length ?? 1);
  return network.nodes.map(show);
}
