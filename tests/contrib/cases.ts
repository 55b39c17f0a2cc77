// Nodes of onnxruntime's domain com.microsoft with what they give, by the naive references; onnxruntime.mjs holds it against onnxruntime itself.

import { Tensor } from '../../src/graph/tensor.ts';
import type { AttributeSpec, ModelSpec } from '../formats/onnx-writer.ts';
import { dequantize } from '../reference/dequantize.ts';
import {
  add,
  array,
  broadcastMap,
  conv,
  type FunctionAttributes,
  functions,
  gemm,
  layerNormalization,
  matMul,
  maxPool,
  type NdArray,
  random,
  transpose,
} from '../reference/index.ts';

export interface ContribCase {
  readonly name: string;
  readonly op: string;
  readonly attributes?: Readonly<Record<string, AttributeSpec>>;
  /** Undefined is one that is left out; float32 where they are no tensors. */
  readonly inputs: readonly (NdArray | Tensor | undefined)[];
  /** Undefined is one that is left out. */
  readonly expected: readonly (NdArray | undefined)[];
  /** The outputs' element type; float32 where left out. */
  readonly type?: 'int8' | 'uint8' | 'float32';
}

export const tensorOf = (value: NdArray | Tensor): Tensor =>
  value instanceof Tensor ? value : new Tensor('float32', Float32Array.from(value.data), value.dims);

/** A model of the node alone; inputs a, b, c, ... and outputs y0, y1, ... */
export function modelOf(
  { op, attributes = {}, inputs, expected, type = 'float32' }: ContribCase,
  constants: readonly number[] = [],
): ModelSpec {
  const named = inputs.map((value, i) => ({
    name: value ? 'abcde'.charAt(i) : '',
    tensor: value && tensorOf(value),
    fed: !constants.includes(i),
  }));
  const outputs = expected.map((value, i) => (value ? `y${i}` : ''));
  const present = named.flatMap(({ name, tensor, fed }) =>
    tensor ? [{ name, type: tensor.type, dims: tensor.dims, data: tensor.data, fed }] : [],
  );
  return {
    opset: { '': 13, 'com.microsoft': 1 },
    inputs: present.filter(({ fed }) => fed).map(({ name, type, dims }) => ({ name, type, dims })),
    initializers: present.filter(({ fed }) => !fed).map(({ name, type, dims, data }) => ({ name, type, dims, data })),
    outputs: outputs.filter(Boolean).map((name) => ({ name, type })),
    nodes: [{ op, domain: 'com.microsoft', name: 'node', inputs: named.map(({ name }) => name), outputs, attributes }],
  };
}

/** What is fed to it. */
export const feedsOf = ({ inputs }: ContribCase): Record<string, Tensor> =>
  Object.fromEntries(inputs.flatMap((value, i) => (value ? [['abcde'.charAt(i), tensorOf(value)]] : [])));

const map = (x: NdArray, name: string, attributes: FunctionAttributes = {}): NdArray =>
  array(
    x.dims,
    x.data.map((value) => functions[name]?.(value, attributes) ?? Number.NaN),
  );

/** An activation by its name and parameters, in the order of FusedConv's `activation_params`. */
function activated(x: NdArray, name: string, [alpha = 0, beta = 0]: readonly number[]): NdArray {
  if (name === 'Clip')
    return array(
      x.dims,
      x.data.map((value) => Math.min(Math.max(value, alpha), beta)),
    );
  if (name === 'Relu')
    return array(
      x.dims,
      x.data.map((value) => Math.max(value, 0)),
    );
  return map(x, name, { alpha, beta });
}

const float = (value: number): AttributeSpec => ({ float: value });
const rounded = (values: readonly number[]): number[] => values.map(Math.fround);

const picture = random([2, 3, 5, 6], 1, -2, 2);
const filters = random([4, 3, 3, 3], 2);
const biases = random([4], 3);
const residual = random([2, 4, 5, 6], 4, -2, 2);
const plain = conv({ x: picture, w: filters, b: biases, pads: [1, 1, 1, 1] });

const convActivations: readonly (readonly [string, readonly number[]])[] = [
  ['', []],
  ['Relu', []],
  ['LeakyRelu', [0.1]],
  ['Sigmoid', []],
  ['Tanh', []],
  ['Clip', [-1, 2]],
  ['HardSigmoid', [0.1, 0.4]],
  ['HardSwish', []],
];

const fusedConvs = convActivations.flatMap(([activation, params]): ContribCase[] => {
  const attributes = {
    pads: [1, 1, 1, 1],
    ...(activation && { activation }),
    ...(params.length > 0 && { activation_params: { floats: params } }),
  };
  const expected = (x: NdArray) => [activation ? activated(x, activation, rounded(params)) : x];
  return [
    { name: `FusedConv ${activation}`, op: 'FusedConv', attributes, inputs: [picture, filters, biases], expected: expected(plain) },
    {
      name: `FusedConv ${activation} with Z`,
      op: 'FusedConv',
      attributes,
      inputs: [picture, filters, biases, residual],
      expected: expected(add(plain, residual)),
    },
  ];
});

