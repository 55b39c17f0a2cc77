// Which nodes compute in integers, and which values are bytes between them.

import { product } from '../graph/dims.ts';
import type { Constant, GraphNode } from '../graph/graph.ts';
import type { Folded } from './fold.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.split(/\s+/));

/** Operators with weights: the layers. */
const weighted = words('Conv Gemm MatMul');
/** What moves or chooses elements, so that the bytes stay as they are. */
const moving = words(
  `DepthToSpace Expand Flatten Gather GlobalMaxPool Identity MaxPool Pad Reshape Resize Slice SpaceToDepth Split Squeeze Tile
  Transpose Unsqueeze Upsample`,
);
/** Functions of one number, which a table of 256 entries computes. */
const unary = words(
  'Abs Celu Clip Elu Erf Exp Gelu HardSigmoid HardSwish LeakyRelu Mish Neg Relu Selu Sigmoid Softplus Softsign Swish Tanh ThresholdedRelu',
);
/** The same with a constant number. */
const withNumber = words('Add Div Max Min Mul Pow Sub');
/** Functions of several values. */
const joining = words('Add AveragePool Concat GlobalAveragePool Mul ReduceMean');
const clamps = words('Clip Relu');

/** A layer that computes in integers. */
export interface Layer {
  readonly node: GraphNode;
  readonly weights: Constant;
  readonly bias: Constant | undefined;
  /** The axis of the weights that the output's channels are along. */
  readonly axis: number;
}

/** What is quantised. */
export interface Choice {
  /** By node. */
  readonly layers: ReadonlyMap<GraphNode, Layer>;
  /** All nodes that compute with bytes, the layers among them. */
  readonly nodes: ReadonlySet<GraphNode>;
  /** The values that are bytes, each with the one whose scale it has. */
  readonly scales: ReadonlyMap<string, string>;
  /** Layers that stay in float32. */
  readonly kept: readonly GraphNode[];
}

/** @param float layers that stay in float32: 'first' and 'last', and nodes by name */
export function choose({ graph, known, types }: Folded, float: readonly string[]): Choice {
  const { nodes } = graph;
  const readers = new Map<string, GraphNode[]>();
  const producers = new Map<string, GraphNode>();
  for (const node of nodes) {
    for (const name of [...node.inputs, ...(node.captures ?? [])]) readers.set(name, [...(readers.get(name) ?? []), node]);
    for (const name of node.outputs) producers.set(name, node);
  }
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const isFloat = (name: string) => !known.has(name) && types.get(name)?.type === 'float32';
  const isNumber = (name: string) => product(known.get(name)?.dims ?? [0]) === 1;
  /** The inputs that a run computes. */
  const fed = ({ inputs }: GraphNode) => inputs.filter((name) => name !== '' && !known.has(name));

  const layers = new Map<GraphNode, Layer>();
  for (const node of nodes) {
    const layer = layerOf(node, known);
    if (layer && isFloat(node.inputs[0] as string)) layers.set(node, layer);
  }
  const kept = keptFloat(nodes, (node) => layers.has(node), float);
  for (const node of kept) layers.delete(node);

  /** Whether a node could compute with bytes between layers. */
  const fits = (node: GraphNode): boolean => {
    const { op, domain, inputs } = node;
    const all = fed(node);
    if (domain !== '' || node.captures || all.length === 0 || !node.outputs.every((name) => name === '' || isFloat(name))) return false;
    if (moving.has(op)) return all.length === 1 && isFloat(inputs[0] as string) && keepsRange(node, known);
    if (!all.every(isFloat)) return false;
    return (unary.has(op) && all.length === 1) || (withNumber.has(op) && inputs.filter(isNumber).length === 1) || joining.has(op);
  };
  // Between layers: behind one, and before another.
  const behind = new Set<string>();
  const possible = new Set<GraphNode>();
  for (const node of nodes) {
    if (!layers.has(node) && !(fits(node) && fed(node).some((name) => behind.has(name)))) continue;
    possible.add(node);
    for (const name of node.outputs) behind.add(name);
  }
  const chosen = new Set<GraphNode>();
  for (const node of [...nodes].reverse()) {
    const before = node.outputs.some((name) => (readers.get(name) ?? []).some((reader) => chosen.has(reader)));
    if (layers.has(node) || (before && possible.has(node))) chosen.add(node);
  }

  /** Whether a node's result is clamped as it is stored, and is no value of its own. */
  const isClamped = (name: string): boolean => {
    const producer = producers.get(name);
    const [reader, ...others] = readers.get(name) ?? [];
    if (!producer || !reader || others.length > 0 || outputs.has(name) || !chosen.has(producer) || !chosen.has(reader)) return false;
    return clamps.has(reader.op) && (layers.has(producer) || (joining.has(producer.op) && producer.op !== 'Concat'));
  };
  // Functions of one value, one behind the other, are one table: what is between them is no value of its own, unless somebody else needs
  // it as bytes, from which then the next table begins. That adds values only, so that it ends.
  const bytes = new Set<string>();
  for (let before = -1; before < bytes.size; ) {
    before = bytes.size;
    const bases = basesOf(nodes, chosen, bytes, fed, isClamped);
    const base = (name: string) => bases.get(name) ?? name;
    for (const node of chosen) {
      const all = fed(node);
      const inside = isFunction(node) && new Set(all.map(base)).size === 1;
      for (const name of all) {
        if (!isFloat(name) || isClamped(name) || (inside && base(name) !== name)) continue;
        bytes.add(name);
      }
    }
  }
  const scales = new Map<string, string>();
  for (const name of bytes) {
    let root = name;
    for (let node = producers.get(root); node && moving.has(node.op) && chosen.has(node); node = producers.get(root)) {
      root = node.inputs[0] as string;
    }
    scales.set(name, root);
  }
  return { layers, nodes: chosen, scales, kept };
}

