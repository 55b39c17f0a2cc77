import { isOptions, kindOf } from '../arguments.ts';
import { type DataType, isDataType, type TypedArray } from './tensor.ts';

/** A dimension: a size, or the name of one that the caller chooses (ONNX's dim_param; '' where it has none). */
export type Dim = number | string;

/** A tensor known at load. `read` gives its elements when they are needed, so that a file's weights are not held twice. */
export interface Constant {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  read(): TypedArray;
  /** Fills `target`, an array of the type's kind, with the elements from `from` on; for what can do so without reading them all. */
  fill?(target: TypedArray, from: number): void;
}

/** An attribute as the file has it, by ONNX's kinds. */
export type Attribute =
  | number
  | bigint
  | string
  | readonly number[]
  | readonly bigint[]
  | readonly string[]
  | Constant
  | { readonly unsupported: string };

export interface GraphNode {
  /** ONNX's op_type. */
  readonly op: string;
  /** '' is ONNX's own domain. */
  readonly domain: string;
  readonly name: string;
  /** Value names; '' is an optional input that is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** The kind of attributes whose value does not tell it: of all floats, for whole ones look like integers, and of empty lists of strings. */
  readonly kinds?: ReadonlyMap<string, 'float' | 'floats' | 'strings'>;
}

export interface GraphInput {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly Dim[];
  readonly face?: Face;
}

/** What callers have where the graph has float32: float16 as the file says, or float64 where the operators compute no such. */
export type Face = 'float16' | 'float64';

/** An output; files may leave its type and shape out. */
export interface GraphOutput {
  readonly name: string;
  readonly type?: DataType;
  readonly dims?: readonly Dim[];
  readonly face?: Face;
}

/** Whether something is a graph: every part of it is of its kind. Whether the parts go together is not looked at. */
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
  (node.kinds === undefined || isMapOf(node.kinds, isText));

function isAttribute(value: unknown): boolean {
  if (!Array.isArray(value))
    return /^(number|bigint|string)$/.test(typeof value) || isConstant(value as Constant) || (isOptions(value) && 'unsupported' in value);
  const [first] = value;
  return /^(number|bigint|string|undefined)$/.test(typeof first) && isListOf(value, (entry) => typeof entry === typeof first);
}

/** A network as a file or a builder states it: ONNX's meaning, logical NCHW, nothing about how it runs. Nodes are in execution order. */
export interface Graph {
  readonly name: string;
  /** Without the initializers that IR 3 files list here. */
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly GraphOutput[];
  readonly nodes: readonly GraphNode[];
  readonly constants: ReadonlyMap<string, Constant>;
  /** Version of each operator set by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly metadata: ReadonlyMap<string, string>;
}
