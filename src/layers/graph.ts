import { GraphBuilder } from '../graph/builder.ts';
import type { Graph } from '../graph/graph.ts';
import type { Value } from '../graph/value.ts';
import type { CustomOperator } from '../ops/custom.ts';
import { type LayerStep, OPSET } from './recorder.ts';
import type { AppliedLayer, SymbolicTensor } from './symbol.ts';

/** The layers between inputs and outputs. */
export interface Network {
  readonly name: string;
  readonly inputs: readonly SymbolicTensor[];
  readonly outputs: ReadonlyMap<string, SymbolicTensor>;
  /** In execution order. */
  readonly layers: readonly AppliedLayer[];
}

export const customOperatorsOf = ({ layers }: Network): CustomOperator[] => [
  ...new Set(layers.flatMap(({ customOperators }) => customOperators)),
];

/** The graph of a network's layers: of opset 13, or newer if an operator needs that. */
export function graphOf(network: Network): Graph {
  const opset = network.layers
    .flatMap(({ steps }) => steps)
    .reduce((newest, step) => Math.max(newest, step.domain === '' ? step.opset : 0), OPSET);
  const builder = new GraphBuilder(network.name, opset);
  const names = new Map<Value, string>();
  const constants = new Map<string, string>();
  for (const x of network.inputs) names.set(x.value, builder.input(x.name, x.dims));
  for (const layer of network.layers) {
    for (const parameter of layer.parameters) {
      if (!names.has(parameter.value)) names.set(parameter.value, builder.constant(parameter.constant()));
    }
    layer.steps.forEach((step, i) => {
      const { op, domain, attributes, floats } = step;
      const options = { name: stepName(layer, i), domain, attributes, floats };
      // Equal numbers are one node, whichever layers they belong to.
      const key = op === 'Constant' ? JSON.stringify([attributes, floats]) : undefined;
      const known = key && constants.get(key);
      const inputs = step.inputs.map((value) => (value ? (names.get(value) as string) : ''));
      const made = known ? [known] : builder.nodes(op, inputs, step.outputs.length, options);
      if (key && made[0]) constants.set(key, made[0]);
      step.outputs.forEach((value, output) => void names.set(value, made[output] as string));
    });
  }
  for (const [name, x] of network.outputs) builder.output(name, names.get(x.value) as string, x.dims, x.type);
  return builder.build();
}

/** A layer's last step has its name; those before it are named after their operators. */
export function stepName(layer: AppliedLayer, i: number): string {
  const { steps, name } = layer;
  const { op } = steps[i] as LayerStep;
  if (i === steps.length - 1) return name;
  const before = steps.slice(0, i).filter((step) => step.op === op).length;
  return `${name}/${op}${before > 0 ? `_${before}` : ''}`;
}
