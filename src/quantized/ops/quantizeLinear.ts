import type { Op } from '../../../assembly/opcodes.ts';
import { QuantizeArg, QuantizedOp } from '../../../assembly/opcodes-quantized.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { DataType } from '../../graph/tensor.ts';
import { typeNames } from '../../graph/typeNames.ts';
import type { Value } from '../../graph/value.ts';
import { allocate } from '../../ops/elements.ts';
import { pictureFirst, rowMajor } from '../../ops/layouts.ts';
import { scalesOf } from '../../ops/more/quantize/dequantizeLinear.ts';
import type { Lowering, Node, OpenNode, Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import type { Place, Pointer } from '../../plan/place.ts';
import { rangeOf, saturated } from '../rounding.ts';
import { rowArgs } from '../rows.ts';
import { checkZero, flipOf, isByte, isSingle } from '../scales.ts';

interface QuantizeAttributes {
  readonly axis: number;
  /** How many neighbours along the axis share a scale; 0 if the whole axis or the whole tensor does. */
  readonly block: number;
  /** ONNX's name of the type that is stored, int4 for example, where the node states it. */
  readonly to: string | undefined;
}

/**
 * ONNX QuantizeLinear: round(x / scale), half to even, + zero point, clamped to the zero point's type (uint8 without one); one
 * scale for all, one for each index of an axis, or one for each block along it. Integers of less than a byte are bytes here.
 */
export const quantizeLinear: Operator<QuantizeAttributes> = {
  name: 'QuantizeLinear',
  since: 10,
  pack: 'quantized',
  inputs: [2, 3],
  types: ['float32', 'float32', 'any'],
  evaluatedTypes: [['float32', 'int32'], ['float32'], 'any'],
  slices: true,
  attributes(reader, opset) {
    const axis = opset < 13 ? 1 : reader.int('axis', 1);
    // Only floats of 8 bits may do other than saturate.
    if (opset >= 19) reader.int('saturate', 1);
    if (opset < 21) return { axis, block: 0, to: undefined };
    const block = reader.int('block_size', 0);
    if (block < 0) throw reader.invalid('block_size', `is ${block}, expected 0 or more`);
    const code = reader.int('output_dtype', 0);
    const to = code ? (typeNames[code] ?? `type ${code}`) : undefined;
    if (to && !integers.test(to)) throw reader.unsupported(`its output is ${to}; quantize to int8 or uint8 instead`);
    const precision = opset < 23 ? 0 : reader.int('precision', 0);
    // float32, or a 16-bit float, which is float32 here.
    if (![0, 1, 10, 16].includes(precision)) throw reader.unsupported(`a precision of ${typeNames[precision]} is not supported`);
    return { axis, block, to };
  },
  inferShape(node) {
    const [{ dims }, scale, zero] = [input(node, 0), input(node, 1), node.inputs[2]];
    const type = storedOf(node).replace(/t[24]$/, 't8') as DataType;
    checkZero(node, zero, type, scale);
    scalesOf(node);
    return [{ type, dims }];
  },
  layout: (node) =>
    hasKernel(node) ? (isPicture(output(node)) ? pictureFirst() : { inputs: ['any', 'rowMajor'], output: 'any' }) : rowMajor(),
  evaluate(node, [x, scale, zero]) {
    const { type, dims } = output(node);
    const range = rangeOf(storedOf(node));
    const { inner, step, at } = scalesOf(node);
    const y = allocate(type, product(dims));
    for (let i = 0; i < y.length; ) {
      let s = at(i / inner);
      for (const end = i + inner; i < end; i++, s += step) {
        y[i] = saturated(Math.fround(Math.fround(Number(x?.[i])) / Number(scale?.[s])), Number(zero?.[s] ?? 0), range);
      }
    }
    return [y];
  },
  lower(node, lowering) {
    if (!hasKernel(node)) return lowering.evaluate(node);
    const zero = node.inputs[2];
    const [source, target, scale] = [lowering.place(input(node, 0)), lowering.define(output(node)), lowering.place(input(node, 1))];
    emitQuantize(lowering, input(node, 0), output(node), source, target, scale.pointer, zero ? lowering.place(zero).pointer : 0);
  },
};

/** The types that a QuantizeLinear may have as output_dtype, as ONNX names them. */
const integers = /^u?int(2|4|8|16)$/;

/** ONNX's name of the output's type. */
const storedOf = ({ attributes, inputs }: OpenNode<QuantizeAttributes>): string => attributes.to ?? inputs[2]?.type ?? 'uint8';

/** A picture as networks get it: a convolution follows, and float32 changes its layout faster than bytes. */
export const isPicture = ({ dims }: Value): boolean => dims.length === 4 && at(dims, 1) < 5;

const hasKernel = (node: Node<QuantizeAttributes>): boolean =>
  isByte({ type: storedOf(node) as DataType }) && isSingle(input(node, 1)) && !node.attributes.block;

/**
 * Quantizes to bytes by one scale and zero point, which are in memory; a zero point of 0 is 0.
 * @param again eight channels to store once more, behind the others
 */
export function emitQuantize(
  lowering: Lowering,
  x: Value,
  y: Value,
  source: Place,
  target: Place,
  scale: Pointer,
  zero: Pointer | 0,
  again: readonly number[] = [],
): void {
  lowering.emit(QuantizedOp.Quantize as number as Op, {
    ...rowArgs(x, source, y, target),
    [QuantizeArg.Scale]: scale,
    [QuantizeArg.Zero]: zero,
    [QuantizeArg.OutFlip]: flipOf(y.type),
    [QuantizeArg.Again]: again.length,
    ...Object.fromEntries(again.map((channel, i) => [QuantizeArg.AgainChannels + i, channel])),
  });
}
