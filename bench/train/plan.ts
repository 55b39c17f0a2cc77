import { bind } from '../../src/compiler/bind.ts';
import { planOf } from '../../src/compiler/compile.ts';
import { Network } from '../../src/compiler/network.ts';
import { addOperators } from '../../src/compiler/operators.ts';
import type { Attribute, Graph } from '../../src/graph/graph.ts';
import type { Value } from '../../src/graph/value.ts';
import type { Plan } from '../../src/plan/plan.ts';
import { differentiate } from '../../src/training/differentiate.ts';
import { addInstructions } from '../../src/training/instructions.ts';

addOperators();
addInstructions();

export interface Layer {
  readonly batch: number;
  readonly size: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
}

/** A convolution with its gradients as a plan, and which of its steps belong to which. */
export function planSteps({ batch, size, channels, filters, kernel, stride }: Layer): { plan: Plan; ranges: Record<string, number[]> } {
  const pad = Math.floor(kernel / 2);
  const dims = [batch, channels, size, size];
  const attributes = new Map<string, Attribute>([
    ['strides', [stride, stride]],
    ['pads', [pad, pad, pad, pad]],
  ]);
  const weights = [filters, channels, kernel, kernel];
  const graph: Graph = {
    name: 'conv',
    inputs: [
      { name: 'x', type: 'float32', dims },
      { name: 'w', type: 'float32', dims: weights },
    ],
    outputs: [{ name: 'y' }],
    nodes: [{ op: 'Conv', domain: '', name: 'conv', inputs: ['x', 'w'], outputs: ['y'], attributes }],
    constants: new Map(),
    opsets: new Map([['', 13]]),
    metadata: new Map(),
  };
  const { network } = bind(graph, {
    dims: new Map([
      ['x', dims],
      ['w', weights],
    ]),
  });
  const [x, w] = network.inputs as [Value, Value];
  const y = network.outputs[0] as Value;
  const seed: Value = { name: 'seed', type: 'float32', dims: y.dims };
  const { nodes, gradients } = differentiate(network.nodes, new Map([[y, seed]]), [x, w]);
  const outputs = [y, gradients.get(x), gradients.get(w)] as Value[];
  const backward = new Network([...network.inputs, seed], outputs, [...network.nodes, ...nodes]);
  const bound = { network: backward, names: ['y', 'dx', 'dw'] };
  const options = { dims: new Map(), transforms: true, inPlace: false, fed: new Set(channels === 3 ? ['x'] : []) };
  const plan = planOf(bound, options);
  const weightNode = nodes.find(({ op }) => op.name === 'ConvWeightGradient')?.name;
  const ranges: Record<string, number[]> = { forward: [], data: [], weights: [] };
  plan.steps.forEach(({ node }, i) => {
    if (node.includes(' (')) return;
    const range = node === 'conv' ? 'forward' : node === weightNode ? 'weights' : 'data';
    ranges[range]?.push(i);
  });
  if (channels === 3) delete ranges.data;
  return { plan, ranges };
}
