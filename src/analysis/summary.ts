import { bind } from '../compiler/bind.ts';
import type { Network } from '../compiler/network.ts';
import type { Graph } from '../graph/graph.ts';
import { costOf } from '../ops/cost.ts';
import type { Node, Value } from '../ops/operator.ts';

/** One layer of a network. */
export interface LayerSummary {
  readonly name: string;
  /** ONNX's op_type. */
  readonly op: string;
  /** Dimensions of its (first) output; left out where only a run can tell. */
  readonly output?: readonly number[];
  /** Learned numbers. */
  readonly params: number;
  /** Multiply-accumulates. */
  readonly macs: number;
  /** Input pixels that one output sees, [height, width]; without the edge of the picture. */
  readonly receptiveField: readonly [number, number];
}

export interface NetworkSummary {
  readonly layers: readonly LayerSummary[];
  readonly params: number;
  readonly macs: number;
}

/**
 * The layers of a graph as its file states them, before any pass.
 * @param dims the shape of every input
 * @throws LanewiseError UNSUPPORTED, INVALID_MODEL
 */
export function summarize(graph: Graph, dims: ReadonlyMap<string, readonly number[]>): NetworkSummary {
  const { network, tail } = bind(graph, { dims });
  const fields = receptiveFields(network);
  const layers = network.nodes.map((node): LayerSummary => {
    const { params, macs } = costOf(node);
    const output = node.outputs[0] as Value;
    return { name: node.name, op: node.op.name, output: output.dims, params, macs, receptiveField: fields.get(output)?.size ?? [1, 1] };
  });
  const late = (tail?.nodes ?? []).map(({ name, op }): LayerSummary => ({ name, op, params: 0, macs: 0, receptiveField: [1, 1] }));
  layers.push(...late);
  return { layers, params: total(layers, 'params'), macs: total(layers, 'macs') };
}

const total = (layers: readonly LayerSummary[], key: 'params' | 'macs'): number => layers.reduce((sum, layer) => sum + layer[key], 0);

/** What one element sees of the network's input, and how far its neighbour's view is shifted, [height, width] each. */
interface Field {
  readonly size: readonly [number, number];
  readonly jump: readonly [number, number];
}

/**
 * size' = size + (extent - 1) * jump, jump' = jump * stride (Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional
 * Neural Networks", doi:10.23915/distill.00021). Where paths meet, the largest counts.
 */
function receptiveFields(network: Network): Map<Value, Field> {
  const fields = new Map<Value, Field>(network.inputs.map((value) => [value, { size: [1, 1], jump: [1, 1] }]));
  for (const node of network.nodes) {
    const seen = node.inputs.flatMap((value) => (value && fields.get(value)) ?? []);
    const size = [0, 1].map((axis) => Math.max(1, ...seen.map((field) => field.size[axis] ?? 1)));
    const jump = [0, 1].map((axis) => Math.max(1, ...seen.map((field) => field.jump[axis] ?? 1)));
    const field = step(node, size as [number, number], jump as [number, number]);
    for (const output of node.outputs) fields.set(output, field);
  }
  return fields;
}

function step(node: Node, size: [number, number], jump: [number, number]): Field {
  const reach = node.op.reach?.(node);
  if (!reach) return { size, jump };
  // A single spatial dimension is the width.
  const axis = (list: readonly number[], i: number) => list[i - 2 + list.length] ?? 1;
  const grow = (i: 0 | 1) => size[i] + (axis(reach.extent, i) - 1) * jump[i];
  return { size: [grow(0), grow(1)], jump: [jump[0] * axis(reach.stride, 0), jump[1] * axis(reach.stride, 1)] };
}
