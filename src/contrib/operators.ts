// Defined as in github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md, and as onnxruntime 1.30 computes them.

import { at } from '../graph/at.ts';
import { operators } from '../ops/index.ts';
import type { Operator } from '../ops/operator.ts';
import { contrib, type Expansion, type Versioned } from './expansion.ts';

const ADD: Versioned = ['Add', 13];
const MUL: Versioned = ['Mul', 13];
const GELU: Versioned = ['Gelu', 20];

/** Activations that are fused to others: the opset whose operator is meant, and its parameters in order. */
export const activations: Readonly<Record<string, readonly [opset: number, ...parameters: string[]]>> = {
  Clip: [6, 'min', 'max'],
  Elu: [6, 'alpha'],
  HardSigmoid: [6, 'alpha', 'beta'],
  HardSwish: [14],
  LeakyRelu: [6, 'alpha'],
  Relu: [6],
  Sigmoid: [6],
  Softplus: [1],
  Tanh: [6],
};

/** @param given the parameters that the file states */
function activate(to: Expansion, x: string, given: readonly (number | undefined)[]): void {
  const name = to.reader.string('activation', '');
  if (name === '') {
    to.result(['Identity', 1], [x]);
    return;
  }
  const [opset, ...parameters] = (Object.hasOwn(activations, name) && activations[name]) || [];
  if (opset === undefined) throw to.reader.unsupported(`activation '${name}' is not supported`);
  const attributes = parameters.map((parameter, i) => {
    const value = given[i];
    if (value === undefined) throw to.reader.invalid('activation', `is ${name}, whose '${parameter}' is not given`);
    return [parameter, value] as const;
  });
  to.result([name, opset], [x], Object.fromEntries(attributes));
}

/** Only the activation may need rarer kernels. */
const fused: Parameters<typeof contrib>[3] = {
  pack: ({ attributes }) => (operators.get(String(attributes.get('activation')))?.pack === 'more' ? 'more' : 'core'),
};

/** Conv(X, W, B) + Z, and an activation. */
const fusedConv = contrib(
  'FusedConv',
  [2, 4],
  (to) => {
    const given = to.reader.any('activation_params') ?? [];
    if (!Array.isArray(given) || !given.every((value) => typeof value === 'number'))
      throw to.reader.invalid('activation_params', 'is not a list of numbers');
    const conv = to.node(
      ['Conv', 11],
      [0, 1, 2].map((i) => to.input(i)),
      to.attributesWithout('activation', 'activation_params'),
    );
    activate(to, to.input(3) ? to.node(ADD, [conv, to.input(3)]) : conv, given);
  },
  fused,
);

const parameterNames = ['activation_alpha', 'activation_beta', 'activation_gamma'];

/** Gemm, and an activation. */
const fusedGemm = contrib(
  'FusedGemm',
  [2, 3],
  (to) => {
    const given = parameterNames.map((name) => (to.source.attributes.has(name) ? to.reader.float(name, 0, false) : undefined));
    const attributes = to.attributesWithout('activation', ...parameterNames);
    activate(
      to,
      to.node(
        ['Gemm', 13],
        [0, 1, 2].map((i) => to.input(i)),
        attributes,
      ),
      given,
    );
  },
  fused,
);

/** The order of a matrix's dimensions if the first goes behind all but the last two (`batch`), and the last two are swapped. */
export function orderOf(rank: number, transposed: boolean, batch: boolean): number[] {
  const order = Array.from({ length: rank }, (_, i) => i);
  // onnxruntime leaves vectors as they are.
  if (rank < 2) return order;
  if (batch) order.splice(rank - 2, 0, ...order.splice(0, 1));
  return transposed ? [...order.slice(0, -2), ...order.slice(-2).reverse()] : order;
}

