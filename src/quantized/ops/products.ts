// Convolutions and matrix products of integers that only passes write.

import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import { convMacs } from '../../ops/cost.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { depthOf, type GemmAttributes } from '../../ops/gemm/gemm.ts';
import { pictureFirst } from '../../ops/layouts.ts';
import type { Lowering, Node, Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { type ConvAttributes, convWindow } from '../../ops/window/conv.ts';
import type { ConvCall } from '../../ops/window/convCall.ts';
import { type ConvTransposeAttributes, convTranspose, lowerTransposed } from '../../ops/window/convTranspose.ts';
import type { Args, Pointer } from '../../plan/place.ts';
import { isSingle, multiplier, numberOf, numbersOf, zeroOf } from '../scales.ts';
import { lessZero } from '../weights.ts';
import { emitQConv, emitQMatrix, type QConvCall, QConvInput, qWeights } from './conv.ts';
import { storedBytes, storedFloats } from './stored.ts';

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

function storedOf(node: Node<Clamped>, lowering: Lowering): Args {
  const [scale, shift] = [input(node, FloatInput.Scale), node.inputs[FloatInput.Shift]];
  return storedFloats(lowering.place(scale).pointer, isSingle(scale), node.attributes, shift ? lowering.place(shift).pointer : 0);
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
      stored: storedOf(node, lowering),
      target: lowering.define(y),
      groups,
      macs: convMacs(y.dims, w.dims),
    });
  },
};

/** Not an ONNX operator: a transposed convolution of bytes by constant integers. Its products are integers, which become float32 to be added up. */
export const convTransposeIntegerToFloat: Operator<ConvTransposeAttributes> = {
  ...shared,
  name: 'ConvTransposeIntegerToFloat',
  layout: pictureFirst,
  macs: convTranspose.macs as NonNullable<Operator<ConvTransposeAttributes>['macs']>,
  lower(node, lowering) {
    // The inputs of a ConvTranspose, the weights less their zero point, then the zero point of x and the scales.
    const [w, zero, scale] = [input(node, 1), input(node, 3), numbersOf(input(node, 4))];
    const [, filters = 1, ...kernel] = w.dims;
    const scales = Float32Array.from({ length: product(kernel) * filters }, (_, i) => at(scale, scale.length === 1 ? 0 : i % filters));
    const stored = storedFloats(lowering.table(scales), false);
    lowerTransposed(node, lowering, (to, call) =>
      emitQConv(to, { ...(call as ConvCall & Pick<QConvCall, 'from' | 'to'>), wide: w.type === 'int16', inZero: numberOf(zero), stored }),
    );
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
      stored: storedOf(node, lowering),
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
    emitProduct(node, lowering, {
      weights: input(node, QConvInput.W),
      zero: node.inputs[QConvInput.WZero],
      bias: node.inputs[QConvInput.Bias],
      inZero: numberOf(node.inputs[QConvInput.XZero]),
      stored: storedBytes(lowering, y, node.inputs[QConvInput.YZero], Float32Array.from(scales), node.attributes.range),
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
  emitQMatrix(lowering, {
    ...call,
    rows,
    depth,
    columns,
    from: x,
    to: y,
    source: lowering.place(x),
    target: lowering.define(y),
    weights: panels,
    wide: less.type === 'int16',
  });
}
