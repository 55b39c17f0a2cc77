// What few networks need, a chunk that is fetched when one does: rare operators, and the errors for missing ones.

import { LanewiseError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';
import { type CustomOperator, qualified } from '../ops/custom.ts';
import { addOperators as addAll } from '../ops/more/index.ts';
import type { Operator } from '../ops/operator.ts';
import { nodesWithout, operatorFinder, opsetOf } from './bind.ts';
import { fuseShuffle } from './passes/more/fuseShuffle.ts';
import { gateOf } from './passes/more/gates.ts';
import { rare } from './passes/rare.ts';

/** Registers all operators, and the passes for rare ones. @returns every ONNX operator that runs, by op_type */
export function addOperators(): ReadonlyMap<string, Operator> {
  Object.assign(rare, { fuseShuffle, gateOf });
  return addAll();
}

/**
 * Registers all operators, and checks that all of the graph's run.
 * @param custom the user's own operators
 * @throws LanewiseError UNSUPPORTED listing all that do not, with their nodes; INVALID_INPUT as `operatorFinder`
 */
export function checkOperators(graph: Graph, custom?: readonly CustomOperator[]): void {
  addOperators();
  const find = operatorFinder(custom);
  const opset = opsetOf(graph);
  const missing = new Map<string, string[]>();
  const hints = new Set<string>();
  for (const node of nodesWithout(graph, find)) {
    const name = qualified(node.domain, node.op);
    const { since, until } = find(node) ?? {};
    const version = node.opset ?? opset;
    const title =
      since === undefined
        ? name
        : `${name} of opset ${version} (supported from opset ${since} ${until === undefined ? 'on' : `to ${until}`})`;
    missing.set(title, [...(missing.get(title) ?? []), node.name]);
    const older = node.domain === '' ? spelledOut[node.op] : undefined;
    if (older) hints.add(`exported with opset ${older[0]} or older, ${node.op} is ${older[1]}`);
    else if (node.domain !== '') hints.add('the option operators can supply those of other domains');
  }
  if (missing.size === 0) return;
  const list = [...missing].map(([title, nodes]) => {
    const shown = nodes.slice(0, 3).map((name) => `'${name}'`);
    return `${title} (${nodes.length === 1 ? 'node' : 'nodes'} ${shown.join(', ')}${nodes.length > 3 ? ` and ${nodes.length - 3} more` : ''})`;
  });
  const count = missing.size === 1 ? 'an unsupported operator' : `${missing.size} unsupported operators`;
  throw new LanewiseError('UNSUPPORTED', `the model (opset ${opset}) has ${[`${count}: ${list.join('; ')}`, ...hints].join('; ')}`);
}

/**
 * Operators that ONNX defines by older ones (the function bodies in its schemas), all of which run: the last opset without
 * them (exporters write the older operators then), and the older operators.
 */
export const spelledOut: Readonly<Record<string, readonly [opset: number, parts: string]>> = {
  Attention: [22, 'MatMul and Softmax'],
  CausalConvWithState: [26, 'Concat and Conv'],
  RMSNormalization: [22, 'Mul, ReduceMean, Sqrt and Div'],
  RotaryEmbedding: [22, 'Mul, Add, Sub and Concat'],
  SwiGLU: [27, 'Swish and Mul'],
};
