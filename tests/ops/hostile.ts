// What may be wrong with a node.

import type { Attribute } from '../../src/graph/graph.ts';
import type { DataType } from '../../src/graph/tensor.ts';
import type { Choices, NodeInput, RandomNode } from './choices.ts';

const tensor = (dims: number[], type: DataType = 'float32'): Attribute => ({
  name: 't',
  type,
  dims,
  read: () => (type === 'int64' ? new BigInt64Array(1) : new Float32Array(1)),
});

const attributeNames = [
  ...['axis', 'axes', 'keepdims', 'kernel_shape', 'strides', 'pads', 'dilations', 'auto_pad', 'ceil_mode', 'group', 'mode', 'to', 'perm'],
  ...[
    'alpha',
    'beta',
    'gamma',
    'epsilon',
    'size',
    'bias',
    'p',
    'blocksize',
    'num_groups',
    'num_outputs',
    'split',
    'starts',
    'ends',
    'value',
  ],
  ...['start', 'end', 'k', 'largest', 'sorted', 'output_shape', 'output_padding', 'scales', 'min', 'max', 'fmod', 'transA', 'allowzero'],
  ...['coordinate_transformation_mode', 'nearest_mode', 'cubic_coeff_a', 'exclude_outside', 'antialias', 'keep_aspect_ratio_policy'],
  ...['value_ints', 'value_floats', 'count_include_pad', 'broadcast', 'select_last_index', '__proto__', 'constructor', 'unknown'],
];

const numbers = [
  0,
  -1,
  1,
  2,
  3,
  7,
  255,
  65536,
  2 ** 28,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31),
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  0.5,
  1e-30,
];
const specials = [...numbers, 1e30, -1e30, 1e-45, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0];
const wholes = [...numbers.filter(Number.isInteger).map(BigInt), 2n ** 63n - 1n, -(2n ** 63n), 2n ** 40n, 1000n, 100_000n];
const words = ['', 'nearest', 'constant', 'SAME_UPPER', 'linear', '__proto__', 'toString', 'unknown'];
const sizes = [0, 0, 1, 1, 2, 3, 7, 64, 1000, 65536, 2 ** 28, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 40, 2 ** 52];
const types = ['float32', 'float64', 'int64', 'int32', 'uint8', 'int8', 'bool', 'uint64', 'uint32', 'int16'] as const;

const anyAttribute = (c: Choices): Attribute => {
  const number = () => c.of(specials);
  switch (c.int(0, 8)) {
    case 0:
    case 1:
    case 2:
      return number();
    case 3:
      return c.of(words);
    case 4:
      return c.list(c.int(0, 4), number);
    case 5:
      return c.of(wholes);
    case 6:
      return c.list(c.int(0, 2), () => c.of(wholes));
    case 7:
      return c.list(c.int(0, 2), () => c.of(words));
    default:
      return c.of([tensor([1]), tensor([0]), tensor([]), tensor([1], 'int64'), { unsupported: 'a graph' }]);
  }
};

/** One thing wrong, or at least unusual. */
function change(node: RandomNode, c: Choices): void {
  const input = node.inputs.length > 0 ? c.of(node.inputs) : undefined;
  const kind = c.int(0, 11);
  if (kind <= 2 || !input) {
    const own = Object.keys(node.attributes);
    const name = own.length > 0 && c.chance(60) ? c.of(own) : c.of(attributeNames);
    const old = node.attributes[name];
    let value = anyAttribute(c);
    // Wrong in one place only.
    if (Array.isArray(old) && old.length > 0 && c.chance(50))
      value = old.with(c.int(0, old.length - 1), c.of(specials) as never) as Attribute;
    Object.defineProperty(node.attributes, name, { value, enumerable: true, configurable: true, writable: true });
    if (c.chance(10)) delete node.attributes[name];
  } else if (kind === 3) {
    input.dims = c.list(c.int(0, 10), () => c.int(0, 3));
  } else if (kind <= 5) {
    if (input.dims.length > 0) input.dims[c.int(0, input.dims.length - 1)] = c.of(sizes);
  } else if (kind === 6) {
    input.type = c.of(types);
  } else if (kind === 7) {
    input.how = c.of(['fed', 'constant', 'absent'] as const);
  } else if (kind <= 9) {
    // Parameters rather than what they are parameters of.
    const target = node.inputs.length > 1 ? c.of(node.inputs.slice(1)) : input;
    const values: readonly (number | bigint)[] = target.type.startsWith('float') ? specials : wholes;
    target.data = target.data.map((old) => (c.chance(50) ? c.of(values) : old));
    if (c.chance(20) && target.dims.length === 1) target.dims = [c.int(0, 5)];
  } else if (kind === 10) {
    if (c.chance(50)) node.inputs.pop();
    else node.inputs.push({ ...input });
  } else {
    if (c.chance(50)) node.outputs = c.int(1, 4);
    else node.opset = c.int(1, 21);
  }
}

export function spoil(node: RandomNode, c: Choices): RandomNode {
  const changes = c.int(1, 3);
  for (let i = 0; i < changes; i++) change(node, c);
  return node;
}

export const isHuge = ({ dims }: NodeInput): boolean => dims.reduce((a, b) => a * b, 1) > 1 << 16;
