import { LanewiseError } from '../errors.ts';
import type { Graph, GraphNode } from '../graph/graph.ts';
import { elementCount, type Tensor } from '../graph/tensor.ts';
import { AttributeReader, nodeTitle } from '../ops/attributes.ts';
import { operators } from '../ops/index.ts';
import type { Node, Operator, Value } from '../ops/operator.ts';
import { constantValue } from '../ops/shapes.ts';
import { known, Network } from './network.ts';

/** A graph's operator set version; 1 where the file leaves it out. */
const opsetOf = (graph: Graph): number => graph.opsets.get('') ?? 1;

/**
 * Checks that every operator of the graph runs.
 * @throws LanewiseError UNSUPPORTED that lists all that do not, with their nodes
 */
export function checkOperators(graph: Graph): void {
  const opset = opsetOf(graph);
  const missing = new Map<string, string[]>();
  for (const node of graph.nodes) {
    const operator = findOperator(node);
    const [from, to] = operator?.opsets ?? [0, 0];
    if (operator && opset >= from && opset <= to) continue;
    const name = node.domain === '' ? node.op : `${node.domain}.${node.op}`;
    const title = operator ? `${name} of opset ${opset} (opsets ${from} to ${to} are supported)` : name;
    missing.set(title, [...(missing.get(title) ?? []), node.name]);
  }
  if (missing.size === 0) return;
  const list = [...missing].map(([title, nodes]) => {
    const shown = nodes.slice(0, 3).map((name) => `'${name}'`);
    return `${title} (${nodes.length === 1 ? 'node' : 'nodes'} ${shown.join(', ')}${nodes.length > 3 ? ` and ${nodes.length - 3} more` : ''})`;
  });
  const count = missing.size === 1 ? 'an unsupported operator' : `${missing.size} unsupported operators`;
  throw new LanewiseError('UNSUPPORTED', `the model (opset ${opset}) has ${count}: ${list.join('; ')}`);
}

const findOperator = (node: GraphNode): Operator | undefined => (node.domain === '' ? operators.get(node.op) : undefined);

/**
 * Makes a network of a graph for given input shapes: attributes read, shapes inferred, what is constant computed.
 * @param dims the shape of every graph input
 * @param values the inputs whose elements shape the network, as constants
 */
export function bind(graph: Graph, dims: ReadonlyMap<string, readonly number[]>, values: ReadonlyMap<string, Tensor>): Network {
  checkOperators(graph);
  const scope = new Map<string, Value>();
  for (const [name, constant] of graph.constants) scope.set(name, constantValue(constant, name));
  const inputs = graph.inputs.map(({ name, type }): Value => {
    const tensor = values.get(name);
    const value: Value = tensor
      ? constantValue({ name, type, dims: tensor.dims, read: () => tensor.data })
      : { name, type, dims: known(dims.get(name), `the shape of input '${name}'`) };
    scope.set(name, value);
    return value;
  });
  const nodes: Node[] = [];
  const read = new Set([...graph.nodes.flatMap((node) => node.inputs), ...graph.outputs.map(({ name }) => name)]);
  for (const source of graph.nodes) {
    const node = bindNode(source, opsetOf(graph), scope, read);
    if (node) nodes.push(node);
  }
  const outputs = graph.outputs.map(({ name }) => known(scope.get(name), `the output '${name}'`));
  return new Network(inputs, outputs, nodes);
}

/** Adds the node's outputs to the scope. Undefined where they are constants. */
function bindNode(source: GraphNode, opset: number, scope: Map<string, Value>, read: ReadonlySet<string>): Node | undefined {
  const title = nodeTitle(source);
  const op = known(findOperator(source), title);
  const inputs = source.inputs.map((name) => (name === '' ? undefined : known(scope.get(name), `${title}: input '${name}'`)));
  while (inputs.length > 0 && inputs.at(-1) === undefined) inputs.pop();
  checkArity(title, 'inputs', inputs.length, op.inputs);
  const outputNames = [...source.outputs];
  // Outputs after the first that nobody reads (Dropout's mask, say) need not be made.
  while (outputNames.length > 1 && !read.has(outputNames.at(-1) ?? '')) outputNames.pop();
  checkArity(title, 'outputs', outputNames.length, op.outputs);
  inputs.forEach((value, i) => {
    const type = op.types?.[Math.min(i, op.types.length - 1)] ?? 'float32';
    if (value && type !== 'any' && value.type !== type) {
      throw new LanewiseError('UNSUPPORTED', `${title}: input '${value.name}' is ${value.type}; ${type} is supported`);
    }
  });

  const reader = new AttributeReader(source);
  const attributes = op.attributes(reader, opset);
  reader.finish();
  const open = { name: source.name, attributes, inputs };
  const types = op.inferShape(open);
  const outputs = types.map(({ type, dims }, i): Value => {
    elementCount(dims, `${title}: its output`);
    return { name: outputNames[i] ?? '', type, dims };
  });
  const node: Node = { ...open, op, outputs };
  if (op.evaluate && inputs.every((value) => value?.constant)) {
    const output = known(outputs[0], title);
    scope.set(output.name, constantValue({ ...op.evaluate(node), name: output.name }));
    return undefined;
  }
  for (const output of outputs) scope.set(output.name, output);
  return node;
}

function checkArity(title: string, what: string, count: number, [least, most]: readonly [number, number]): void {
  if (count < least) throw new LanewiseError('INVALID_MODEL', `${title} has ${count} ${what}, needs ${least}`);
  if (count > most) throw new LanewiseError('UNSUPPORTED', `${title} has ${count} ${what}; ${most} are supported`);
}
