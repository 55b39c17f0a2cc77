// A graph of an older opset as one of a newer: what ONNX has changed since in how nodes are written.

import { LanewiseError } from '../errors.ts';
import type { Attribute, Constant, Graph, GraphNode } from '../graph/graph.ts';
import { Draft } from './draft.ts';

/** The rank of a value, as far as it is known. */
type RankOf = (name: string) => number | undefined;
/** Values that are known, by name. */
type Known = ReadonlyMap<string, Constant>;

const ints = (value: Attribute | undefined): number[] => (Array.isArray(value) ? (value as (number | bigint)[]).map(Number) : []);

/**
 * The same network at a newer opset, up to 21: the nodes whose attributes became inputs, or whose defaults changed, are rewritten.
 * @throws LanewiseError UNSUPPORTED for nodes that have no equal there, and for older graphs with branches and bodies
 */
export function upgraded(graph: Graph, opset: number, rankOf: RankOf, known: Known = graph.constants): Graph {
  const from = graph.opsets.get('') ?? 1;
  if (from >= opset) return graph;
  const draft = new Draft(graph);
  for (const node of graph.nodes) {
    if (node.captures && from < 13) throw unsupported(node, from, opset, 'its branches and bodies');
    if (node.domain === '') draft.nodes.push(...upgradedNode(node, from, opset, draft, rankOf, known));
    else draft.nodes.push(node);
  }
  return draft.graph(opset);
}

const unsupported = ({ op, name }: GraphNode, from: number, opset: number, what: string) =>
  new LanewiseError(
    'UNSUPPORTED',
    `the model is of opset ${from} and needs ${opset}; ${what} cannot be rewritten (node '${name}', ${op}): export it with opset ${opset}`,
  );

