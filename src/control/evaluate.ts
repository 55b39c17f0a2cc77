import { type BindOptions, bindNode, constantOf, operatorFinder, opsetOf, titleOf } from '../compiler/bind.ts';
import { Budget, DEFAULT_MEMORY_LIMIT } from '../compiler/budget.ts';
import { defined } from '../compiler/network.ts';
import { LanewiseError } from '../errors.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { Tensor } from '../graph/tensor.ts';

/**
 * Runs a node whose inputs are known, on the host.
 * @throws LanewiseError UNSUPPORTED if it has kernels only
 */
export function evaluateNode(
  source: GraphNode,
  graph: Graph,
  tensors: ReadonlyMap<string, Tensor>,
  options: BindOptions,
): readonly Tensor[] {
  const scope = new Map([...tensors].map(([name, tensor]) => [name, constantOf(name, tensor)]));
  const budget = new Budget(graph, options.memoryLimit ?? DEFAULT_MEMORY_LIMIT, false);
  const find = operatorFinder(options.operators);
  const node = bindNode(source, { opset: opsetOf(graph), find, scope, read: new Set(source.outputs), budget });
  if (node)
    throw new LanewiseError('UNSUPPORTED', `${titleOf(source)} of ${node.inputs.map((value) => value?.type)} cannot be computed here`);
  return source.outputs.map((name) => {
    const { type, dims, constant } = defined(scope.get(name), titleOf(source));
    return new Tensor(type, defined(constant, name).read() as never, dims);
  });
}
