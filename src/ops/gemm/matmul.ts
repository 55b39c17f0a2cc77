import { NR } from '../../../assembly/opcodes.ts';
import { product } from '../../graph/dims.ts';
import { formatDims } from '../../graph/tensor.ts';
import { macsOf } from '../cost.ts';
import { allocate, eachBroadcast, isBig } from '../elements.ts';
import type { Clamped } from '../elementwise/clamp.ts';
import { shifted } from '../emit.ts';
import type { Node, OpenNode, Operator } from '../operator.ts';
import { broadcast, input, invalid, output, unsupported } from '../shapes.ts';
import { emitConv } from '../window/conv.ts';
import { wholeWindow } from '../window/window.ts';
import { depthOf, type GemmAttributes } from './gemm.ts';

/** The most matrices in one product, because each is an instruction. */
const MOST_MATRICES = 1 << 12;

/**
 * ONNX MatMul (numpy's matmul): A [..., M, K], B [..., K, N], the leading dimensions broadcast; a vector is a row on the
 * left, a column on the right. Fusion may add a third input, a bias [N].
 */
export const matMul: Operator<Clamped & Pick<GemmAttributes, 'pixels'>> = {
  clamps: true,
  name: 'MatMul',
  since: 1,
  inputs: [2, 2],
  inferShape(node) {
    const [{ type }, b] = [input(node, 0), input(node, 1)];
    if (type !== b.type) throw invalid(node, `A is ${type}, B ${b.type}`);
    return [{ type, dims: sizes(node).dims }];
  },
  macs(node) {
    const { batch, rows, columns, depth } = sizes(node);
    return product(batch) * rows * columns * depth;
  },
  evaluate(node, [a, b]) {
    const { batch, aBatch, bBatch, rows, columns, depth } = sizes(node);
    const { type, dims } = output(node);
    const [x, w] = [a as Float64Array, b as Float64Array];
    const y = allocate(type, product(dims)) as Float64Array;
    const zero = (isBig(type) ? 0n : 0) as number;
    eachBroadcast(batch, [aBatch, bBatch], (offsets, m) => {
      const [aAt = 0, bAt = 0] = offsets;
      for (let i = 0; i < rows; i++) {
        // A row of sums at a time, so that B is read sequentially; in doubles, rounded once.
        const sums = isBig(type) ? new Array<number>(columns).fill(zero) : new Float64Array(columns);
        for (let k = 0; k < depth; k++) {
          const factor = x[(aAt * rows + i) * depth + k] ?? zero;
          const at = (bAt * depth + k) * columns;
          for (let j = 0; j < columns; j++) sums[j] = (sums[j] ?? zero) + factor * (w[at + j] ?? zero);
        }
        y.set(sums, (m * rows + i) * columns);
      }
    });
    return [y];
  },
  lower(node, lowering) {
    const { batch, aBatch, bBatch, rows, columns, depth } = sizes(node);
    const [a, b, bias] = [input(node, 0), input(node, 1), node.inputs[2]];
    const [source, target] = [lowering.place(a), lowering.define(output(node))];
    // With one matrix on the right, all rows of the left are one matrix.
    const together = product(bBatch) === 1;
    if (!together && product(batch) > MOST_MATRICES)
      throw unsupported(node, `a product of ${product(batch)} matrices; ${MOST_MATRICES} are supported`);
    const pack = (offset: number, groups: number) =>
      lowering.panels({
        weights: b,
        offset,
        bias,
        groups,
        columns,
        ...depthOf(depth, columns, node.attributes.pixels),
        groupStride: depth * columns,
        columnStride: 1,
      });
    // Several matrices are packed at once, as groups; a bias is for one group only.
    const packed = together || bias ? undefined : pack(0, product(bBatch));
    const height = together ? product(aBatch) * rows : rows;
    const multiply = (aAt: number, bAt: number, m: number) =>
      emitConv(lowering, {
        window: wholeWindow([1, 1], [height, 1]),
        from: { type: 'float32', dims: [1, depth, height, 1] },
        to: { type: 'float32', dims: [1, columns, height, 1] },
        source: { ...source, pointer: shifted(source.pointer, aAt * rows * depth * 4), pixelStride: depth * 4 },
        target: { ...target, pointer: shifted(target.pointer, m * rows * columns * 4), pixelStride: columns * 4 },
        weights: packed ? shifted(packed, bAt * Math.ceil(columns / NR) * NR * (depth + 1) * 4) : pack(bAt * depth * columns, 1),
        groups: 1,
        clamped: node.attributes,
        macs: together ? macsOf(node) : rows * columns * depth,
      });
    if (together) multiply(0, 0, 0);
    else eachBroadcast(batch, [aBatch, bBatch], ([aAt = 0, bAt = 0], m) => multiply(aAt, bAt, m));
  },
};

export function sizes(node: OpenNode<unknown> | Node) {
  const [a, b] = [input(node, 0).dims, input(node, 1).dims];
  if (a.length === 0 || b.length === 0) throw invalid(node, `A ${formatDims(a)} and B ${formatDims(b)} should have dimensions`);
  const [rows = 1, depth = 1] = a.length === 1 ? [1, a[0]] : a.slice(-2);
  const [depthB = 1, columns = 1] = b.length === 1 ? [b[0], 1] : b.slice(-2);
  if (depth !== depthB) throw invalid(node, `A ${formatDims(a)} and B ${formatDims(b)} do not multiply`);
  const [aBatch, bBatch] = [a.slice(0, -2), b.slice(0, -2)];
  const batch = broadcast(node, aBatch, bBatch);
  const dims = [...batch, ...(a.length === 1 ? [] : [rows]), ...(b.length === 1 ? [] : [columns])];
  return { batch, aBatch, bBatch, rows, columns, depth, dims };
}
