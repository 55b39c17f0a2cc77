import type { Op } from '../../../assembly/opcodes.ts';
import { LookupArg, QuantizedOp } from '../../../assembly/opcodes-quantized.ts';
import { product } from '../../graph/dims.ts';
import { arrayTypes } from '../../graph/tensor.ts';
import { isConstant } from '../../ops/attributes.ts';
import { alike } from '../../ops/layouts.ts';
import type { Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { numberAt, type Quantization } from '../byte.ts';
import { rangeOf, saturated } from '../rounding.ts';
import { rowArgs } from '../rows.ts';
import { checkBytes } from '../scales.ts';

export interface LookupAttributes {
  /** 256 bytes: what becomes of each byte, by its bits as they are stored. */
  readonly table: Uint8Array;
  /** The output's type. */
  readonly type: 'uint8' | 'int8';
}

/** Not an ONNX operator: y = table[x], of bytes. Any function of one quantized value is such a table: see `tableOf`. */
export const lookup: Operator<LookupAttributes> = {
  name: 'lanewise.Lookup',
  since: 1,
  pack: 'quantized',
  inputs: [1, 1],
  types: ['any'],
  slices: true,
  elementwise: true,
  attributes(reader) {
    const table = reader.any('table');
    const type = reader.choice('type', 'uint8', 'int8');
    const bytes = table !== undefined && isConstant(table) && table.read();
    if (!(bytes instanceof Uint8Array) || bytes.length !== 256) throw reader.invalid('table', 'is not 256 bytes');
    return { table: bytes, type };
  },
  inferShape(node) {
    const x = input(node, 0);
    checkBytes(node, x);
    return [{ type: node.attributes.type, dims: x.dims }];
  },
  layout: alike,
  evaluate(node, [x]) {
    const { type, dims } = output(node);
    const y = new Uint8Array(product(dims));
    for (let i = 0; i < y.length; i++) y[i] = node.attributes.table[((x as Uint8Array)[i] as number) & 255] as number;
    return [new arrayTypes[type](y.buffer)];
  },
  lower(node, lowering) {
    const [x, y] = [input(node, 0), output(node)];
    const [source, target] = [lowering.place(x), lowering.define(y)];
    lowering.emit(QuantizedOp.Lookup as number as Op, {
      ...rowArgs(x, source, y, target),
      [LookupArg.Table]: lowering.table(new Int32Array(node.attributes.table.slice().buffer)),
    });
  },
};

/**
 * The table of what DequantizeLinear, a function and QuantizeLinear make of each byte, bit for bit.
 * @param f of a float32 number; what it gives is rounded to float32. Default: the number, for another scale
 * @example
 * const from = { type: 'uint8', scale: 0.1, zero: 128 };
 * tableOf(from, { type: 'uint8', scale: 1 / 256, zero: 0 }, (x) => 1 / (1 + exp(-x)));
 */
export function tableOf(from: Quantization, to: Quantization, f = (x: number): number => x): Uint8Array {
  const table = new Uint8Array(256);
  const limits = rangeOf(to.type);
  for (let i = 0; i < 256; i++) {
    const y = Math.fround(f(numberAt(i, from)));
    table[i] = saturated(Math.fround(y / to.scale), to.zero, limits);
  }
  return table;
}
