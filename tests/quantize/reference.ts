// Quantisation by plain loops, as ONNX defines it.

import type { Constant, Graph, GraphNode } from '../../src/graph/graph.ts';

/** np.rint: a half to the even number. */
export function rint(x: number): number {
  const near = Math.round(x);
  return near - x === 0.5 && near % 2 !== 0 ? near - 1 : near;
}

/** int8 weights of one output channel: scale max|w| / most, or 1. */
export function channel(weights: readonly number[], most: number): { scale: number; bytes: number[] } {
  let largest = 0;
  for (const w of weights) largest = Math.max(largest, Math.abs(w));
  const scale = largest === 0 ? 1 : Math.fround(largest / most);
  return { scale, bytes: weights.map((w) => Math.max(-most, Math.min(most, rint(Math.fround(w / scale))))) };
}

/** What one value of a graph is made by. */
export const producerOf = (graph: Graph, name: string): GraphNode | undefined => graph.nodes.find(({ outputs }) => outputs.includes(name));

export const constantOf = (graph: Graph, name: string | undefined): Constant => {
  const constant = graph.constants.get(name ?? '');
  if (!constant) throw new Error(`no constant ${name}`);
  return constant;
};

/** The constants that a DequantizeLinear reads. */
export function dequantized(graph: Graph, name: string | undefined): { data: Constant; scale: Constant; zero: Constant; node: GraphNode } {
  const node = producerOf(graph, name ?? '');
  if (node?.op !== 'DequantizeLinear') throw new Error(`${name} is made by ${node?.op}`);
  const [data, scale, zero] = node.inputs.slice(0, 3).map((input) => constantOf(graph, input)) as [Constant, Constant, Constant];
  return { data, scale, zero, node };
}

/** Pictures of some numbers, the same each time. */
export function numbers(count: number, seed: number, scale = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return scale * ((state >>> 8) / 2 ** 23 - 1);
  });
}
