import { product } from '../graph/dims.ts';
import type { Value } from '../graph/value.ts';
import { rowMajor } from '../ops/layouts.ts';
import { relayout } from '../ops/move/relayout.ts';
import type { LayoutRule, Node } from '../ops/operator.ts';
import { output } from '../ops/shapes.ts';
import type { Layout } from '../plan/place.ts';
import { Network } from './network.ts';

/**
 * Gives every value a layout and inserts a Relayout node wherever a node wants the other one. Inputs and outputs of the
 * network are row-major (NCHW), as the caller's are.
 */
export function assignLayouts(network: Network): { network: Network; layouts: ReadonlyMap<Value, Layout> } {
  const layouts = new Map<Value, Layout>();
  const nodes: Node[] = [];
  const converted = new Map<Value, Value>();
  const layoutOf = (value: Value): Layout => layouts.get(value) ?? 'rowMajor';

  const convert = (value: Value, wanted: Layout): Value => {
    if (layoutOf(value) === wanted || value.dims.length < 3) return value;
    const earlier = converted.get(value);
    if (earlier) return earlier;
    const other: Value = { name: `${value.name} (${wanted})`, type: value.type, dims: value.dims };
    const node = {
      op: relayout,
      name: other.name,
      attributes: { to: wanted },
      inputs: [value],
      outputs: [other],
      outputCount: 1,
      declaredOutputs: 1,
    };
    nodes.push(node);
    layouts.set(other, wanted);
    converted.set(value, other);
    converted.set(other, value);
    return other;
  };

  for (const node of network.nodes) {
    const rule = node.op.layout?.(node, layoutOf) ?? rowMajor();
    const rank = output(node).dims.length;
    const common = commonLayout(node, rule, rank, layoutOf);
    const inputs = node.inputs.map((value, i) => {
      const wanted = wantedBy(rule, i);
      if (!value) return value;
      if (wanted !== 'any') return convert(value, wanted);
      return value.dims.length === rank && !value.constant ? convert(value, common) : value;
    });
    nodes.push({ ...node, inputs });
    for (const output of node.outputs) layouts.set(output, rule.output === 'any' ? common : rule.output);
  }
  const outputs = network.outputs.map((value) => convert(value, 'rowMajor'));
  return { network: new Network(network.inputs, outputs, nodes), layouts };
}

const wantedBy = (rule: LayoutRule, i: number): Layout | 'any' => rule.inputs[Math.min(i, rule.inputs.length - 1)] ?? 'any';

/** The layout of a node that takes any: channels-last if one of its inputs of the output's rank is. */
function commonLayout(node: Node, rule: LayoutRule, rank: number, layoutOf: (value: Value) => Layout): Layout {
  const own = node.inputs.filter(
    (value, i): value is Value => value !== undefined && wantedBy(rule, i) === 'any' && value.dims.length === rank && !value.constant,
  );
  const last = (value: Value) => layoutOf(value) === 'channelsLast';
  // A single channel or pixel is the same in both layouts, and counts only if no other input does.
  const telling = own.filter(({ dims: [, channels = 1, ...spatial] }) => channels > 1 && product(spatial) > 1);
  return (telling.length > 0 ? telling : own).some(last) ? 'channelsLast' : 'rowMajor';
}
