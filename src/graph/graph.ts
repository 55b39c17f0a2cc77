import { isOptions, kindOf } from '../arguments.ts';
import { type DataType, isDataType, type TypedArray } from './tensor.ts';

/** A dimension: a size, or the name of one that the caller chooses (ONNX's dim_param; '' if it has no name). */
export type Dim = number | string;

/** Types of less than a byte. */
export type Packed = 'int4' | 'uint4' | 'int2' | 'uint2';

/** A tensor known at load. `read` gives its elements when they are needed, so that a file's weights are not held twice. */
export interface Constant {
  /** Its value's name. */
  readonly name: string;
  /** The type of its elements. */
  readonly type: DataType;
  /** Its shape. */
  readonly dims: readonly number[];
  /** The type in the file, where several elements share a byte: they are of `type` here, int8 or uint8. */
  readonly packed?: Packed;
  /** Its elements, row-major. */
  read(): TypedArray;
  /**
   * Fills `target`, an array of the type's kind, with the elements from `from` on. Only constants that can do so without
   * reading everything have it.
   */
  fill?(target: TypedArray, from: number): void;
}

/** An attribute as stated in the file, by ONNX's kinds. */
export type Attribute =
  | number
  | bigint
  | string
  | readonly number[]
  | readonly bigint[]
  | readonly string[]
  | Constant
  | Subgraph
  | readonly Subgraph[]
  | { readonly unsupported: string; readonly reference?: string };

/**
 * A branch or a body, inside a node. It sees the names of what is around it; those that it makes itself occur nowhere else
 * in the model.
 */
export interface Subgraph {
  /** Inputs of the branch or body; their types and shapes follow from what is passed in. */
  readonly inputs: readonly GraphOutput[];
  /** Outputs of the branch or body. */
  readonly outputs: readonly GraphOutput[];
  /** Its operators, in execution order. */
  readonly nodes: readonly GraphNode[];
  /** Its own constants, by name. */
  readonly constants: ReadonlyMap<string, Constant>;
}

/** One operator of a graph, with the names of what it reads and makes. */
export interface GraphNode {
  /** ONNX's op_type. */
  readonly op: string;
  /** The operator's domain; '' is ONNX's own. */
  readonly domain: string;
  /** The node's own name, '' if it has none. */
  readonly name: string;
  /** Value names; '' is an optional input that is left out. */
  readonly inputs: readonly string[];
  /** Value names; '' is an optional output that nobody reads. */
  readonly outputs: readonly string[];
  /** By name; those that the file omits are missing. */
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** The declared kind of attributes whose value is ambiguous: floats (2.0 looks like an integer) and empty lists of strings. */
  readonly kinds?: ReadonlyMap<string, 'float' | 'floats' | 'strings'>;
  /** Names of outer values that its subgraphs read. */
  readonly captures?: readonly string[];
  /** The version of its operator set, if it is not the graph's: nodes of functions have one. */
  readonly opset?: number;
}

/** An input of a graph. */
export interface GraphInput {
  /** Its value's name. */
  readonly name: string;
  /** The type that the graph computes in. */
  readonly type: DataType;
  /** Its shape; open dimensions have names. */
  readonly dims: readonly Dim[];
  /** An output that is no tensor: a sequence of tensors of that type, or an optional that holds a tensor or a sequence. */
  readonly list?: 'sequence' | 'optional' | undefined;
  /** The callers' type, where it is another. */
  readonly face?: Face;
  /** As `Constant.packed`. */
  readonly packed?: Packed;
}

/**
 * The callers' type where the graph has float32: float16 if the file says so, or float64 where the operators do not compute
 * that.
 */
export type Face = 'float16' | 'float64';

/** An output; files may leave its type and shape out. */
export interface GraphOutput {
  /** Its value's name. */
  readonly name: string;
  /** The type that the graph computes in. */
  readonly type?: DataType | undefined;
  /** Its shape; open dimensions have names. */
  readonly dims?: readonly Dim[] | undefined;
  /** Set if it is no tensor. */
  readonly list?: 'sequence' | 'optional' | undefined;
  /** The callers' type, where it is another. */
  readonly face?: Face;
}

