// Gradients where every tensor is a slice of a concatenation, so that its pixels lie apart.

import { Op } from '../../assembly/opcodes.ts';
import { bind } from '../../src/compiler/bind.ts';
import { planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { verify } from '../../src/compiler/verify.ts';
import type { Value } from '../../src/graph/value.ts';
import { concat } from '../../src/ops/move/concat.ts';
import type { Node } from '../../src/ops/operator.ts';
import { isHost } from '../../src/plan/plan.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { Tape } from '../../src/training/tape.ts';
import { graphOf, type NodeSpec } from '../kernels/graph.ts';
import { runPlan } from '../kernels/run.ts';
import { type NdArray, random } from '../reference/index.ts';

const NAMES = ['a', 'b'] as const;
/** No whole vectors, and more than one. */
const CHANNELS = [3, 14];

/**
 * Checks that the gradient of a node that reads a picture has the same bits where the picture, its output and both gradients are
 * slices as where they are not.
 * @param node reads `x`, and further constants of as many channels, from 0.5 to 1.5
 * @param dims of x and y, without channels: [N, H, W]
 * @param form what to make of the node, if not itself
 */
export function expectSlices(
  node: Omit<NodeSpec, 'inputs' | 'outputs'> & { readonly vectors?: number },
  [n, ...size]: readonly [number, number, number],
  [, ...outSize]: readonly [number, number, number],
  form: (node: Node) => Node = (node) => node,
): void {
  const picture = (of: readonly number[], i: number) => [n, CHANNELS[i] as number, ...of];
  const vectors = Array.from({ length: node.vectors ?? 0 }, (_, i) => i);
  const inputs = Object.fromEntries(
    NAMES.flatMap((name, i) => [[name, picture(size, i)] as const, [`d${name}`, picture(outSize, i)] as const]),
  );
  const feeds: Record<string, NdArray> = Object.fromEntries(
    Object.entries(inputs).map(([name, dims], i) => [name, random(dims, i, 0.1, 1)]),
  );
  const { network } = bind(
    graphOf({
      inputs,
      constants: Object.fromEntries(
        NAMES.flatMap((name, i) => vectors.map((j) => [`${name}${j}`, random([CHANNELS[i] as number], j, 0.5, 1.5)] as const)),
      ),
      nodes: [
        // Pools take and give channels last.
        ...Object.keys(inputs).map((name) => ({
          op: 'MaxPool',
          attributes: { kernel_shape: [1, 1] },
          name: `before ${name}`,
          inputs: [name],
          outputs: [`x${name}`],
        })),
        ...NAMES.map((name) => ({ ...node, inputs: [`x${name}`, ...vectors.map((j) => `${name}${j}`)], outputs: [`y${name}`] })),
        ...['x', 'xd', 'y'].map((kind) => ({
          op: 'Concat',
          attributes: { axis: 1 },
          inputs: NAMES.map((name) => `${kind}${name}`),
          outputs: [kind],
        })),
      ],
      outputs: ['x', 'xd', 'y'],
    }),
    { dims: new Map(Object.entries(inputs)) },
  );
  const nodes = network.nodes.map((given) => (given.op.name === node.op && !given.name.startsWith('before') ? form(given) : given));
  const value = (name: string) => nodes.flatMap(({ outputs }) => outputs).find((made) => made.name === name) as Value;
  const learned = NAMES.map((name) => value(`x${name}`));
  const backward = differentiate(nodes, new Map(NAMES.map((name) => [value(`y${name}`), value(`xd${name}`)])), learned);
  const gradients = learned.map((value) => backward.gradients.get(value) as Value);
  const tape = new Tape(new Set());
  const whole = tape.add(concat, gradients, { axis: 1 } as never);
  const plan = (outputs: readonly Value[], more: readonly Node[]) =>
    planOf(
      {
        network: new Network(network.inputs, outputs, [...nodes, ...backward.nodes, ...more]),
        names: outputs.map(({ name }) => name),
      },
      { dims: new Map(Object.entries(inputs)), verify },
    );
  const sliced = plan([...network.outputs, whole], tape.nodes);
  expect(sliced.steps.filter((step) => !isHost(step) && step.op === Op.Copy)).toEqual([]);
  const made = runPlan(sliced, feeds)[3] as NdArray;
  const parts = runPlan(plan(gradients, []), feeds);
  const [first, second] = parts as [NdArray, NdArray];
  const pixels = (size[0] as number) * (size[1] as number);
  for (let i = 0; i < n; i++) {
    const [a, b] = CHANNELS.map((count) => count * pixels) as [number, number];
    const picture = made.data.subarray(i * (a + b), (i + 1) * (a + b));
    expect(Array.from(picture)).toEqual([...first.data.subarray(i * a, (i + 1) * a), ...second.data.subarray(i * b, (i + 1) * b)]);
  }
}
