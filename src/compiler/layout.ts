import type { Layout, LayoutRule, Node, Value } from '../ops/operator.ts';
import { relayout } from '../ops/relayout.ts';
import { Network } from './network.ts';

const ROW_MAJOR: LayoutRule = { inputs: ['rowMajor'], output: 'rowMajor' };

/**
 * Gives every value a layout and inserts a Relayout node wherever a node wants the other one. Inputs and outputs of the network
 * are row-major (NCHW), as its users have them.
 */
export function assignLayouts(network: Network): { network: Network; layouts: ReadonlyMap<Value, Layout> } {
  const layouts = new Map<Value, Layout>();
  const nodes: Node[] = [];
  const converted = new Map<Value, Value>();
  const layoutOf = (value: Value): Layout => layouts.get(value) ?? 'rowMajor';

  const convert = (value: Value, wanted: Layout): Value => {
    if (layoutOf(value) === wanted || value.dims.length < 3) return value;
    const known = converted.get(value);
    if (known) return known;
    const other: Value = { name: `${value.name} (${wanted})`, type: value.type, dims: value.dims };
    nodes.push({ op: relayout as Node['op'], name: other.name, attributes: { to: wanted }, inputs: [value], outputs: [other] });
    layouts.set(other, wanted);
    converted.set(value, other);
    converted.set(other, value);
    return other;
  };

  for (const node of network.nodes) {
    const rule = node.op.layout?.(node) ?? ROW_MAJOR;
    const inputs = node.inputs.map((value, i) => {
      const wanted = rule.inputs[Math.min(i, rule.inputs.length - 1)] ?? 'any';
      return value && wanted !== 'any' ? convert(value, wanted) : value;
    });
    const placed = { ...node, inputs };
    nodes.push(placed);
    for (const output of node.outputs) {
      const like = inputs.find((value) => value && value.dims.join() === output.dims.join());
      layouts.set(output, rule.output !== 'any' ? rule.output : like ? layoutOf(like) : 'rowMajor');
    }
  }
  const outputs = network.outputs.map((value) => convert(value, 'rowMajor'));
  return { network: new Network(network.inputs, outputs, nodes), layouts };
}
