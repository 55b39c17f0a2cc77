import type { Constant } from '../graph/graph.ts';
import { isConstant } from './attributes.ts';
import type { Operator, Value } from './operator.ts';
import { input, unsupported } from './shapes.ts';

/** ONNX Identity: the value under another name. */
export const identity: Operator = {
  name: 'Identity',
  opsets: [1, 21],
  inputs: [1, 1],
  outputs: [1, 1],
  types: ['any'],
  attributes: () => ({}),
  inferShape: (node) => [input(node, 0)].map(({ type, dims }) => ({ type, dims })),
  evaluate: (node) => input(node, 0).constant as Constant,
  layout: () => ({ inputs: ['any'], output: 'any' }),
  lower: (node, to) => to.alias(node.outputs[0] as Value, input(node, 0)),
};

/** ONNX Dropout at inference, which is Identity. */
export const dropout: Operator = {
  ...identity,
  name: 'Dropout',
  opsets: [7, 21],
  inputs: [1, 3],
  types: ['float32', 'any', 'bool'],
  attributes: (reader, opset) => {
    if (opset < 12) reader.float('ratio', 0.5);
    else reader.int('seed', 0);
    return {};
  },
  inferShape(node) {
    const training = node.inputs[2];
    if (training && !(training.constant && Number(training.constant.read()[0]) === 0)) {
      throw unsupported(node, 'training_mode that may be true is not supported; export for inference');
    }
    return identity.inferShape(node);
  },
};

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
  outputs: [1, 1],
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
  evaluate: (node) => node.attributes.value,
  lower() {},
};
