import { bind } from '../../src/compiler/bind.ts';
import { planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Value } from '../../src/graph/value.ts';
import { relu } from '../../src/ops/elementwise/relu.ts';
import type { Node, Operator } from '../../src/ops/operator.ts';
import { conv } from '../../src/ops/window/conv.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { addInstructions } from '../../src/training/instructions.ts';
import { recompute } from '../../src/training/recompute.ts';
import { ruleOf } from '../../src/training/rules/index.ts';
import { graphOf, type NodeSpec } from '../kernels/graph.ts';
import { runPlan } from '../kernels/run.ts';
import { type NdArray, random } from '../reference/index.ts';
import { skip } from '../skip.ts';

addInstructions();

interface Chain {
  readonly nodes: NodeSpec[];
  readonly x: readonly number[];
  readonly weights: Readonly<Record<string, readonly number[]>>;
}

/** The plans of the gradients of all weights, with everything kept and with segments computed again; and the backward passes. */
function plansOf({ nodes, x, weights }: Chain) {
  const dims = new Map([['x', x], ...Object.entries(weights)]);
  const backwards: Node[][] = [];
  const plans = [false, true].map((again): Plan => {
    const { network } = bind(graphOf({ inputs: Object.fromEntries(dims), nodes }), { dims });
    const y = network.outputs[0] as Value;
    const seed: Value = { name: 'seed', type: 'float32', dims: y.dims };
    const targets = network.inputs.filter(({ name }) => name !== 'x');
    const { nodes: backward, gradients } = differentiate(network.nodes, new Map([[y, seed]]), targets);
    const chosen = again ? recompute(network.nodes, backward, [y]) : [...backward];
    backwards.push(chosen);
    const outputs = [y, ...targets.map((value) => gradients.get(value) as Value)];
    const whole = new Network([...network.inputs, seed], outputs, [...network.nodes, ...chosen]);
    verify(whole);
    return planOf({ network: whole, names: outputs.map(({ name }) => name) }, { dims, verify, transforms: true });
  });
  const inputs = [...dims, ['seed', plans[0]!.outputs[0]!.dims] as const];
  const feeds = Object.fromEntries(inputs.map(([name, dims], i): [string, NdArray] => [name, random(dims, i)]));
  return { plans: plans as [Plan, Plan], backwards: backwards as [Node[], Node[]], feeds };
}

const same = (a: NdArray, b: NdArray) => Buffer.compare(Buffer.from(a.data.buffer), Buffer.from(b.data.buffer)) === 0;

/** @returns the arenas' sizes */
function expectSame(chain: Chain): [number, number] {
  const { plans, feeds } = plansOf(chain);
  const [plain, again] = plans.map((plan) => runPlan(plan, feeds)) as [NdArray[], NdArray[]];
  expect(plain.some(({ data }) => data.some((value) => value !== 0))).toBe(true);
  for (const [i, value] of plain.entries()) expect(same(value, again[i] as NdArray)).toBe(true);
  return [plans[0].arenaBytes, plans[1].arenaBytes];
}

/** Dense layers and Relus, one after the other. */
function denseChain(depth: number, features: number): Chain {
  const nodes: NodeSpec[] = [];
  const weights: Record<string, number[]> = {};
  for (let i = 0; i < depth; i++) {
    weights[`w${i}`] = [features, features];
    nodes.push({ op: 'Gemm', name: `dense${i}`, inputs: [i === 0 ? 'x' : `relu${i - 1}`, `w${i}`], attributes: { transB: 1, alpha: 0.5 } });
    nodes.push({ op: 'Relu', name: `relu${i}`, inputs: [`dense${i}`] });
  }
  return { nodes, weights, x: [64, features] };
}

test('a chain of dense layers has the same bits in less memory', () => {
  const [plain, again] = expectSame(denseChain(30, 17));
  // Of n layers' values 2 · sqrt(n) stay, beside the gradients of all weights, which are outputs here.
  const outputs = 30 * 64 * Math.ceil((17 * 17 * 4) / 64);
  expect(again - outputs).toBeLessThan(0.5 * (plain - outputs));
});

const convChain = 'a chain of convolutions has the same bits in less memory';

