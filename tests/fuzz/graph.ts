// A graph with its feeds, as data: what the generator makes, what a report prints, what is written as a file.

import { arrayTypes, type DataType, type TypedArray } from '../../src/graph/tensor.ts';
import { type AttributeSpec, encodeModel, type OnnxType } from '../formats/onnx-writer.ts';

export interface FuzzTensor {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  readonly data: TypedArray;
  /** The file does not say its dims. */
  readonly open?: boolean;
}

export interface FuzzNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeSpec>>;
}

export interface FuzzGraph {
  readonly opset: number;
  readonly feeds: readonly FuzzTensor[];
  readonly constants: readonly FuzzTensor[];
  readonly nodes: readonly FuzzNode[];
  /** The graph's outputs. */
  readonly outputs: readonly string[];
  /** The types of what nodes make, where they are known; float16 and bfloat16 among them, which are never outputs. */
  readonly types: Readonly<Record<string, OnnxType>>;
  /** Values that rounding may reach: what is not in it is the same to the bit in every correct runtime. */
  readonly inexact: readonly string[];
  /** Not for onnxruntime. */
  readonly alone?: boolean;
}

/** The file. @param outputs other outputs than the graph's own */
export function fileOf(graph: FuzzGraph, outputs: readonly string[] = graph.outputs): Uint8Array {
  return encodeModel({
    opset: graph.opset,
    // IR 4 to 10 by opset, as runtimes refuse newer ones.
    ir: graph.opset >= 25 ? 13 : graph.opset >= 24 ? 12 : graph.opset >= 23 ? 11 : graph.opset >= 21 ? 10 : graph.opset >= 19 ? 9 : 8,
    inputs: graph.feeds.map(({ name, type, dims, open }) => (open ? { name, type } : { name, type, dims })),
    initializers: graph.constants,
    nodes: graph.nodes.map((node, i) => ({ ...node, name: `node${i}` })),
    outputs: outputs.map((name) => ({ name, type: graph.types[name] ?? null })),
  });
}

type Json = { name: string; type: DataType; dims: number[]; data: (number | string)[] };

const item = (value: number | bigint): number | string =>
  typeof value === 'bigint' || !Number.isFinite(value) || Object.is(value, -0) ? (Object.is(value, -0) ? '-0' : String(value)) : value;

const tensorToJson = ({ name, type, dims, data }: FuzzTensor): Json => ({ name, type, dims: [...dims], data: Array.from(data, item) });

/** Numbers as the array that a type has. */
export function arrayOf(type: DataType, numbers: readonly (number | bigint | string)[]): TypedArray {
  const array = new arrayTypes[type](numbers.length);
  const big = type === 'int64' || type === 'uint64';
  numbers.forEach((value, i) => {
    array[i] = (big ? BigInt(value) : Number(value)) as never;
  });
  return array;
}

const tensorFromJson = ({ name, type, dims, data }: Json): FuzzTensor => ({ name, type, dims, data: arrayOf(type, data) });

/** One line of JSON that `fromJson` reads. */
export const toJson = (graph: FuzzGraph): string =>
  JSON.stringify({ ...graph, feeds: graph.feeds.map(tensorToJson), constants: graph.constants.map(tensorToJson) }, (_, value) =>
    typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
      ? String(value)
      : ArrayBuffer.isView(value)
        ? Array.from(value as never, item)
        : value,
  );

export function fromJson(text: string): FuzzGraph {
  const graph = JSON.parse(text);
  return { ...graph, feeds: graph.feeds.map(tensorFromJson), constants: graph.constants.map(tensorFromJson) };
}

/** Whether any of a tensor's numbers is as asked. */
export const someNumber = (data: ArrayLike<number | bigint> | undefined, test: (value: number) => boolean): boolean => {
  for (let i = 0; i < (data?.length ?? 0); i++) if (test(Number(data?.[i]))) return true;
  return false;
};