function upgradedNode(node: GraphNode, from: number, opset: number, draft: Draft, rankOf: RankOf, known: Known): GraphNode[] {
  const { op, inputs, attributes } = node;
  /** Whether the definition changed between the two. */
  const changed = (since: number) => from < since && since <= opset;
  const without = (...names: string[]) => new Map([...attributes].filter(([name]) => !names.includes(name)));
  const list = (name: string, values: readonly number[]) =>
    draft.constant(`${node.name}/${name}`, 'int64', [values.length], BigInt64Array.from(values, BigInt));
  const number = (name: string, value: number) => draft.constant(`${node.name}/${name}`, 'float32', [], Float32Array.of(value));
  /** An attribute that became an input. */
  const moved = (name: string, at: number): GraphNode => {
    if (!attributes.has(name)) return node;
    const all = [...inputs];
    while (all.length < at) all.push('');
    all[at] = list(name, ints(attributes.get(name)));
    return { ...node, inputs: all, attributes: without(name) };
  };
  const resize = (inputs: readonly string[], rounding = 'floor'): GraphNode => ({
    ...node,
    op: 'Resize',
    inputs,
    attributes: new Map<string, Attribute>([
      ['mode', attributes.get('mode') ?? 'nearest'],
      ['coordinate_transformation_mode', 'asymmetric'],
      ['nearest_mode', rounding],
    ]),
  });
  /** Nearest elements were the ones after where an axis shrinks, and the ones before where it grows. */
  const oldResize = (x: string, scales: string): GraphNode[] => {
    const factors = known.get(scales)?.read() as Float32Array | undefined;
    const nearest = (attributes.get('mode') ?? 'nearest') === 'nearest';
    if (nearest && !factors) throw unsupported(node, from, opset, 'its scales, which a run computes,');
    if (!nearest || !factors?.some((factor) => factor < 1)) return [resize([x, '', scales])];
    if (!factors.some((factor) => factor > 1)) return [resize([x, '', scales], 'ceil')];
    const part = (keep: (factor: number) => boolean) =>
      draft.constant(
        `${node.name}/scales`,
        'float32',
        [factors.length],
        factors.map((factor) => (keep(factor) ? factor : 1)),
      );
    const name = draft.names.free(`${node.name}/shrunk`);
    const shrunk = resize([x, '', part((factor) => factor < 1)], 'ceil');
    return [{ ...shrunk, name, outputs: [name] }, resize([name, '', part((factor) => factor > 1)])];
  };
  if (op === 'Clip' && changed(11)) {
    const [least, most] = ['min', 'max'].map((name) => (attributes.has(name) ? number(name, Number(attributes.get(name))) : ''));
    return [{ ...node, inputs: [inputs[0] as string, least, most] as string[], attributes: new Map() }];
  }
  if (op === 'Pad' && changed(11)) {
    const value = number('value', Number(attributes.get('value') ?? 0));
    const pads = list('pads', ints(attributes.get('pads')));
    return [{ ...node, inputs: [inputs[0] as string, pads, value], attributes: without('pads', 'value') }];
  }
  if (op === 'Slice' && changed(10)) {
    const starts = ints(attributes.get('starts'));
    const axes = attributes.has('axes') ? ints(attributes.get('axes')) : starts.map((_, i) => i);
    const all = [inputs[0] as string, list('starts', starts), list('ends', ints(attributes.get('ends'))), list('axes', axes)];
    return [{ ...node, inputs: all, attributes: new Map() }];
  }
  if (op === 'TopK' && changed(10)) {
    const count = draft.constant(`${node.name}/k`, 'int64', [1], BigInt64Array.of(BigInt(Number(attributes.get('k') ?? 1))));
    return [{ ...node, inputs: [inputs[0] as string, count], attributes: without('k') }];
  }
  if (op === 'Upsample' && changed(10)) {
    const scales = (attributes.get('scales') as readonly number[] | undefined)?.map(Number);
    const given = scales && draft.constant(`${node.name}/scales`, 'float32', [scales.length], Float32Array.from(scales));
    return [resize([inputs[0] as string, '', given ?? (inputs[1] as string)])];
  }
  if (op === 'Resize' && changed(11)) return oldResize(inputs[0] as string, inputs[1] as string);
  if (op === 'Dropout' && changed(12)) return [{ ...node, attributes: new Map() }];
  if (op === 'BatchNormalization' && changed(9)) {
    if (attributes.get('spatial') === 0) throw unsupported(node, from, opset, 'statistics of each place');
    return [{ ...node, attributes: without('spatial') }];
  }
  if (/^(LogSoftmax|Softmax|Hardmax)$/.test(op) && changed(13)) return flatSoftmax(node, draft, rankOf(inputs[0] as string));
  if (/^(Squeeze|Unsqueeze|ReduceSum)$/.test(op) && changed(13)) return [moved('axes', 1)];
  if (op === 'Split' && from < 18) {
    const split = changed(13) ? moved('split', 1) : node;
    if (opset < 18 || split.inputs[1]) return [split];
    return [{ ...split, attributes: new Map([...split.attributes, ['num_outputs', split.outputs.length]]) }];
  }
  if (op.startsWith('Reduce') && op !== 'ReduceSum' && changed(18)) return [moved('axes', 1)];
  if (op === 'GridSample' && changed(20)) {
    const mode = /^bi(linear|cubic)$/.exec(String(attributes.get('mode') ?? 'bilinear'))?.[1];
    return mode ? [{ ...node, attributes: new Map([...attributes, ['mode', mode]]) }] : [node];
  }
  if (op === 'GroupNormalization' && changed(21)) throw unsupported(node, from, opset, 'its scale of groups');
  return [node];
}

/** Before opset 13 a Softmax was over all dimensions from its axis on. */
function flatSoftmax(node: GraphNode, draft: Draft, rank: number | undefined): GraphNode[] {
  const axis = Number(node.attributes.get('axis') ?? 1);
  if (rank !== undefined && (axis === rank - 1 || axis === -1)) return [{ ...node, attributes: new Map([['axis', -1]]) }];
  const [x = ''] = node.inputs;
  const make = (
    op: string,
    inputs: readonly string[],
    wish: string,
    attributes: readonly (readonly [string, Attribute])[] = [],
  ): GraphNode => {
    const name = draft.names.free(`${node.name}/${wish}`);
    return { op, domain: '', name, inputs, outputs: [name], attributes: new Map(attributes) };
  };
  const shape = make('Shape', [x], 'shape');
  const flat = make('Flatten', [x], 'flat', [['axis', axis]]);
  const rows = make(node.op, flat.outputs, 'rows', [['axis', -1]]);
  return [shape, flat, rows, { ...node, op: 'Reshape', inputs: [...rows.outputs, ...shape.outputs], attributes: new Map() }];
}
