// Operators whose results are known when the plan is made.

import { product } from '../graph/dims.ts';
import type { Constant } from '../graph/graph.ts';
import type { TypedArray } from '../graph/tensor.ts';
import { isConstant } from './attributes.ts';
import { allocate, type Element, integers, isBig } from './elements.ts';
import type { OpenNode, Operator, Value } from './operator.ts';
import { constantInput, input, invalid } from './shapes.ts';

const isNumber = (item: unknown): item is number => typeof item === 'number';
const isWhole = (item: unknown): item is number | bigint => typeof item === 'bigint' || Number.isSafeInteger(item);

interface ConstantAttributes {
  readonly value: Constant;
}

/** ONNX Constant. */
export const constant: Operator<ConstantAttributes> = {
  name: 'Constant',
  opsets: [1, 21],
  inputs: [0, 0],
  attributes(reader) {
    const tensor = reader.any('value');
    if (tensor !== undefined && typeof tensor === 'object' && isConstant(tensor)) return { value: tensor };
    for (const [name, type, fits] of [
      ['value_float', 'float32', isNumber],
      ['value_floats', 'float32', isNumber],
      ['value_int', 'int64', isWhole],
      ['value_ints', 'int64', isWhole],
    ] as const) {
      const given = reader.any(name);
      if (given === undefined) continue;
      const list = [given].flat();
      if (!list.every(fits)) throw reader.invalid(name, `does not fit ${type}`);
      const read = () => (type === 'int64' ? BigInt64Array.from(list, BigInt) : Float32Array.from(list, Number));
      return { value: { name, type, dims: Array.isArray(given) ? [list.length] : [], read } };
    }
    throw reader.unsupported('a Constant without a numeric value is not supported');
  },
  inferShape: (node) => [{ type: node.attributes.value.type, dims: node.attributes.value.dims }],
  evaluate: (node) => [node.attributes.value.read()],
};

/** ONNX ConstantOfShape: one value (float32 0 where left out) in every place. */
export const constantOfShape: Operator<{ readonly value: Constant | undefined }> = {
  name: 'ConstantOfShape',
  opsets: [9, 21],
  inputs: [1, 1],
  types: ['int64'],
  constantInputs: [0],
  attributes(reader) {
    const value = reader.any('value');
    if (value === undefined) return { value: undefined };
    if (typeof value !== 'object' || !isConstant(value) || product(value.dims) !== 1)
      throw reader.invalid('value', 'is not a tensor of one element');
    return { value };
  },
  inferShape(node) {
    const dims = integers(constantInput(node, 0));
    if (dims.some((dim) => dim < 0)) throw invalid(node, `its shape [${dims}] holds a negative dimension`);
    return [{ type: node.attributes.value?.type ?? 'float32', dims }];
  },
  evaluate(node) {
    const { type, dims } = node.outputs[0] as Value;
    const data = allocate(type, product(dims));
    const value = node.attributes.value?.read()[0];
    return [value === undefined ? data : data.fill(value as never)];
  },
};

/** ONNX Shape: the dimensions, or those from `start` to `end`. */
export const shape: Operator<{ readonly start: number; readonly end: number }> = {
  name: 'Shape',
  opsets: [1, 21],
  inputs: [1, 1],
  types: ['any'],
  shapeOnly: true,
  attributes(reader, opset) {
    if (opset < 15) return { start: 0, end: Number.MAX_SAFE_INTEGER };
    return { start: reader.position('start', 0), end: reader.position('end', Number.MAX_SAFE_INTEGER) };
  },
  inferShape: (node) => [{ type: 'int64', dims: [shown(node).length] }],
  evaluate: (node) => [BigInt64Array.from(shown(node), BigInt)],
};

const shown = (node: OpenNode<{ readonly start: number; readonly end: number }>): readonly number[] =>
  input(node, 0).dims.slice(node.attributes.start, node.attributes.end);

/** ONNX Size: the number of elements. */
export const size: Operator = {
  name: 'Size',
  opsets: [1, 21],
  inputs: [1, 1],
  types: ['any'],
  shapeOnly: true,
  inferShape: () => [{ type: 'int64', dims: [] }],
  evaluate: (node) => [BigInt64Array.of(BigInt(product(input(node, 0).dims)))],
};

/** ONNX Range: start, start + delta, ... before limit. */
export const range: Operator = {
  name: 'Range',
  opsets: [11, 21],
  inputs: [3, 3],
  types: ['any'],
  constantInputs: [0, 1, 2],
  inferShape(node) {
    const { type } = input(node, 0);
    const fits = type !== 'bool' && [0, 1, 2].every((i) => input(node, i).type === type && product(input(node, i).dims) === 1);
    if (!fits) throw invalid(node, 'its start, limit and delta should be single numbers of one type');
    return [{ type, dims: [stepsOf(node)] }];
  },
  evaluate(node, [start, , delta]) {
    const { type, dims } = node.outputs[0] as Value;
    const data = allocate(type, product(dims));
    const [first, step] = [start?.[0] as Element, delta?.[0] as Element];
    for (let i = 0; i < data.length; i++) {
      data[i] = (isBig(type) ? (first as bigint) + BigInt(i) * (step as bigint) : (first as number) + i * (step as number)) as never;
    }
    return [data];
  },
};

function stepsOf(node: OpenNode<unknown>): number {
  const [start, limit, step] = [0, 1, 2].map((i) => constantInput(node, i)[0]) as [Element, Element, Element];
  const delta = Number(step);
  // Of bigints the difference is taken before digits are lost.
  const span = typeof limit === 'bigint' ? Number(limit - (start as bigint)) : limit - (start as number);
  const count = Math.max(0, Math.ceil(span / delta));
  if (delta === 0 || !Number.isSafeInteger(count)) throw invalid(node, `a range from ${start} to ${limit} in steps of ${delta} has no end`);
  return count;
}

/** ONNX NonZero: the indices of elements that are not 0, [rank, count], in row-major order. */
export const nonZero: Operator = {
  name: 'NonZero',
  opsets: [9, 21],
  inputs: [1, 1],
  types: ['any'],
  inferShape: (node) => [{ type: 'int64', dims: [input(node, 0).dims.length, 0] }],
  sizes: (node, [data]) => {
    const rank = input(node, 0).dims.length;
    return [[rank, rank && (data?.length ?? 0) / rank]];
  },
  evaluate(node, [x]) {
    const { dims } = input(node, 0);
    const data = x as TypedArray;
    const holds = (i: number) => Boolean(data[i]) || Number.isNaN(data[i]);
    // Counted first, so that nothing is held but the result.
    let count = 0;
    for (let i = 0; i < data.length; i++) if (holds(i)) count++;
    const y = new BigInt64Array(dims.length * count);
    for (let i = 0, at = 0; at < count; i++) {
      if (!holds(i)) continue;
      for (let axis = dims.length - 1, rest = i; axis >= 0; axis--) {
        const dim = dims[axis] ?? 1;
        y[axis * count + at] = BigInt(rest % dim);
        rest = Math.floor(rest / dim);
      }
      at++;
    }
    return [y];
  },
};
