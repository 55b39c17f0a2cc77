// Convolutions and matrix products of integers that only passes write.

import { QuantizedConvArg, QuantizedType } from '../../../assembly/opcodes-quantized.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import { convMacs } from '../../ops/cost.ts';
import { type Clamped, clampWords } from '../../ops/elementwise/clamp.ts';
import { depthOf, type GemmAttributes } from '../../ops/gemm/gemm.ts';
import type { Lowering, Node, Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { type ConvAttributes, convWindow } from '../../ops/window/conv.ts';
import { wholeWindow } from '../../ops/window/window.ts';
import type { Args, Pointer } from '../../plan/place.ts';
import { rangeOf } from '../rounding.ts';
import { flipOf, isSingle, multiplier, numberOf, numbersOf, unsigned, zeroOf } from '../scales.ts';
import { lessZero } from '../weights.ts';
import { emitQConv, QConvInput, qWeights } from './conv.ts';

/** The inputs of the products with a float32 output: sums · scale + shift. */
enum FloatInput {
  X,
  /** A constant, or what a run computes. */
  XZero,
  /** int8 or uint8. */
  W,
  /** A constant; undefined if it is 0. */
  WZero,
  /** One number, or one for each output channel; a constant, or what a run computes. */
  Scale,
  Shift,
}

/** The passes that make these nodes know the shapes. */
const shared = { since: 0, pack: 'quantized', slices: true, inputs: [5, 6], types: ['any'], inferShape: () => [] } as const;

/** How sums are stored as float32. */
function storedFloats(node: Node<Clamped>, lowering: Lowering): Args {
  const [scale, shift] = [input(node, FloatInput.Scale), node.inputs[FloatInput.Shift]];
  const [min, max] = clampWords(node.attributes);
  return {
    [QuantizedConvArg.Type]: QuantizedType.Float32,
    [QuantizedConvArg.Scale]: lowering.place(scale).pointer,
    [QuantizedConvArg.ScaleStep]: isSingle(scale) ? 0 : 4,
    [QuantizedConvArg.Shift]: shift ? lowering.place(shift).pointer : 0,
    [QuantizedConvArg.FloatMin]: min,
    [QuantizedConvArg.FloatMax]: max,
  };
}

/** Not an ONNX operator: a convolution of bytes by constant bytes, stored as float32. */
export const convIntegerToFloat: Operator<ConvAttributes> = {
  ...shared,
  name: 'ConvIntegerToFloat',
  layout: () => ({ inputs: ['channelsLast', 'rowMajor'], output: 'channelsLast' }),
  macs: (node) => convMacs(output(node).dims, input(node, FloatInput.W).dims),
  lower(node, lowering) {
    const [x, w, y] = [input(node, FloatInput.X), input(node, FloatInput.W), output(node)];
    const window = convWindow(asConv(node));
    const { group: groups } = node.attributes;
    emitQConv(lowering, {
      window,
      from: x,
      to: y,
      source: lowering.place(x),
      ...qWeights(lowering, w, node.inputs[FloatInput.WZero], undefined, window, groups),
      inZero: zeroOf(lowering, input(node, FloatInput.XZero)),
      stored: storedFloats(node, lowering),
      target: lowering.define(y),
      groups,
      macs: convMacs(y.dims, w.dims),
    });
  },
};

/** The node with the inputs of a Conv. */
const asConv = <N extends { readonly inputs: readonly (Value | undefined)[] }>(node: N): N => ({
  ...node,
  inputs: [node.inputs[FloatInput.X], node.inputs[FloatInput.W]],
});

export interface ProductAttributes extends Clamped, Pick<GemmAttributes, 'pixels'> {
  readonly transB: boolean;
  /** As in QLinearConv. */
  readonly range?: readonly [number, number] | undefined;
}

/** Not an ONNX operator: rows of bytes times a constant matrix [K, N], or [N, K] if `transB`, stored as float32. */
export const matMulIntegerToFloat: Operator<ProductAttributes> = {
  ...shared,
  name: 'MatMulIntegerToFloat',
  macs: (node) => macsOf(input(node, 0), output(node)),
  lower: (node, lowering) =>
    emitProduct(node, lowering, {
      weights: input(node, FloatInput.W),
      zero: node.inputs[FloatInput.WZero],
      bias: undefined,
      inZero: zeroOf(lowering, input(node, FloatInput.XZero)),
      stored: storedFloats(node, lowering),
    }),
};

/** Not an ONNX operator: rows of bytes times a constant matrix, stored as bytes. Its inputs are those of QLinearConv. */
export const qMatMul: Operator<ProductAttributes> = {
  ...shared,
  name: 'QMatMul',
  inputs: [8, 9],
  macs: (node) => macsOf(input(node, 0), output(node)),
  lower(node, lowering) {
    const y = output(node);
    const [xScale, yScale] = [numberOf(node.inputs[QConvInput.XScale]), numberOf(node.inputs[QConvInput.YScale])];
    const scales = numbersOf(input(node, QConvInput.WScale)).map((scale) => multiplier(xScale, scale, yScale));
    const [low, high] = node.attributes.range ?? rangeOf(y.type);
    emitProduct(node, lowering, {
      weights: input(node, QConvInput.W),
      zero: node.inputs[QConvInput.WZero],
      bias: node.inputs[QConvInput.Bias],
      inZero: numberOf(node.inputs[QConvInput.XZero]),
      stored: {
        [QuantizedConvArg.Type]: QuantizedType.Byte,
        [QuantizedConvArg.Scale]: lowering.table(Float32Array.from(scales)),
        [QuantizedConvArg.ScaleStep]: scales.length === 1 ? 0 : 4,
        [QuantizedConvArg.OutFlip]: flipOf(y.type),
        [QuantizedConvArg.OutZero]: unsigned(numberOf(node.inputs[QConvInput.YZero]), y.type),
        [QuantizedConvArg.Min]: unsigned(low, y.type),
        [QuantizedConvArg.Max]: unsigned(high, y.type),
      },
    });
  },
};

const macsOf = (x: Value, y: Value): number => product(y.dims) * at(x.dims, x.dims.length - 1);

interface Product {
  readonly weights: Value;
  /** Its zero points: undefined, one, or one for each column. */
  readonly zero: Value | undefined;
  readonly bias: Value | undefined;
  readonly inZero: number | Pointer;
  readonly stored: Args;
}

/** All rows are one matrix, which is a picture of one column. */
function emitProduct(node: Node<ProductAttributes>, lowering: Lowering, { weights, zero, bias, ...call }: Product): void {
  const [x, y] = [input(node, 0), output(node)];
  const { transB, pixels } = node.attributes;
  const [depth, columns] = [at(x.dims, x.dims.length - 1), at(y.dims, y.dims.length - 1)];
  const rows = product(x.dims.slice(0, -1));
  const less = lessZero(weights, zero, transB ? 0 : 1);
  const panels = lowering.panels({
    weights: less,
    bias,
    groups: 1,
    columns,
    ...depthOf(depth, transB ? 1 : columns, pixels),
    groupStride: 0,
    columnStride: transB ? depth : 1,
  });
  emitQConv(lowering, {
    ...call,
    window: wholeWindow([1, 1], [rows, 1]),
    from: { ...x, dims: [1, depth, rows, 1] },
    to: { ...y, dims: [1, columns, rows, 1] },
    source: { ...lowering.place(x), pixelStride: depth },
    target: { ...lowering.define(y), pixelStride: columns * (y.type === 'float32' ? 4 : 1) },
    weights: panels,
    wide: less.type === 'int16',
    groups: 1,
    macs: macsOf(x, y),
  });
}
