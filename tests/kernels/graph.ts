import { addOperators } from '../../src/compiler/operators.ts';
import type { Attribute, Constant, Dim, Graph } from '../../src/graph/graph.ts';
import type { DataType, Tensor } from '../../src/graph/tensor.ts';
import type { NdArray } from '../reference/index.ts';

// What is compiled without load(), which would fetch them.
addOperators();

export interface NodeSpec {
  op: string;
  inputs: string[];
  /** The name of its only output where left out. */
  outputs?: string[];
  /** Its op and place where left out: Conv_0. */
  name?: string;
  domain?: string;
  /** Undefined ones are left out. */
  attributes?: Record<string, Attribute | undefined>;
}

export interface GraphSpec {
  /** 13 where left out. */
  opset?: number;
  /** By name: dimensions of float32 inputs, or inputs of any type. */
  inputs: Record<string, readonly Dim[] | { readonly type: DataType; readonly dims: readonly Dim[] }>;
  constants?: Record<string, NdArray | Constant>;
  nodes: NodeSpec[];
  /** The last node's first output where left out. */
  outputs?: string[];
}

export const outputsOf = (node: NodeSpec, index: number): string[] => node.outputs ?? [node.name ?? `${node.op}_${index}`];

/** A graph as a reader would give it. */
export function graphOf({ opset = 13, inputs, constants = {}, nodes, outputs }: GraphSpec): Graph {
  const last = nodes.length - 1;
  const results = outputs ?? outputsOf(nodes[last] as NodeSpec, last).slice(0, 1);
  return {
    name: 'test',
    inputs: Object.entries(inputs).map(([name, input]) =>
      'type' in input ? { name, type: input.type, dims: input.dims } : { name, type: 'float32', dims: input },
    ),
    outputs: results.map((name) => ({ name })),
    nodes: nodes.map((node, i) => ({
      op: node.op,
      domain: node.domain ?? '',
      name: node.name ?? `${node.op}_${i}`,
      inputs: node.inputs,
      outputs: outputsOf(node, i),
      attributes: new Map(Object.entries(node.attributes ?? {}).filter((entry): entry is [string, Attribute] => entry[1] !== undefined)),
    })),
    constants: new Map(Object.entries(constants).map(([name, value]) => [name, 'read' in value ? value : float32(name, value)])),
    opsets: new Map([['', opset]]),
    metadata: new Map(),
  };
}

export const float32 = (name: string, { dims, data }: NdArray): Constant => ({
  name,
  type: 'float32',
  dims,
  read: () => Float32Array.from(data),
});

export const int64 = (name: string, values: readonly number[]): Constant => ({
  name,
  type: 'int64',
  dims: [values.length],
  read: () => BigInt64Array.from(values, BigInt),
});

/** A tensor as an initializer. */
export const constantOf = (name: string, tensor: Tensor): Constant => {
  const { type, dims, data } = tensor as Tensor<DataType>;
  return { name, type, dims, read: () => data };
};