/** Whether a node may be part of a table, if all that it reads comes from one value. */
const isFunction = ({ op }: GraphNode): boolean => unary.has(op) || withNumber.has(op);

/** The value that each result of functions is computed of. */
function basesOf(
  nodes: readonly GraphNode[],
  chosen: ReadonlySet<GraphNode>,
  bytes: ReadonlySet<string>,
  fed: (node: GraphNode) => readonly string[],
  isClamped: (name: string) => boolean,
): Map<string, string> {
  const bases = new Map<string, string>();
  for (const node of nodes) {
    const [output = ''] = node.outputs;
    const all = new Set(fed(node).map((name) => bases.get(name) ?? name));
    const [base] = all;
    if (!chosen.has(node) || !isFunction(node) || base === undefined || all.size > 1 || bytes.has(output)) continue;
    // A clamp in the store of the node before it begins anew.
    if (!fed(node).some(isClamped)) bases.set(output, base);
  }
  return bases;
}

/** The layer that a node is, if it has constant weights and a form that integers know. */
function layerOf(node: GraphNode, known: ReadonlyMap<string, Constant>): Layer | undefined {
  const { op, domain, inputs, attributes } = node;
  if (!weighted.has(op) || domain !== '') return undefined;
  const weights = known.get(inputs[1] as string);
  const bias = known.get(inputs[2] ?? '');
  if (weights?.type !== 'float32' || known.has(inputs[0] as string) || (inputs[2] && bias?.type !== 'float32')) return undefined;
  const rank = weights.dims.length;
  if (op === 'MatMul') return rank === 2 ? { node, weights, bias: undefined, axis: 1 } : undefined;
  if (op === 'Conv') return { node, weights, bias, axis: 0 };
  const columns = weights.dims[attributes.get('transB') ? 0 : 1] as number;
  const isRow = !bias || product(bias.dims) === 1 || (product(bias.dims) === columns && bias.dims.at(-1) === columns);
  return attributes.get('transA') || !isRow ? undefined : { node, weights, bias, axis: attributes.get('transB') ? 0 : 1 };
}

/** The layers that stay in float32: 'first' and 'last', and nodes by name. */
export function keptFloat(nodes: readonly GraphNode[], isLayer: (node: GraphNode) => boolean, float: readonly string[]): GraphNode[] {
  const kept = new Set(nodes.filter((node) => isLayer(node) && float.includes(node.name)));
  /** Layers that no other comes before, going through the nodes in their order or against it. */
  const outermost = (
    order: readonly GraphNode[],
    from: (node: GraphNode) => readonly string[],
    to: (node: GraphNode) => readonly string[],
  ) => {
    const behind = new Set<string>();
    for (const node of order) {
      const passed = from(node).some((name) => behind.has(name));
      if (isLayer(node) && !passed) kept.add(node);
      if (isLayer(node) || passed) for (const name of to(node)) behind.add(name);
    }
  };
  const reads = ({ inputs, captures = [] }: GraphNode) => [...inputs, ...captures];
  const makes = ({ outputs }: GraphNode) => outputs;
  if (float.includes('first')) outermost(nodes, reads, makes);
  if (float.includes('last')) outermost([...nodes].reverse(), makes, reads);
  return nodes.filter((node) => kept.has(node));
}

/** Whether a node's outputs have no number that its input has not, but zeros. */
function keepsRange({ op, inputs, attributes }: GraphNode, known: ReadonlyMap<string, Constant>): boolean {
  if (op === 'Resize')
    return attributes.get('mode') !== 'cubic' && attributes.get('coordinate_transformation_mode') !== 'tf_crop_and_resize';
  if (op === 'Pad') {
    const value = inputs[2] ? known.get(inputs[2]) : undefined;
    return (attributes.get('mode') ?? 'constant') !== 'constant' || !inputs[2] || (value !== undefined && Number(value.read()[0]) === 0);
  }
  return op !== 'Upsample' || attributes.get('mode') !== 'cubic';
}