const strided: ContribCase = {
  name: 'FusedConv without B, with Z, with groups and strides',
  op: 'FusedConv',
  attributes: { activation: 'Relu', group: 3, strides: [2, 2], dilations: [2, 1] },
  inputs: [picture, random([6, 1, 2, 3], 5), undefined, random([2, 6, 2, 2], 6)],
  expected: [
    activated(
      add(conv({ x: picture, w: random([6, 1, 2, 3], 5), group: 3, strides: [2, 2], dilations: [2, 1] }), random([2, 6, 2, 2], 6)),
      'Relu',
      [],
    ),
  ],
};

const gemmActivations: readonly (readonly [string, readonly number[]])[] = [
  ['Relu', []],
  ['LeakyRelu', [0.2]],
  ['Sigmoid', []],
  ['Tanh', []],
  ['HardSigmoid', [0.1, 0.4]],
  ['Elu', [0.5]],
  ['Softplus', []],
];

const dense = { a: random([3, 4], 7, -2, 2), b: random([5, 4], 8, -2, 2), c: random([5], 9, -2, 2), alpha: 0.5, beta: 2, transB: true };

const fusedGemms = gemmActivations.map(
  ([activation, params]): ContribCase => ({
    name: `FusedGemm ${activation}`,
    op: 'FusedGemm',
    attributes: {
      alpha: float(0.5),
      beta: float(2),
      transB: 1,
      activation,
      ...Object.fromEntries(params.map((value, i) => [['activation_alpha', 'activation_beta'][i], float(value)])),
    },
    inputs: [dense.a, dense.b, dense.c],
    expected: [activated(gemm(dense), activation, rounded(params))],
  }),
);

type Order = readonly number[] | undefined;

/** The shapes of A and B, and the orders of dimensions that the flags mean, written out. */
const products: readonly (readonly [string, number[], number[], Record<string, number>, Order, Order, number?])[] = [
  ['plain', [3, 4], [4, 5], {}, undefined, undefined],
  ['scaled', [3, 4], [4, 5], {}, undefined, undefined, 0.25],
  ['transA', [4, 3], [4, 5], { transA: 1 }, [1, 0], undefined],
  ['transB', [3, 4], [5, 4], { transB: 1 }, undefined, [1, 0]],
  ['both, scaled', [4, 3], [5, 4], { transA: 1, transB: 1 }, [1, 0], [1, 0], -2],
  ['batches', [2, 3, 4], [2, 4, 5], {}, undefined, undefined, 0.5],
  ['batches, both', [2, 4, 3], [2, 5, 4], { transA: 1, transB: 1 }, [0, 2, 1], [0, 2, 1]],
  ['a batch on one side', [3, 4], [2, 5, 4], { transB: 1 }, undefined, [0, 2, 1]],
  ['four dimensions', [2, 3, 4, 5], [2, 3, 6, 5], { transB: 1 }, undefined, [0, 1, 3, 2]],
  ['transBatchA', [3, 2, 4], [2, 4, 5], { transBatchA: 1 }, [1, 0, 2], undefined],
  ['transBatchA of four dimensions', [6, 2, 3, 4], [2, 3, 4, 5], { transBatchA: 1 }, [1, 2, 0, 3], undefined],
  ['transBatchA and transA', [4, 2, 3], [2, 4, 5], { transBatchA: 1, transA: 1 }, [1, 2, 0], undefined],
  ['transBatchB', [2, 3, 4], [4, 2, 5], { transBatchB: 1 }, undefined, [1, 0, 2]],
  ['transBatchB and transB', [2, 3, 4], [5, 2, 4], { transBatchB: 1, transB: 1 }, undefined, [1, 2, 0]],
  ['a vector on the left, whatever transA', [4], [4, 5], { transA: 1 }, undefined, undefined],
  ['a vector on the right, whatever transB', [3, 4], [4], { transB: 1 }, undefined, undefined, 3],
];

const fusedMatMuls = products.map(([title, aDims, bDims, flags, aOrder, bOrder, alpha]): ContribCase => {
  const [a, b] = [random(aDims, 10, -2, 2), random(bDims, 11, -2, 2)];
  const product = matMul(aOrder ? transpose(a, aOrder) : a, bOrder ? transpose(b, bOrder) : b);
  return {
    name: `FusedMatMul ${title}`,
    op: 'FusedMatMul',
    attributes: { ...flags, ...(alpha !== undefined && { alpha: float(alpha) }) },
    inputs: [a, b],
    expected: [
      array(
        product.dims,
        product.data.map((value) => value * (alpha ?? 1)),
      ),
    ],
  };
});

const x = random([2, 3, 4], 12, -3, 3);
const row = random([4], 13);

