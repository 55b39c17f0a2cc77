import { BinaryKind, Op, TransposeArg, UnaryKind } from '../../../assembly/opcodes.ts';
import { product } from '../../graph/dims.ts';
import { formatDims } from '../../graph/tensor.ts';
import { macsOf } from '../cost.ts';
import type { Clamped } from '../elementwise/clamp.ts';
import { emitBinary, emitUnary, operand } from '../emit.ts';
import type { Node, OpenNode, Operator, Panels } from '../operator.ts';
import { broadcast, input, invalid, output } from '../shapes.ts';
import { emitConv } from '../window/conv.ts';
import { wholeWindow } from '../window/window.ts';

export interface GemmAttributes extends Clamped {
  readonly alpha: number;
  readonly beta: number;
  readonly transA: boolean;
  readonly transB: boolean;
  /**
   * If set (by a pass), A's rows are pictures of this many pixels, stored pixel by pixel, while B's depth is ordered channel
   * by channel.
   */
  readonly pixels?: number;
}

/** ONNX Gemm, the dense layer: alpha * A * B + beta * C; A [M, K], B [K, N] or transposed, C, optional, broadcasts to [M, N]. */
export const gemm: Operator<GemmAttributes> = {
  clamps: true,
  name: 'Gemm',
  since: 6,
  inputs: [2, 3],
  attributes(reader, opset) {
    // Up to opset 6 the file says whether C is smaller than the product, but its shape says so as well.
    if (opset < 7) reader.flag('broadcast');
    return {
      alpha: reader.float('alpha', 1),
      beta: reader.float('beta', 1),
      transA: reader.flag('transA'),
      transB: reader.flag('transB'),
    };
  },
  inferShape(node) {
    const { rows, columns } = sizes(node);
    return [{ type: 'float32', dims: [rows, columns] }];
  },
  macs(node) {
    const { rows, columns, depth } = sizes(node);
    return rows * columns * depth;
  },
  lower(node, lowering) {
    const { rows, columns, depth } = sizes(node);
    const { alpha, beta, transA, transB } = node.attributes;
    const [a, b, c] = [input(node, 0), input(node, 1), node.inputs[2]];
    const asBias = c !== undefined && (product(c.dims) === 1 || (product(c.dims) === columns && c.dims.at(-1) === columns));
    const weights = lowering.panels({
      weights: b,
      bias: asBias ? c : undefined,
      groups: 1,
      columns,
      ...depthOf(depth, transB ? 1 : columns, node.attributes.pixels),
      groupStride: 0,
      columnStride: transB ? depth : 1,
      biasStride: c && product(c.dims) === 1 ? 0 : 1,
      alpha,
      beta,
    });
    let source = lowering.place(a);
    if (transA) {
      const transposed = lowering.scratch(rows * depth);
      lowering.emit(Op.Transpose, {
        [TransposeArg.Input]: source.pointer,
        [TransposeArg.Output]: transposed,
        [TransposeArg.Batch]: 1,
        [TransposeArg.Rows]: depth,
        [TransposeArg.Columns]: rows,
        [TransposeArg.InRowStride]: rows * 4,
        [TransposeArg.OutRowStride]: depth * 4,
      });
      source = { ...source, pointer: transposed, pixelStride: depth * 4 };
    }
    const target = lowering.define(output(node));
    const after = c !== undefined && !asBias;
    emitConv(lowering, {
      window: wholeWindow([1, 1], [rows, 1]),
      from: { type: 'float32', dims: [1, depth, rows, 1] },
      to: { type: 'float32', dims: [1, columns, rows, 1] },
      source,
      target,
      weights,
      groups: 1,
      clamped: after ? {} : node.attributes,
      macs: macsOf(node),
    });
    if (!after) return;
    const result = operand([rows, columns], target);
    let addend = operand(c.dims, lowering.place(c));
    if (beta !== 1) {
      const scaled = { ...addend, pointer: lowering.scratch(product(c.dims)) };
      emitUnary(lowering, UnaryKind.Scale, scaled, addend, beta);
      addend = scaled;
    }
    emitBinary(lowering, BinaryKind.Add, result, result, addend, node.attributes);
  },
};

/**
 * The depth of packed weights whose rows are `stride` elements apart: in order, or reordered from channel by channel to
 * pixel by pixel.
 */
export const depthOf = (depth: number, stride: number, pixels = 1): Pick<Panels, 'depth' | 'strides'> =>
  pixels === 1
    ? { depth: [1, 1, depth], strides: [0, 0, stride] }
    : { depth: [1, pixels, depth / pixels], strides: [0, stride, pixels * stride] };

function sizes(node: OpenNode<GemmAttributes> | Node<GemmAttributes>): { rows: number; columns: number; depth: number } {
  const [a, b, c] = [input(node, 0).dims, input(node, 1).dims, node.inputs[2]?.dims];
  if (a.length !== 2 || b.length !== 2) throw invalid(node, `A ${formatDims(a)} and B ${formatDims(b)} should be matrices`);
  const { transA, transB } = node.attributes;
  const [rows = 0, depth = 0] = transA ? [a[1], a[0]] : a;
  const [depthB = 0, columns = 0] = transB ? [b[1], b[0]] : b;
  if (depth !== depthB) {
    throw invalid(
      node,
      `A ${formatDims(a)}${transA ? ' transposed' : ''} and B ${formatDims(b)}${transB ? ' transposed' : ''} do not multiply`,
    );
  }
  if (c) {
    const dims = broadcast(node, c, [rows, columns]);
    if (dims.length !== 2 || dims[0] !== rows || dims[1] !== columns) {
      throw invalid(node, `C ${formatDims(c)} does not broadcast to ${formatDims([rows, columns])}`);
    }
  }
  return { rows, columns, depth };
}
