import { ConvArg, Op, TransposeArg, WindowArg } from '../../assembly/opcodes.ts';
import { product } from '../graph/dims.ts';
import { formatDims } from '../graph/tensor.ts';
import { emitAdd } from './add.ts';
import { gemmBlocks } from './blocks.ts';
import { type Clamped, clampWords } from './clamp.ts';
import { costOf } from './cost.ts';
import type { Node, OpenNode, Operator, Place, Value } from './operator.ts';
import { broadcast, input, invalid } from './shapes.ts';

export interface GemmAttributes extends Clamped {
  readonly alpha: number;
  readonly beta: number;
  readonly transA: boolean;
  readonly transB: boolean;
}

/** ONNX Gemm, the dense layer: alpha * A * B + beta * C; A [M, K], B [K, N] or transposed, C broadcast to [M, N] or left out. */
export const gemm: Operator<GemmAttributes> = {
  name: 'Gemm',
  opsets: [7, 21],
  inputs: [2, 3],
  outputs: [1, 1],
  attributes: (reader) => ({
    alpha: reader.float('alpha', 1),
    beta: reader.float('beta', 1),
    transA: reader.flag('transA'),
    transB: reader.flag('transB'),
  }),
  inferShape(node) {
    const { rows, columns } = sizes(node);
    return [{ type: 'float32', dims: [rows, columns] }];
  },
  layout: () => ({ inputs: ['rowMajor', 'rowMajor', 'rowMajor'], output: 'rowMajor' }),
  cost(node) {
    const { rows, columns, depth } = sizes(node);
    const params = node.inputs.slice(1).reduce((sum, value) => sum + (value?.constant ? product(value.dims) : 0), 0);
    return { macs: rows * columns * depth, params };
  },
  lower(node, to) {
    const { rows, columns, depth } = sizes(node);
    const { alpha, beta, transA, transB } = node.attributes;
    const [a, b, c] = [input(node, 0), input(node, 1), node.inputs[2]];
    const asBias = c !== undefined && (product(c.dims) === 1 || (product(c.dims) === columns && c.dims.at(-1) === columns));
    const weights = to.panels({
      weights: b,
      bias: asBias ? c : undefined,
      groups: 1,
      columns,
      depth: [1, 1, depth],
      groupStride: 0,
      columnStride: transB ? depth : 1,
      strides: [0, 0, transB ? 1 : columns],
      biasStride: c && product(c.dims) === 1 ? 0 : 1,
      alpha,
      beta,
    });
    let source = to.place(a).pointer;
    if (transA) {
      const transposed = to.scratch(rows * depth * 4);
      to.emit(Op.Transpose, {
        [TransposeArg.Input]: source,
        [TransposeArg.Output]: transposed,
        [TransposeArg.Batch]: 1,
        [TransposeArg.Rows]: depth,
        [TransposeArg.Columns]: rows,
        [TransposeArg.InRowStride]: rows * 4,
        [TransposeArg.OutRowStride]: depth * 4,
      });
      source = transposed;
    }
    const output = to.define(node.outputs[0] as Value);
    const block = gemmBlocks(rows, depth);
    const after = c !== undefined && !asBias;
    const [min, max] = clampWords(after ? {} : node.attributes);
    to.emit(
      Op.Conv,
      {
        [WindowArg.Input]: source,
        [WindowArg.Output]: output.pointer,
        [WindowArg.Batch]: 1,
        [WindowArg.InHeight]: rows,
        [WindowArg.InWidth]: 1,
        [WindowArg.OutHeight]: rows,
        [WindowArg.OutWidth]: 1,
        [WindowArg.InPixelStride]: depth * 4,
        [WindowArg.OutPixelStride]: columns * 4,
        [WindowArg.KernelHeight]: 1,
        [WindowArg.KernelWidth]: 1,
        [WindowArg.StrideHeight]: 1,
        [WindowArg.StrideWidth]: 1,
        [WindowArg.DilationHeight]: 1,
        [WindowArg.DilationWidth]: 1,
        [WindowArg.Channels]: depth,
        [ConvArg.Weights]: weights,
        [ConvArg.Zeros]: to.zeros(depth * 4),
        [ConvArg.Scratch]: to.scratch(block.pixels * block.depth * 4),
        [ConvArg.Groups]: 1,
        [ConvArg.OutChannels]: columns,
        [ConvArg.BlockPixels]: block.pixels,
        [ConvArg.BlockDepth]: block.depth,
        [ConvArg.Min]: min,
        [ConvArg.Max]: max,
      },
      costOf(node).macs,
    );
    if (after) {
      const product: Place = output;
      const dims = [rows, columns];
      emitAdd(node, to, dims, output, { value: { dims }, place: product }, { value: c, place: to.place(c) }, beta, node.attributes);
    }
  },
};

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
