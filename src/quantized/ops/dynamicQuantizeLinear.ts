import type { Op } from '../../../assembly/opcodes.ts';
import { QuantizedOp, RANGE_PART, RangeArg } from '../../../assembly/opcodes-quantized.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { alike, channelsLast } from '../../ops/layouts.ts';
import type { Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import type { Args } from '../../plan/place.ts';
import { saturated } from '../rounding.ts';
import { emitQuantize, isPicture } from './quantizeLinear.ts';

interface DynamicQuantizeAttributes {
  /** Eight channels that are stored once more, behind the others: what splitWeights asks for. */
  readonly again?: readonly number[];
}

/**
 * ONNX DynamicQuantizeLinear: X to uint8 by the scale and the zero point that fit it, which are the second and the third
 * output. As ONNX 1.23's reference and onnxruntime 1.30, a tensor of zeros has a scale of 1.
 */
export const dynamicQuantizeLinear: Operator<DynamicQuantizeAttributes> = {
  name: 'DynamicQuantizeLinear',
  since: 11,
  pack: 'quantized',
  inputs: [1, 1],
  outputs: [1, 3],
  attributes: () => ({}),
  inferShape: (node) =>
    [
      { type: 'uint8' as const, dims: widened(input(node, 0).dims, node.attributes.again) },
      { type: 'float32' as const, dims: [] },
      { type: 'uint8' as const, dims: [] },
    ].slice(0, node.outputCount),
  layout: (node) => (node.attributes.again || isPicture(input(node, 0)) ? channelsLast() : alike()),
  evaluate(node, [data]) {
    const x = data as Float32Array;
    let [low, high] = [0, 0];
    for (const value of x) {
      if (value < low) low = value;
      if (value > high) high = value;
    }
    const scale = low === high ? 1 : Math.fround(Math.fround(high - low) / 255);
    // Where no number fits it, 255: infinities, and ranges below the smallest scale.
    const point = Math.fround(-low / scale);
    const zero = Number.isNaN(point) ? 255 : saturated(point, 0, BYTES);
    const y = Uint8Array.from(x, (value) => saturated(Math.fround(value / scale), zero, BYTES));
    return [y, Float32Array.of(scale), Uint8Array.of(zero)].slice(0, node.outputCount);
  },
  lower(node, lowering) {
    const [x, y, scale, zero] = [input(node, 0), output(node), node.outputs[1], node.outputs[2]];
    const source = lowering.place(x);
    const count = product(x.dims);
    const [scaleAt, zeroAt] = [
      scale ? lowering.define(scale).pointer : lowering.scratch(1),
      zero ? lowering.define(zero).pointer : lowering.scratch(1, 'uint8'),
    ];
    const args: Args = {
      [RangeArg.Input]: source.pointer,
      [RangeArg.Count]: count,
      [RangeArg.Partials]: lowering.scratch(2 * Math.ceil(count / RANGE_PART)),
    };
    const op = QuantizedOp.Range as number as Op;
    lowering.emit(op, args);
    lowering.emit(op, { ...args, [RangeArg.Scale]: scaleAt, [RangeArg.Zero]: zeroAt });
    emitQuantize(lowering, x, y, source, lowering.define(y), scaleAt, zeroAt, node.attributes.again);
  },
};

/** The dimensions of what is stored. */
export const widened = (dims: readonly number[], again: readonly number[] = []): readonly number[] =>
  again.length > 0 ? dims.with(1, at(dims, 1) + again.length) : dims;

const BYTES = [0, 255] as const;
