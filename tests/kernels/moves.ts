// Operators that move elements, with elements of every size and in both layouts.

import type { Attribute, Constant, Graph } from '../../src/graph/graph.ts';
import { arrayTypes, type DataType, Tensor, type TypedArray } from '../../src/graph/tensor.ts';
import type { Variant } from '../../src/runtime/wasm.ts';
import { array, type NdArray, random, sizeOf } from '../reference/index.ts';
import { type GraphSpec, graphOf } from './graph.ts';
import { expectClose, expectTensor, runGraph, runTensors } from './run.ts';

/** One type for each size of an element. */
export const sizedTypes: readonly DataType[] = ['uint8', 'int16', 'float32', 'int64'];

/** `dims` filled with 0, 1, 2, ...: what a reference makes of it tells where each element comes from. */
export const places = (dims: readonly number[]): NdArray =>
  array(
    dims,
    Array.from({ length: sizeOf(dims) }, (_, i) => i),
  );

/** Elements of any type, with all of their bytes in use. Floats are finite. */
export function typedTensor(type: DataType, dims: readonly number[], seed = 1): Tensor {
  const count = sizeOf(dims);
  const data = new arrayTypes[type](count);
  if (type.startsWith('float')) data.set(random([count], seed).data as never);
  else {
    const words = random([data.byteLength], seed, 0, 256).data;
    new Uint8Array(data.buffer).forEach((_, i, bytes) => {
      bytes[i] = type === 'bool' ? (words[i] ?? 0) & 1 : (words[i] ?? 0);
    });
  }
  return new Tensor(type, data as never, [...dims]);
}

/** A tensor of `from`'s elements at the places that a reference tells; -1 stands for `fill`, 0 where left out. */
export function taken(from: Tensor, at: NdArray, fill?: number | bigint): Tensor {
  const data = new arrayTypes[from.type as DataType](at.data.length) as TypedArray;
  at.data.forEach((place, i) => {
    const value = place < 0 ? fill : from.data[place];
    if (value !== undefined) data[i] = value as never;
  });
  return new Tensor(from.type, data as never, at.dims);
}

/** A graph whose inputs have types: float32 where left out. */
export const typedGraph = (spec: GraphSpec, types: Record<string, DataType> = {}): Graph => {
  const graph = graphOf(spec);
  return { ...graph, inputs: graph.inputs.map((input) => ({ ...input, type: types[input.name] ?? input.type })) };
};

export const floats = (name: string, values: readonly number[]): Constant => ({
  name,
  type: 'float32',
  dims: [values.length],
  read: () => Float32Array.from(values),
});

/** int64, where numbers beyond its range are its ends. */
export const saturated = (name: string, values: readonly number[]): Constant => ({
  name,
  type: 'int64',
  dims: [values.length],
  read: () => BigInt64Array.from(values, (value) => (value >= 2 ** 63 ? 2n ** 63n - 1n : BigInt(value))),
});

export interface MoveCase {
  op: string;
  opset?: number;
  attributes?: Record<string, Attribute | undefined>;
  dims: readonly number[];
  /** int64 constants that follow the input; undefined ones are left out. */
  lists?: readonly (readonly number[] | undefined)[];
  /** What the reference makes of the places. */
  expected: (x: NdArray) => NdArray | NdArray[];
}

/** A pool that leaves its input as it is, channels-last. */
export const still = (dims: readonly number[]): Record<string, Attribute> => ({ kernel_shape: dims.slice(2).map(() => 1) });

/** Whether pools take it. */
export const isPicture = (dims: readonly number[]): boolean => (dims.length === 3 || dims.length === 4) && !dims.includes(0);

/**
 * Checks an operator that moves elements: with elements of every size, row-major; and with float32 behind a pool, and between two pools,
 * channels-last; with all passes and without any.
 */
export function expectMove({ op, opset = 13, attributes = {}, dims, lists = [], expected }: MoveCase, variant: Variant): void {
  const results = [expected(places(dims))].flat();
  const names = results.map((_, i) => `y${i}`);
  const constants = Object.fromEntries(lists.flatMap((list, i) => (list ? [[`list${i}`, saturated(`list${i}`, list)]] : [])));
  const others = lists.map((list, i) => (list ? `list${i}` : ''));
  // The binaries differ in how they multiply, not in how they copy.
  for (const type of variant === 'strict' ? sizedTypes : (['float32'] as const)) {
    const x = typedTensor(type, dims);
    const node = { op, attributes, inputs: ['x', ...others], outputs: names };
    const graph = typedGraph({ opset, inputs: { x: dims }, constants, nodes: [node], outputs: names }, { x: type });
    const actual = runTensors(graph, { x }, { variant });
    results.forEach((at, i) => {
      expectTensor(actual[i], taken(x, at));
    });
  }
  if (!isPicture(dims)) return;
  const x = random(dims, 1);
  const wanted = results.map((at) =>
    array(
      at.dims,
      Array.from(at.data, (place) => (place < 0 ? 0 : (x.data[place] as number))),
    ),
  );
  const pooled = results.map(({ dims }) => isPicture(dims));
  const nodes = [
    { op: 'MaxPool', attributes: still(dims), inputs: ['x'], outputs: ['p'] },
    { op, attributes, inputs: ['p', ...others], outputs: names },
    ...results.flatMap((at, i) =>
      pooled[i] ? [{ op: 'MaxPool', attributes: still(at.dims), inputs: [`y${i}`], outputs: [`z${i}`] }] : [],
    ),
  ];
  const last = names.map((name, i) => (pooled[i] ? `z${i}` : name));
  for (const outputs of [names, last]) {
    const needed = outputs === names ? nodes.slice(0, 2) : nodes;
    for (const maxPasses of outputs === names ? [undefined] : [undefined, 0]) {
      const graph = graphOf({ opset, inputs: { x: dims }, constants, nodes: needed, outputs });
      const actual = runGraph(graph, { x }, { variant, ...(maxPasses === undefined ? {} : { maxPasses }) });
      wanted.forEach((value, i) => {
        expectClose(actual[i] as NdArray, value, 0);
      });
    }
  }
}
