import { BinaryKind, type Op } from '../../../assembly/opcodes.ts';
import { QuantizedBinaryArg, QuantizedOp } from '../../../assembly/opcodes-quantized.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import { mapElements } from '../../ops/elements.ts';
import { operandOf } from '../../ops/elementwise/binary.ts';
import { binaryArgs, operand } from '../../ops/emit.ts';
import type { Operator } from '../../ops/operator.ts';
import { broadcast, input, output } from '../../ops/shapes.ts';
import { pointerOf } from '../../plan/place.ts';
import { dequantized } from '../byte.ts';
import { rangeOf, saturated } from '../rounding.ts';
import { checkBytes, checkScale, flipOf, unsigned } from '../scales.ts';

/** The inputs of QLinearAdd and QLinearMul. */
export enum QBinaryInput {
  A,
  AScale,
  AZero,
  B,
  BScale,
  BZero,
  YScale,
  YZero,
}

export interface QBinaryAttributes {
  /** Limits of the stored bytes, as the type has them: what a Relu or a Clip leaves. */
  readonly range?: readonly [number, number];
}

const { A, AScale, AZero, B, BScale, BZero, YScale, YZero } = QBinaryInput;

/**
 * com.microsoft's QLinearAdd or QLinearMul, with broadcasting: what DequantizeLinear, Add or Mul, and QuantizeLinear give, each
 * operation rounded to float32. Bytes of both signs may meet.
 */
function binary(name: string, kind: BinaryKind): Operator<QBinaryAttributes> {
  return {
    name: `com.microsoft.${name}`,
    since: 1,
    pack: 'quantized',
    inputs: [7, 8],
    types: ['any'],
    slices: true,
    attributes: () => ({}),
    inferShape(node) {
      const [a, b] = [input(node, A), input(node, B)];
      const to = node.inputs[YZero] ?? a;
      checkBytes(node, a, b, to);
      checkScale(node, input(node, AScale), node.inputs[AZero], a.type);
      checkScale(node, input(node, BScale), node.inputs[BZero], b.type);
      checkScale(node, input(node, YScale), node.inputs[YZero], to.type);
      return [{ type: to.type, dims: broadcast(node, a.dims, b.dims) }];
    },
    layout: () => ({ inputs: ['any', 'rowMajor', 'rowMajor', 'any', 'rowMajor'], output: 'any' }),
    evaluate(node, data) {
      const { type, dims } = output(node);
      const number = (i: QBinaryInput) => Number(data[i]?.[0] ?? 0);
      const [p, q] = [
        { type, scale: number(AScale), zero: number(AZero) },
        { type, scale: number(BScale), zero: number(BZero) },
      ];
      const [scale, zero, range] = [number(YScale), number(YZero), node.attributes.range ?? rangeOf(type)];
      const elements = ([A, B] as const).map((i) => ({ data: data[i] as TypedArray, dims: input(node, i).dims }));
      return [
        mapElements(type, dims, elements, (x, y) => {
          const [c, d] = [dequantized(Number(x), p), dequantized(Number(y), q)];
          return saturated(Math.fround(Math.fround(kind === BinaryKind.Mul ? c * d : c + d) / scale), zero, range);
        }),
      ];
    },
    lower(node, lowering) {
      const [a, b, y] = [input(node, A), input(node, B), output(node)];
      const pointer = (i: QBinaryInput) => pointerOf(node.inputs[i] && lowering.place(input(node, i)));
      const [low, high] = node.attributes.range ?? rangeOf(y.type);
      const target = operand(y.dims, lowering.define(y));
      lowering.emit(QuantizedOp.Binary as number as Op, {
        ...binaryArgs(lowering, kind, target, operandOf(a, lowering), operandOf(b, lowering)),
        [QuantizedBinaryArg.AScale]: pointer(AScale),
        [QuantizedBinaryArg.AZero]: pointer(AZero),
        [QuantizedBinaryArg.BScale]: pointer(BScale),
        [QuantizedBinaryArg.BZero]: pointer(BZero),
        [QuantizedBinaryArg.OutScale]: pointer(YScale),
        [QuantizedBinaryArg.OutZero]: pointer(YZero),
        [QuantizedBinaryArg.AFlip]: flipOf(a.type),
        [QuantizedBinaryArg.BFlip]: flipOf(b.type),
        [QuantizedBinaryArg.OutFlip]: flipOf(y.type),
        [QuantizedBinaryArg.Min]: unsigned(low, y.type),
        [QuantizedBinaryArg.Max]: unsigned(high, y.type),
      });
    },
  };
}

export const qLinearAdd = binary('QLinearAdd', BinaryKind.Add);
export const qLinearMul = binary('QLinearMul', BinaryKind.Mul);
