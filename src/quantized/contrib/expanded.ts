// Defined as in github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md.

import { contrib, DOMAIN, type Expansion, type Versioned } from '../../contrib/expansion.ts';
import type { AttributeReader } from '../../ops/attributes.ts';
import { exp } from '../../ops/exact.ts';
import type { Operator } from '../../ops/operator.ts';
import { type Quantization, quantizationOf } from '../byte.ts';
import { lookup, tableOf } from '../ops/lookup.ts';
import { isByte, isSingle } from '../scales.ts';

const DEQUANTIZE: Versioned = ['DequantizeLinear', 13];
const QUANTIZE: Versioned = ['QuantizeLinear', 13];
const MUL: Versioned = ['Mul', 14];
const quantized = { pack: 'quantized' } as const;

/** Where an input, its scale and its zero point are. */
type Places = readonly [x: number, scale: number, zero: number];

/** Where the output's scale and zero point are. */
type OutPlaces = readonly [scale: number, zero: number];

/** A function of one byte. */
interface Function {
  /** Of a float32 number. */
  readonly of: (x: number) => number;
  /** The same as a node. */
  readonly write: (x: string) => string;
}

const name = (to: Expansion, what: string): string => `${DOMAIN}:${to.source.outputs[0]}/${what}`;

/** How a value's bytes stand for numbers, if that is known. */
function known(to: Expansion, [x, scale, zero]: Places, type = to.value(x).type): Quantization | undefined {
  const [step, point] = [to.value(scale), to.input(zero) === '' ? undefined : to.value(zero)];
  const fits =
    isByte({ type }) && isSingle(step) && step.constant && (!point || (point.type === type && isSingle(point) && point.constant));
  return fits ? quantizationOf(type, step, point) : undefined;
}

/** The zero point of the output; a 0 of the input's type where it is left out. */
const zeroOf = (to: Expansion, [, zero]: OutPlaces, x: number): string => to.input(zero) || to.number(0, x);

/**
 * f(input) in the output's scale: a table if the scales are known, else the operators.
 * @param outputs default: a new name
 */
function converted(to: Expansion, places: Places, out: OutPlaces, f?: Function, outputs?: readonly string[]): string {
  const [x, scale, zero] = places;
  const type = to.input(out[1]) === '' ? to.value(x).type : to.value(out[1]).type;
  const [from, into] = [known(to, places), known(to, [x, ...out], type)];
  if (from && into) {
    if (!f && from.type === into.type && from.scale === into.scale && from.zero === into.zero) return to.input(x);
    const table = tableOf(from, into, f?.of);
    const constant = { name: name(to, 'table'), type: 'uint8', dims: [256], read: () => table } as const;
    return to.node([lookup.name, 1], [to.input(x)], { table: constant, type: into.type }, outputs);
  }
  const real = to.node(
    DEQUANTIZE,
    [x, scale, zero].map((i) => to.input(i)),
  );
  return to.node(QUANTIZE, [f ? f.write(real) : real, to.input(out[0]), zeroOf(to, out, x)], {}, outputs);
}

/** An operator of one input: X, its scale and zero point, and the output's. */
const unary = (name: string, functionOf: (reader: AttributeReader, to: Expansion) => Function): Operator =>
  contrib(
    name,
    [2, 5],
    (to) => {
      const f = functionOf(to.reader, to);
      to.reader.finish();
      converted(to, [0, 1, 2], [3, 4], f, [to.source.outputs[0] as string]);
    },
    quantized,
  );

const qLinearLeakyRelu = unary('QLinearLeakyRelu', (reader, to) => {
  const alpha = reader.float('alpha', 0.01);
  return {
    of: (x) => (x < 0 ? Math.fround(alpha) * x : x),
    write: (x) => to.node(['LeakyRelu', 16], [x], { alpha }),
  };
});

const qLinearSigmoid = unary('QLinearSigmoid', (_, to) => ({
  of: (x) => 1 / (1 + exp(-x)),
  write: (x) => to.node(['Sigmoid', 13], [x]),
}));

/** Softmax of the numbers, in float32. `opset` tells whether a row is everything from the axis on (up to 12). */
const qLinearSoftmax = contrib(
  'QLinearSoftmax',
  [2, 5],
  (to) => {
    const { reader } = to;
    const axis = reader.int('axis', -1);
    const opset = reader.positive('opset', 13);
    reader.finish();
    const real = to.node(
      DEQUANTIZE,
      [0, 1, 2].map((i) => to.input(i)),
    );
    to.result(QUANTIZE, [to.node(['Softmax', opset], [real], { axis }), to.input(3), zeroOf(to, [3, 4], 0)]);
  },
  quantized,
);

/** Concat of parts that have scales of their own. */
const qLinearConcat = contrib(
  'QLinearConcat',
  [5, Number.POSITIVE_INFINITY],
  (to) => {
    const { inputs } = to.source;
    const count = Math.ceil((inputs.length - 2) / 3);
    const parts = Array.from({ length: count }, (_, i) => converted(to, [3 * i + 2, 3 * i + 3, 3 * i + 4], [0, 1]));
    to.result(['Concat', 13], parts, to.attributesWithout());
  },
  quantized,
);

/** float32(A · B) times its scale, plus a bias. */
function scaledProduct(to: Expansion, product: readonly string[], scale: string, bias: string): void {
  const sums = to.node(['MatMulInteger', 10], product);
  const scaled = [to.node(['Cast', 13], [sums], { to: 1 }), scale] as const;
  if (bias === '') to.result(MUL, scaled);
  else to.result(['Add', 14], [to.node(MUL, scaled), bias]);
}

/** A, B, their scales, their zero points, bias. */
const matMulIntegerToFloat = contrib(
  'MatMulIntegerToFloat',
  [4, 7],
  (to) => {
    to.reader.finish();
    const [a, b, aScale, bScale, aZero, bZero, bias] = [0, 1, 2, 3, 4, 5, 6].map((i) => to.input(i)) as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    scaledProduct(to, [a, b, aZero, bZero], to.node(MUL, [aScale, bScale]), bias);
  },
  quantized,
);

/** A, which is quantized to uint8 as it comes; B, its scale, its zero point, bias. */
const dynamicQuantizeMatMul = contrib(
  'DynamicQuantizeMatMul',
  [3, 5],
  (to) => {
    to.reader.finish();
    const [a, scale, zero] = ['a', 'scale', 'zero'].map((what) => name(to, what)) as [string, string, string];
    to.node(['DynamicQuantizeLinear', 11], [to.input(0)], {}, [a, scale, zero]);
    scaledProduct(to, [a, to.input(1), zero, to.input(3)], to.node(MUL, [scale, to.input(2)]), to.input(4));
  },
  quantized,
);

/** ONNX's own operator of opset 21, for files of older opsets. */
const quantizeLinear = contrib(
  'QuantizeLinear',
  [2, 3],
  (to) => {
    to.result(
      ['QuantizeLinear', 21],
      [0, 1, 2].map((i) => to.input(i)),
      to.attributesWithout(),
    );
  },
  quantized,
);

export const expanded: readonly Operator[] = [
  dynamicQuantizeMatMul,
  matMulIntegerToFloat,
  qLinearConcat,
  qLinearLeakyRelu,
  qLinearSigmoid,
  qLinearSoftmax,
  quantizeLinear,
];
