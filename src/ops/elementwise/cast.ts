import { type Half, toBfloat16, toFloat16, widenHalves } from '../../graph/halves.ts';
import { arrayTypes, type DataType, type TypedArray } from '../../graph/tensor.ts';
import { typeNames } from '../../graph/typeNames.ts';
import type { AttributeReader } from '../attributes.ts';
import { allocate, convert, type Element, isBig } from '../elements.ts';
import { alike, rowMajor } from '../layouts.ts';
import type { Node, OpenNode, Operator } from '../operator.ts';
import { input, output } from '../shapes.ts';

export interface CastAttributes {
  readonly to: DataType;
  /** Significant bits of the 16-bit floats, which are float32 here. */
  readonly rounding?: Half;
}

/** ONNX Cast. float16 and bfloat16 are float32 rounded to their precision. */
export const cast: Operator<CastAttributes> = {
  name: 'Cast',
  since: 6,
  inputs: [1, 1],
  attributes(reader, opset) {
    const code = reader.int('to', 0);
    const to = typeNames[code] ?? '';
    readFloat8(reader, opset);
    if (to === 'float16' || to === 'bfloat16') return { to: 'float32', rounding: to };
    if (!Object.hasOwn(arrayTypes, to)) throw reader.unsupported(`a cast to ${to || `ONNX's element type ${code}`} is not supported`);
    return { to: to as DataType };
  },
  inferShape: (node) => [{ type: node.attributes.to, dims: input(node, 0).dims }],
  types: ['any'],
  layout: (node) => (isStill(node) ? alike() : rowMajor()),
  lower: (node, lowering) => (isStill(node) ? lowering.alias(output(node), input(node, 0)) : lowering.evaluate(node as Node)),
  evaluate(node, [x]) {
    const { type } = output(node);
    const { rounding } = node.attributes;
    const data = x as TypedArray;
    const from = input(node, 0).type;
    if (isStill(node)) return [data];
    const y = allocate(type, data.length);
    // Between numeric types, storing into the array cuts and wraps as `convert` does, and the engine does it all at once.
    if (type !== 'bool' && !isBig(from) && !isBig(type)) y.set(data as never);
    else for (let i = 0; i < data.length; i++) y[i] = convert(data[i] as Element, from, type) as never;
    if (rounding) y.set(widenHalves(rounding, (rounding === 'float16' ? toFloat16 : toBfloat16)(y as Float32Array)) as never);
    return [y];
  },
};

/** These control conversions to 8-bit floats, which are not supported. */
export function readFloat8(reader: AttributeReader, opset: number): void {
  reader.int('saturate', 1);
  if (opset >= 24) reader.choice('round_mode', 'up', 'down', 'nearest');
}

/** Whether the cast changes nothing. */
export const isStill = (node: OpenNode<CastAttributes>): boolean =>
  input(node, 0).type === node.attributes.to && node.attributes.rounding === undefined;
