// Which inputs a plan has to know beforehand, and whether it can.

import { allNodes, type Graph, type GraphNode } from '../graph/graph.ts';
import type { DataType } from '../graph/tensor.ts';
import type { FindOperator } from './bind.ts';

/**
 * Element types of inputs that may shape a network through other nodes; pictures may not, because every picture would need a
 * plan.
 */
const shapingTypes: ReadonlySet<DataType> = new Set<DataType>(['int64', 'int32', 'bool']);

/**
 * The inputs whose elements the plan must know (Reshape's shape, or what it is computed from), and whether there are nodes
 * for which only a run tells them.
 */
export function shapingInputs(graph: Pick<Graph, 'inputs' | 'nodes'>, find: FindOperator): { names: Set<string>; late: boolean } {
  const inputs = new Map(graph.inputs.map(({ name, type }) => [name, type]));
  const nodes = [...allNodes(graph)];
  const producers = new Map<string, GraphNode>(nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const names = new Set<string>();
  const visited = new Set<string>();
  let late = nodes.some((node) => find(node)?.sizes !== undefined);
  const visit = (name: string, direct: boolean): void => {
    const type = inputs.get(name);
    if (type && (direct || shapingTypes.has(type))) names.add(name);
    else if (type) late = true;
    const producer = producers.get(name);
    if (!producer || visited.has(name)) return;
    visited.add(name);
    const op = find(producer);
    if (op?.shapeOnly) return;
    // A node that cannot be computed while the plan is made, or not for every type, shapes nothing.
    if (op?.evaluatedTypes?.some((types) => types !== 'any')) late = true;
    if (op?.evaluate) for (const input of producer.inputs) visit(input, false);
    else late = true;
  };
  for (const node of nodes) {
    for (const i of find(node)?.constantInputs ?? []) visit(node.inputs[i] ?? '', true);
  }
  return { names, late };
}