/** alpha · A · B, either of them transposed. */
const fusedMatMul = (name: string): Operator =>
  contrib(name, [2, 2], (to) => {
    const { reader } = to;
    const alpha = reader.float('alpha', 1);
    const [transA, transB] = [reader.flag('transA'), reader.flag('transB')];
    const [batchA, batchB] = [reader.flag('transBatchA'), reader.flag('transBatchB')];
    reader.finish();
    const ranks = [0, 1].map((i) => to.value(i).dims.length);
    if (ranks.every((rank) => rank === 2)) {
      return to.result(['Gemm', 13], [to.input(0), to.input(1)], { alpha, transA: Number(transA), transB: Number(transB) });
    }
    const ordered = (i: 0 | 1, transposed: boolean, batch: boolean): string => {
      const perm = orderOf(at(ranks, i), transposed, batch);
      return perm.every((axis, i) => axis === i) ? to.input(i) : to.node(['Transpose', 13], [to.input(i)], { perm });
    };
    const product = to.node(['MatMul', 13], [ordered(0, transA, batchA), ordered(1, transB, batchB)]);
    if (alpha === 1) to.result(['Identity', 1], [product]);
    else to.result(MUL, [product, to.number(alpha, 0)]);
  });

const gelu = contrib(
  'Gelu',
  [1, 1],
  (to) => {
    to.reader.finish();
    to.result(GELU, [to.input(0)]);
  },
  { pack: 'more' },
);

/** Gelu(x + bias). */
const biasGelu = contrib(
  'BiasGelu',
  [2, 2],
  (to) => {
    to.reader.finish();
    to.result(GELU, [to.node(ADD, [to.input(0), to.input(1)])]);
  },
  { pack: 'more' },
);

/** Gelu of x, or of x + bias, by tanh. */
const fastGelu = contrib(
  'FastGelu',
  [1, 2],
  (to) => {
    to.reader.finish();
    const x = to.input(1) ? to.node(ADD, [to.input(0), to.input(1)]) : to.input(0);
    to.result(GELU, [x], { approximate: 'tanh' });
  },
  { pack: 'more' },
);

/** x · sigmoid(alpha · x). */
const quickGelu = contrib('QuickGelu', [1, 1], (to) => {
  const alpha = to.reader.float('alpha', 1.702);
  to.reader.finish();
  const x = to.input(0);
  const scaled = alpha === 1 ? x : to.node(MUL, [x, to.number(alpha, 0)]);
  to.result(MUL, [x, to.node(['Sigmoid', 13], [scaled])]);
});

/** LayerNormalization of input + skip + bias; the sum is the fourth output. */
const skipLayerNormalization = contrib(
  'SkipLayerNormalization',
  [3, 5],
  (to) => {
    const epsilon = to.reader.float('epsilon', 1e-12);
    to.reader.finish();
    const [y = '', mean = '', inverse = '', sum] = to.source.outputs;
    const outputs = sum ? [sum] : undefined;
    const bias = to.input(4);
    const both = to.node(ADD, [to.input(0), to.input(1)], {}, bias ? undefined : outputs);
    const x = bias ? to.node(ADD, [both, bias], {}, outputs) : both;
    to.node(['LayerNormalization', 17], [x, to.input(2), to.input(3)], { epsilon }, [y, mean, inverse]);
  },
  { outputs: 4, pack: 'more' },
);

/** MaxPool of a picture whose channels come last. */
const nhwcMaxPool = contrib('NhwcMaxPool', [1, 1], (to) => {
  const rank = to.value(0).dims.length;
  const spatial = Array.from({ length: Math.max(rank - 2, 0) }, (_, i) => i);
  const first = to.node(['Transpose', 13], [to.input(0)], { perm: [0, rank - 1, ...spatial.map((i) => i + 1)] });
  const pooled = to.node(['MaxPool', 12], [first], to.attributesWithout());
  to.result(['Transpose', 13], [pooled], { perm: [0, ...spatial.map((i) => i + 2), 1] });
});

/** ONNX's own operator of opset 21, for files of older opsets. */
const dequantizeLinear = contrib(
  'DequantizeLinear',
  [2, 3],
  (to) => {
    to.result(
      ['DequantizeLinear', 21],
      [0, 1, 2].map((i) => to.input(i)),
      to.attributesWithout(),
    );
  },
  // Once the chunk of integers is there, it has a kernel.
  {
    pack(...context) {
      const pack = operators.get('DequantizeLinear')?.pack;
      return typeof pack === 'function' ? pack(...context) : 'core';
    },
  },
);

export const contribOperators: readonly Operator[] = [
  biasGelu,
  dequantizeLinear,
  fastGelu,
  fusedConv,
  fusedGemm,
  fusedMatMul('FusedMatMul'),
  fusedMatMul('TransposeMatMul'),
  gelu,
  nhwcMaxPool,
  quickGelu,
  skipLayerNormalization,
];
