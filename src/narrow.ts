// Models in float64. Operators with an `evaluate` run on the host; if a node has only float32 kernels, the whole model is
// run in float32.

import { type FindOperator, runner } from './compiler/bind.ts';
import type { Attribute, Constant, Graph, GraphNode, GraphOutput, Subgraph } from './graph/graph.ts';
import { type DataType, isDataType } from './graph/tensor.ts';
import { typeNames } from './graph/typeNames.ts';
import type { Value } from './graph/value.ts';
import { isConstant, nodeTitle } from './ops/attributes.ts';
import type { Operator } from './ops/operator.ts';

export interface Narrowed {
  readonly graph: Graph;
  /** The warning about a model that runs in float32. */
  readonly warnings: readonly string[];
}

/** The graph, in float32 if some node takes no float64; its inputs and outputs stay float64 at the face. */
export function narrowed(graph: Graph, find: FindOperator): Narrowed {
  const types = new Map<string, DataType | undefined>();
  for (const { name, type } of [...graph.inputs, ...graph.constants.values()]) types.set(name, type);
  const refused: GraphNode[] = [];
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => types.get(name));
    const operator = find(node);
    if (operator && inputs.includes('float64') && !runs(operator, inputs)) refused.push(node);
    node.outputs.forEach((name, i) => void types.set(name, typeOf(node, inputs, i)));
  }
  const [first] = refused;
  if (!first) return { graph, warnings: [] };
  const isDouble = (name: string, type: DataType | undefined) => (type ?? types.get(name)) === 'float64';
  return {
    graph: {
      ...graph,
      inputs: graph.inputs.map((input) => (input.type === 'float64' ? { ...input, type: 'float32', face: 'float64' } : input)),
      outputs: graph.outputs.map((output) =>
        isDouble(output.name, output.type) ? { ...output, type: 'float32', face: 'float64' } : output,
      ),
      constants: new Map([...graph.constants].map(([name, constant]) => [name, narrowConstant(constant)])),
      nodes: graph.nodes.map(narrowNode),
    },
    warnings: [
      `the model computes in float64, which ${nodeTitle(first)}${refused.length > 1 ? ` and ${refused.length - 1} more` : ''} cannot: all of it runs in float32, to about 7 digits`,
    ],
  };
}

/** Whether an operator has kernels, or an `evaluate`, for these types. */
function runs(operator: Operator, types: readonly (DataType | undefined)[]): boolean {
  try {
    runner(
      operator,
      types.map((type): Value | undefined => type && { name: '', type, dims: [] }),
      '',
    );
    return true;
  } catch {
    return false;
  }
}

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));
const truths = words('And Equal Greater GreaterOrEqual IsInf IsNaN Less LessOrEqual Not Or Xor');
const places = words('ArgMax ArgMin NonMaxSuppression NonZero Shape Size');
/** Operators whose outputs after the first have another type. */
const others: Readonly<Record<string, DataType>> = { Dropout: 'bool', MaxPool: 'int64', TopK: 'int64' };

/** The element type of a node's output, as far as it is known without shapes. */
function typeOf({ op, attributes }: GraphNode, inputs: readonly (DataType | undefined)[], output: number): DataType | undefined {
  if (truths.has(op)) return 'bool';
  if (places.has(op)) return 'int64';
  if (output > 0 && Object.hasOwn(others, op)) return others[op];
  if (op === 'Cast') {
    const to = typeNames[Number(attributes.get('to'))];
    return isDataType(to) ? to : 'float32';
  }
  if (op === 'Where' || op === 'CastLike') return inputs[1];
  if (op === 'OneHot') return inputs[2];
  const value = attributes.get('value');
  if (op === 'Constant' || op === 'ConstantOfShape') {
    return value !== undefined && isConstant(value)
      ? value.type
      : attributes.has('value_int') || attributes.has('value_ints')
        ? 'int64'
        : 'float32';
  }
  return inputs[0];
}

function narrowConstant(constant: Constant): Constant {
  if (constant.type !== 'float64') return constant;
  const { name, dims, fill } = constant;
  const read = () => Float32Array.from(constant.read() as Float64Array);
  if (!fill) return { name, type: 'float32', dims, read };
  return {
    name,
    type: 'float32',
    dims,
    read,
    fill(target, from) {
      const doubles = new Float64Array(target.length);
      fill.call(constant, doubles, from);
      target.set(doubles as never);
    },
  };
}

const DOUBLE = typeNames.indexOf('float64');

/** Attributes that hold an element type by its number, and tensors. */
function narrowAttribute(name: string, value: Attribute): Attribute {
  if (value === DOUBLE && (name === 'to' || name === 'dtype')) return typeNames.indexOf('float32');
  if (typeof value !== 'object') return value;
  if (isConstant(value)) return narrowConstant(value);
  return 'nodes' in value ? narrowSubgraph(value) : value;
}

const narrowNode = (node: GraphNode): GraphNode =>
  node.domain === ''
    ? { ...node, attributes: new Map([...node.attributes].map(([name, value]) => [name, narrowAttribute(name, value)])) }
    : node;

const narrowValue = (value: GraphOutput): GraphOutput => (value.type === 'float64' ? { ...value, type: 'float32' } : value);

const narrowSubgraph = (graph: Subgraph): Subgraph => ({
  inputs: graph.inputs.map(narrowValue),
  outputs: graph.outputs.map(narrowValue),
  nodes: graph.nodes.map(narrowNode),
  constants: new Map([...graph.constants].map(([name, constant]) => [name, narrowConstant(constant)])),
});