if (ruleOf(conv as Operator)) {
  test(convChain, () => {
    const nodes: NodeSpec[] = [];
    const weights: Record<string, number[]> = {};
    for (let i = 0; i < 30; i++) {
      weights[`w${i}`] = [8, i === 0 ? 3 : 8, 3, 3];
      weights[`b${i}`] = [8];
      const inputs = [i === 0 ? 'x' : `relu${i - 1}`, `w${i}`, `b${i}`];
      nodes.push({ op: 'Conv', name: `conv${i}`, inputs, attributes: { pads: [1, 1, 1, 1] } });
      nodes.push({ op: 'Relu', name: `relu${i}`, inputs: [`conv${i}`] });
    }
    const [plain, again] = expectSame({ nodes, weights, x: [2, 3, 31, 29] });
    expect(again).toBeLessThan(0.5 * plain);
  });
} else skip(convChain, 'Conv has no gradient rule yet');

test('branches within segments, and over all of them, have the same bits in less memory', () => {
  const nodes: NodeSpec[] = [];
  const weights: Record<string, number[]> = {};
  let x = 'x';
  for (let i = 0; i < 16; i++) {
    weights[`w${i}`] = [8, 8];
    weights[`v${i}`] = [16, 8];
    nodes.push({ op: 'Gemm', name: `dense${i}`, inputs: [x, `w${i}`] });
    nodes.push({ op: 'Relu', name: `relu${i}`, inputs: [`dense${i}`] });
    nodes.push({ op: 'Concat', name: `both${i}`, attributes: { axis: 1 }, inputs: [`relu${i}`, x] });
    nodes.push({ op: 'Gemm', name: `block${i}`, inputs: [`both${i}`, `v${i}`] });
    x = `block${i}`;
  }
  nodes.push({ op: 'Concat', name: 'last', attributes: { axis: 1 }, inputs: [x, 'relu0', 'x'] });
  const [plain, again] = expectSame({ nodes, weights, x: [97, 8] });
  expect(again).toBeLessThan(0.7 * plain);
});

test('what stays anyway is not computed again', () => {
  const { nodes, weights, x } = denseChain(16, 4);
  const dims = new Map([['x', x], ...Object.entries(weights)]);
  const { network } = bind(graphOf({ inputs: Object.fromEntries(dims), nodes }), { dims });
  const y = network.outputs[0] as Value;
  const seeds = new Map([[y, { name: 'seed', type: 'float32', dims: y.dims } as const]]);
  const { nodes: backward } = differentiate(network.nodes, seeds, network.inputs);
  const values = network.nodes.flatMap(({ outputs }) => outputs);
  const copied = (kept: Value[]) => recompute(network.nodes, backward, kept).filter(({ name }) => name.endsWith('(again)'));
  for (const value of values) {
    const names = copied([value]).flatMap(({ outputs }) => outputs.map(({ name }) => name));
    expect(names.length).toBeGreaterThan(8);
    expect(names).not.toContain(`${value.name} (again)`);
  }
  expect(copied(values)).toEqual([]);
});

test('a short chain is left as it is', () => {
  const { backwards } = plansOf(denseChain(1, 4));
  expect(backwards[1].map(({ name }) => name)).toEqual(backwards[0].map(({ name }) => name));
});

/** A node like a batch-norm in training: outputs 3 and 4 are states. */
const statistics: Operator = {
  name: 'Statistics',
  since: 1,
  inputs: [1, 1],
  outputs: [5, 5],
  inferShape: (node) => [node.inputs[0] as Value],
};

test('states are written once', () => {
  const value = (name: string, dims = [4, 4]): Value => ({ name, type: 'float32', dims });
  const forward: Node[] = [];
  const backward: Node[] = [];
  let x = value('x');
  for (let i = 0; i < 16; i++) {
    const outputs = [value(`y${i}`), ...['mean', 'deviation', 'running_mean', 'running_var'].map((name) => value(`${name}${i}`, [4]))];
    const common = { attributes: {}, declaredOutputs: 5 };
    forward.push({ ...common, op: statistics, name: `norm${i}`, inputs: [x], outputs, outputCount: 5 });
    const gradient = {
      ...common,
      op: relu as Operator,
      name: `gradient${i}`,
      inputs: [x, outputs[1], outputs[2]],
      outputs: [value(`dx${i}`)],
    };
    backward.unshift({ ...gradient, outputCount: 1 });
    x = outputs[0] as Value;
  }
  const all = [...forward, ...recompute(forward, backward, [])];
  const copies = all.filter(({ name }) => name.endsWith('(again)'));
  expect(copies.length).toBeGreaterThan(8);
  for (const { outputs, outputCount } of copies) {
    expect(outputCount).toBe(3);
    expect(outputs).toHaveLength(3);
  }
  verify(new Network(forward[0]?.inputs as Value[], [], all));
});
