// Operators whose results are known when the plan is made.

import { product } from '../../graph/dims.ts';
import type { Constant } from '../../graph/graph.ts';
import { isConstant } from '../attributes.ts';
import { allocate, integers } from '../elements.ts';
import type { OpenNode, Operator } from '../operator.ts';
import { constantInput, input, invalid, output } from '../shapes.ts';

const isNumber = (item: unknown): item is number => typeof item === 'number';
const isWhole = (item: unknown): item is number | bigint => typeof item === 'bigint' || Number.isSafeInteger(item);

interface ConstantAttributes {
  readonly value: Constant;
}

/** ONNX Constant. */
export const constant: Operator<ConstantAttributes> = {
  name: 'Constant',
  since: 1,
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

/** ONNX ConstantOfShape: one value (default: float32 0) in every place. */
export const constantOfShape: Operator<{ readonly value: Constant | undefined }> = {
  name: 'ConstantOfShape',
  since: 9,
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
    const dims = integers(node, constantInput(node, 0));
    if (dims.some((dim) => dim < 0)) throw invalid(node, `its shape [${dims}] holds a negative dimension`);
    return [{ type: node.attributes.value?.type ?? 'float32', dims }];
  },
  evaluate(node) {
    const { type, dims } = output(node);
    const data = allocate(type, product(dims));
    const value = node.attributes.value?.read()[0];
    return [value === undefined ? data : data.fill(value as never)];
  },
};

/** ONNX Shape: the dimensions, or those from `start` to `end`. */
export const shape: Operator<{ readonly start: number; readonly end: number }> = {
  name: 'Shape',
  since: 1,
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
  since: 1,
  inputs: [1, 1],
  types: ['any'],
  shapeOnly: true,
  inferShape: () => [{ type: 'int64', dims: [] }],
  evaluate: (node) => [BigInt64Array.of(BigInt(product(input(node, 0).dims)))],
};