/** Whether a value is a graph: every part of it has the right kind. Whether the parts go together is not checked. */
export function isGraph(value: unknown): value is Graph {
  const { name, inputs, outputs, nodes, constants, opsets, metadata } = (value ?? {}) as Graph;
  return (
    isText(name) &&
    isListOf(inputs, (input: GraphInput) => isValue(input) && input.type !== undefined && input.dims !== undefined) &&
    isListOf(outputs, isValue) &&
    isListOf(nodes, isNode) &&
    isMapOf(constants, isConstant) &&
    isMapOf(opsets, Number.isSafeInteger) &&
    isMapOf(metadata, isText)
  );
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isListOf = (value: unknown, fits: (entry: never) => boolean): boolean =>
  Array.isArray(value) && Array.from(value as never[]).every((entry) => fits(entry));
const isMapOf = (value: unknown, fits: (entry: never) => boolean): boolean =>
  kindOf(value) === 'Map' &&
  isListOf([...(value as Map<unknown, unknown>).keys()], isText) &&
  isListOf([...(value as Map<unknown, never>).values()], fits);
const isConstant = (value: Constant): boolean =>
  isOptions(value) && isDataType(value.type) && isListOf(value.dims, Number.isSafeInteger) && typeof value.read === 'function';

const isValue = (value: GraphOutput): boolean =>
  isOptions(value) &&
  isText(value.name) &&
  (value.type === undefined || isDataType(value.type)) &&
  [undefined, 'float16', 'float64'].includes(value.face) &&
  (value.dims === undefined || isListOf(value.dims, (dim: Dim) => isText(dim) || Number.isSafeInteger(dim)));

const isNode = (node: GraphNode): boolean =>
  isOptions(node) &&
  [node.op, node.domain, node.name].every(isText) &&
  isListOf(node.inputs, isText) &&
  isListOf(node.outputs, isText) &&
  isMapOf(node.attributes, isAttribute) &&
  (node.kinds === undefined || isMapOf(node.kinds, isText)) &&
  (node.captures === undefined || isListOf(node.captures, isText)) &&
  (node.opset === undefined || Number.isSafeInteger(node.opset));

function isAttribute(value: unknown): boolean {
  if (!Array.isArray(value))
    return (
      /^(number|bigint|string)$/.test(typeof value) ||
      isConstant(value as Constant) ||
      isSubgraph(value) ||
      (isOptions(value) && 'unsupported' in value)
    );
  const [first] = value;
  if (isOptions(first)) return isListOf(value, isSubgraph);
  return /^(number|bigint|string|undefined)$/.test(typeof first) && isListOf(value, (entry) => typeof entry === typeof first);
}

function isSubgraph(value: unknown): value is Subgraph {
  const { inputs, outputs, nodes, constants } = (value ?? {}) as Subgraph;
  return isListOf(inputs, isValue) && isListOf(outputs, isValue) && isListOf(nodes, isNode) && isMapOf(constants, isConstant);
}

/** The branches and bodies of a node. */
export function subgraphsOf({ attributes, captures }: GraphNode): Subgraph[] {
  // Only a node with subgraphs has captures, even if empty; the attributes of others need not be searched.
  if (!captures) return [];
  return [...attributes.values()].flat().filter((value): value is Subgraph => typeof value === 'object' && 'nodes' in value);
}

/** The nodes of a graph and, behind each, those of its branches and bodies. */
export function* allNodes({ nodes }: Pick<Graph, 'nodes'>): Generator<GraphNode> {
  for (const node of nodes) {
    yield node;
    for (const graph of subgraphsOf(node)) yield* allNodes(graph);
  }
}

/** The names that a node reads, its branches and bodies included. */
export const readsOf = ({ inputs, captures = [] }: GraphNode): readonly string[] =>
  captures.length > 0 ? [...inputs, ...captures] : inputs;

/**
 * A network as a file or a builder states it: ONNX's meaning, logical NCHW, nothing about how it runs. Nodes are in
 * execution order.
 */
export interface Graph {
  /** Its name, '' if it has none. */
  readonly name: string;
  /** Inputs of the graph, without the initializers that IR 3 files list here. */
  readonly inputs: readonly GraphInput[];
  /** Outputs of the graph. */
  readonly outputs: readonly GraphOutput[];
  /** The operators, in execution order. */
  readonly nodes: readonly GraphNode[];
  /** Weights and other tensors known at load (ONNX's initializers), by name. */
  readonly constants: ReadonlyMap<string, Constant>;
  /** The version of each operator set, by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  /** The file's own texts, by key. */
  readonly metadata: ReadonlyMap<string, string>;
}
