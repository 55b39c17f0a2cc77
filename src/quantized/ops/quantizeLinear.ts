import type { Op } from '../../../assembly/opcodes.ts';
import { QuantizeArg, QuantizedOp } from '../../../assembly/opcodes-quantized.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { arrayTypes, type DataType, formatDims, type TypedArray } from '../../graph/tensor.ts';
import { rowMajor } from '../../ops/layouts.ts';
import type { Node, OpenNode, Operator } from '../../ops/operator.ts';
import { input, invalid, output, resolveAxis } from '../../ops/shapes.ts';
import { rowsOf } from '../rows.ts';
import { checkZero, flipOf, isByte, isSingle } from '../scales.ts';

interface QuantizeAttributes {
  readonly axis: number;
}

/** ONNX QuantizeLinear: round(x / scale), half to even, + zero point, clamped to the zero point's type (uint8 without one). */
export const quantizeLinear: Operator<QuantizeAttributes> = {
  name: 'QuantizeLinear',
  since: 10,
  pack: 'quantized',
  inputs: [2, 3],
  types: ['float32', 'float32', 'any'],
  slices: true,
  attributes: (reader, opset) => ({ axis: opset < 13 ? 1 : reader.int('axis', 1) }),
  inferShape(node) {
    const [{ dims }, scale, zero] = [input(node, 0), input(node, 1), node.inputs[2]];
    const type: DataType = zero?.type ?? 'uint8';
    checkZero(node, zero, type, scale);
    if (!isSingle(scale)) {
      const axis = resolveAxis(node, node.attributes.axis, dims.length);
      if (scale.dims.length !== 1 || scale.dims[0] !== dims[axis]) {
        throw invalid(node, `its scale is ${formatDims(scale.dims)}, expected [${dims[axis]}]`);
      }
    }
    return [{ type, dims }];
  },
  layout: (node) => (hasKernel(node) ? { inputs: ['any', 'rowMajor'], output: 'any' } : rowMajor()),
  evaluate(node, [x, scale, zero]) {
    const { type, dims } = output(node);
    return [quantized(node, dims, type, x as Float32Array, scale as Float32Array, zero)];
  },
  lower(node, lowering) {
    if (!hasKernel(node)) return lowering.evaluate(node);
    const [x, y, zero] = [input(node, 0), output(node), node.inputs[2]];
    const [source, target] = [lowering.place(x), lowering.define(y)];
    const { pixels, channels, inStride, outStride } = rowsOf(x, source, y, target);
    lowering.emit(QuantizedOp.Quantize as number as Op, {
      [QuantizeArg.Input]: source.pointer,
      [QuantizeArg.Output]: target.pointer,
      [QuantizeArg.Pixels]: pixels,
      [QuantizeArg.Channels]: channels,
      [QuantizeArg.InPixelStride]: inStride,
      [QuantizeArg.OutPixelStride]: outStride,
      [QuantizeArg.Scale]: lowering.place(input(node, 1)).pointer,
      [QuantizeArg.Zero]: zero ? lowering.place(zero).pointer : 0,
      [QuantizeArg.OutFlip]: flipOf(y.type),
    });
  },
};

const hasKernel = (node: Node<QuantizeAttributes>): boolean => isByte(output(node)) && isSingle(input(node, 1));

const limits: Readonly<Partial<Record<DataType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
};

function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

function quantized(
  node: OpenNode<QuantizeAttributes>,
  dims: readonly number[],
  type: DataType,
  x: Float32Array,
  scale: Float32Array,
  zero: TypedArray | undefined,
): TypedArray {
  const [least, most] = limits[type] as readonly [number, number];
  const y = new arrayTypes[type](product(dims)) as Uint8Array;
  const single = scale.length === 1;
  const axis = single ? 0 : resolveAxis(node, node.attributes.axis, dims.length);
  const inner = product(dims.slice(axis + 1));
  for (let i = 0; i < y.length; i++) {
    const s = single ? 0 : Math.floor(i / inner) % at(dims, axis);
    const value = roundEven(Math.fround((x[i] as number) / (scale[s] as number)));
    const point = Number(zero?.[s] ?? 0);
    y[i] = Number.isNaN(value) ? point : Math.min(most, Math.max(least, value + point));
  }
  return y;
}