const gelus: readonly ContribCase[] = [
  { name: 'Gelu', op: 'Gelu', inputs: [x], expected: [map(x, 'Gelu')] },
  {
    name: 'BiasGelu',
    op: 'BiasGelu',
    inputs: [x, row],
    expected: [
      map(
        broadcastMap((a, b) => a + b, x, row),
        'Gelu',
      ),
    ],
  },
  { name: 'FastGelu', op: 'FastGelu', inputs: [x], expected: [map(x, 'Gelu', { approximate: 'tanh' })] },
  {
    name: 'FastGelu with a bias',
    op: 'FastGelu',
    inputs: [x, row],
    expected: [
      map(
        broadcastMap((a, b) => a + b, x, row),
        'Gelu',
        { approximate: 'tanh' },
      ),
    ],
  },
  ...[1.702, 1, -0.5].map((alpha): ContribCase => {
    const f = (value: number) => value / (1 + Math.exp(-Math.fround(alpha) * value));
    return {
      name: `QuickGelu ${alpha}`,
      op: 'QuickGelu',
      ...(alpha !== 1.702 && { attributes: { alpha: float(alpha) } }),
      inputs: [x],
      expected: [array(x.dims, x.data.map(f))],
    };
  }),
];

interface Skip {
  title: string;
  skip?: number[];
  bias?: boolean;
  beta?: boolean;
  epsilon?: number;
  outputs: readonly number[];
}

const skips = [
  { title: '', beta: true, outputs: [0] },
  { title: 'with a bias', beta: true, bias: true, epsilon: 0.1, outputs: [0] },
  { title: 'without beta', outputs: [0] },
  { title: 'with the sum', beta: true, outputs: [0, 3] },
  { title: 'with a bias and the sum, without beta', bias: true, outputs: [0, 3] },
  { title: 'with the statistics', beta: true, outputs: [0, 1, 2] },
  { title: 'of one skip for the batch', skip: [1, 3, 4], beta: true, outputs: [0] },
  { title: 'of a skip without a batch', skip: [3, 4], beta: true, outputs: [0] },
].map(({ title, skip: dims = [2, 3, 4], bias = false, beta = false, epsilon, outputs }: Skip): ContribCase => {
  const [skip, gamma, shift, extra] = [random(dims, 14), random([4], 15, 0.5, 2), random([4], 16), random([4], 17)];
  const sum = broadcastMap((...terms) => terms.reduce((a, b) => a + b, 0), x, skip, ...(bias ? [extra] : []));
  const normal = { x: sum, scale: gamma, epsilon: epsilon === undefined ? 1e-12 : Math.fround(epsilon) };
  const { y, mean, inverse } = layerNormalization(beta ? { ...normal, bias: shift } : normal);
  const all = [y, mean, inverse, sum];
  return {
    name: `SkipLayerNormalization ${title}`,
    op: 'SkipLayerNormalization',
    ...(epsilon !== undefined && { attributes: { epsilon: float(epsilon) } }),
    inputs: [x, skip, gamma, beta ? shift : undefined, ...(bias ? [extra] : [])],
    expected: all.slice(0, Math.max(...outputs) + 1).map((value, i) => (outputs.includes(i) ? value : undefined)),
  };
});

const bytes = (dims: number[], type: 'int8' | 'uint8'): Tensor => {
  const [low, high] = type === 'int8' ? [-128, 127] : [0, 255];
  return new Tensor(type, Array.from(random(dims, 18, low, high).data, Math.round), dims);
};

const pools = (
  [
    ['int8', [1, 6, 6, 3], { kernel_shape: [2, 2], strides: [2, 2] }],
    ['uint8', [2, 5, 6, 3], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], ceil_mode: 1 }],
    ['uint8', [1, 7, 5, 1], { kernel_shape: [2, 3], dilations: [2, 1] }],
  ] as const
).map(([type, dims, attributes]): ContribCase => {
  const picture = bytes([...dims], type);
  const { kernel_shape, ceil_mode, ...window } = { ceil_mode: 0, ...attributes };
  const nchw = transpose(array(picture.dims, picture.data as ArrayLike<number>), [0, 3, 1, 2]);
  const y = maxPool({ x: nchw, kernelShape: kernel_shape, ceilMode: ceil_mode === 1, ...window });
  return {
    name: `NhwcMaxPool ${type} ${dims}`,
    op: 'NhwcMaxPool',
    attributes,
    inputs: [picture],
    expected: [transpose(y, [0, 2, 3, 1])],
    type,
  };
});

const codes = bytes([2, 3, 4], 'uint8');
const scale = random([3], 19, 0.1, 1);
const zero = bytes([3], 'uint8');
const whole = ({ dims, data }: Tensor) => array(dims, data as ArrayLike<number>);

const dequantized: ContribCase = {
  name: 'DequantizeLinear',
  op: 'DequantizeLinear',
  attributes: { axis: 1 },
  inputs: [codes, scale, zero],
  expected: [dequantize(whole(codes), scale, whole(zero))],
};

export const contribCases: readonly ContribCase[] = [
  ...fusedConvs,
  strided,
  ...fusedGemms,
  ...fusedMatMuls,
  { ...(fusedMatMuls[2] as ContribCase), name: 'TransposeMatMul', op: 'TransposeMatMul' },
  ...gelus,
  ...skips,
  ...pools,
  dequantized,
];
