import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { formatDims, type TypedArray } from '../../graph/tensor.ts';
import { allocate } from '../../ops/elements.ts';
import { emitCopy } from '../../ops/emit.ts';
import { depthOf } from '../../ops/gemm/gemm.ts';
import type { Lowering, Node, OpenNode, Operator } from '../../ops/operator.ts';
import { broadcast, input, invalid, output } from '../../ops/shapes.ts';
import type { Args, Place } from '../../plan/place.ts';
import { rangeOf, saturated } from '../rounding.ts';
import { checkBytes, checkCount, checkScale, isSingle, numberOf, numbersOf } from '../scales.ts';
import { isKnown, lessZero } from '../weights.ts';
import { emitQMatrix } from './conv.ts';
import { storedBytes, storedFloats } from './stored.ts';

/** The inputs of QGemm. */
enum Input {
  A,
  AScale,
  AZero,
  B,
  BScale,
  BZero,
  C,
  YScale,
  YZero,
}

interface QGemmAttributes {
  readonly alpha: number;
  readonly transA: boolean;
  readonly transB: boolean;
}

/**
 * com.microsoft's QGemm: float32(A · B + C) times float32(float32(alpha · A scale) · B scale), and that divided by Y's scale,
 * rounded half to even, + zero point, if there is one; bit for bit as onnxruntime 1.30. A [M, K], B [K, N], or transposed; C,
 * int32, broadcasts to [M, N]; B's scale and zero point are one or N.
 */
export const qGemm: Operator<QGemmAttributes> = {
  name: 'com.microsoft.QGemm',
  since: 1,
  pack: 'quantized',
  inputs: [6, 9],
  types: ['any'],
  attributes: (reader) => ({
    alpha: Math.fround(reader.float('alpha', 1)),
    transA: reader.flag('transA'),
    transB: reader.flag('transB'),
  }),
  inferShape(node) {
    const { rows, columns } = sizes(node);
    const [a, b, bScale, c] = [input(node, Input.A), input(node, Input.B), input(node, Input.BScale), node.inputs[Input.C]];
    const [yScale, yZero] = [node.inputs[Input.YScale], node.inputs[Input.YZero]];
    const type = yScale ? (yZero?.type ?? 'uint8') : 'float32';
    checkBytes(node, a, b, yZero);
    checkScale(node, input(node, Input.AScale), node.inputs[Input.AZero], a.type);
    if (yScale) checkScale(node, yScale, yZero, type);
    else if (yZero) throw invalid(node, "it has a zero point of its output without the output's scale");
    checkCount(node, bScale, 'float32', 1, columns);
    checkCount(node, node.inputs[Input.BZero], b.type, 1, columns);
    if (c && (c.type !== 'int32' || broadcast(node, c.dims, [rows, columns]).join() !== `${rows},${columns}`)) {
      throw invalid(node, `C '${c.name}' is ${c.type} ${formatDims(c.dims)}, expected int32 that broadcasts to [${rows}, ${columns}]`);
    }
    return [{ type, dims: [rows, columns] }];
  },
  macs(node) {
    const { rows, columns, depth } = sizes(node);
    return rows * columns * depth;
  },
  evaluate: (node, data) => [multiply(node, data)],
  lower(node, lowering) {
    if (!hasKernel(node)) return lowering.evaluate(node as Node);
    const { rows, columns, depth } = sizes(node);
    const [a, b, y] = [input(node, Input.A), input(node, Input.B), output(node)];
    const { transA, transB } = node.attributes;
    const weights = b.constant ? lessZero(b, node.inputs[Input.BZero], transB ? 0 : 1) : b;
    const panels = lowering.panels({
      weights,
      bias: node.inputs[Input.C],
      groups: 1,
      columns,
      ...depthOf(depth, transB ? 1 : columns),
      groupStride: 0,
      columnStride: transB ? depth : 1,
    });
    const given = lowering.place(a);
    emitQMatrix(lowering, {
      rows,
      depth,
      columns,
      from: a,
      to: y,
      source: transA ? transposed(lowering, given, rows, depth) : given,
      target: lowering.define(y),
      weights: panels,
      wide: weights.type === 'int16',
      inZero: numberOf(node.inputs[Input.AZero]),
      stored: storedAs(node, lowering),
    });
  },
};

function sizes(node: OpenNode<QGemmAttributes>): { rows: number; columns: number; depth: number } {
  const [a, b] = [input(node, Input.A).dims, input(node, Input.B).dims];
  const { transA, transB } = node.attributes;
  const [rows = 0, depth = 0] = transA ? [...a].reverse() : a;
  const [depthB = 0, columns = 0] = transB ? [...b].reverse() : b;
  if (a.length !== 2 || b.length !== 2 || depth !== depthB) {
    throw invalid(node, `A ${formatDims(a)} and B ${formatDims(b)}, transposed where it says so, do not multiply`);
  }
  return { rows, columns, depth };
}

/** Whether everything that the kernel needs is known, and C is one number for each column; others run on the host. */
function hasKernel(node: Node<QGemmAttributes>): boolean {
  const { columns, depth } = sizes(node);
  const [b, bZero, c] = [input(node, Input.B), node.inputs[Input.BZero], node.inputs[Input.C]];
  const known = node.inputs.every((value, i) => i === Input.A || i === Input.B || i === Input.C || !value || value.constant);
  const bias = !c || (product(c.dims) === columns && at(c.dims, c.dims.length - 1) === columns);
  return known && bias && depth > 0 && isKnown(b, bZero);
}

/** A in the order of its rows. */
function transposed(lowering: Lowering, { pointer, ...place }: Place, rows: number, depth: number): Place {
  const scratch = lowering.scratch(rows * depth, 'uint8');
  emitCopy(lowering, 1, scratch, pointer, {
    sizes: [rows, depth],
    strides: [
      [depth, 1],
      [1, rows],
    ],
  });
  return { ...place, pointer: scratch };
}

/** What a column's sums are multiplied with. */
function scaleOf(node: Node<QGemmAttributes>, aScale: number, bScale: number, yScale: number | undefined): number {
  const scale = Math.fround(Math.fround(node.attributes.alpha * aScale) * bScale);
  return yScale === undefined ? scale : Math.fround(scale / yScale);
}

function storedAs(node: Node<QGemmAttributes>, lowering: Lowering): Args {
  const [bScale, yScale] = [input(node, Input.BScale), node.inputs[Input.YScale]];
  const scales = Float32Array.from(numbersOf(bScale), (scale) =>
    scaleOf(node, numberOf(input(node, Input.AScale)), scale, yScale && numberOf(yScale)),
  );
  if (!yScale) return storedFloats(lowering.table(scales), isSingle(bScale));
  return storedBytes(lowering, output(node), node.inputs[Input.YZero], scales);
}

/** On the host, as the kernel computes it. */
function multiply(node: Node<QGemmAttributes>, data: readonly (TypedArray | undefined)[]): TypedArray {
  const { rows, columns, depth } = sizes(node);
  const { transA, transB } = node.attributes;
  const { type } = output(node);
  const [a, b] = [data[Input.A] as Uint8Array, data[Input.B] as Uint8Array];
  const one = (i: Input, column = 0): number => {
    const list = data[i];
    return Number(list?.[list.length === 1 ? 0 : column] ?? 0);
  };
  const c = node.inputs[Input.C]?.dims ?? [];
  const [cRow, cColumn] = [(c[c.length - 2] ?? 1) > 1 ? (c[c.length - 1] ?? 1) : 0, Number((c[c.length - 1] ?? 1) > 1)];
  const y = allocate(type, rows * columns) as Float32Array;
  for (let m = 0; m < rows; m++) {
    for (let n = 0; n < columns; n++) {
      let sum = Number(data[Input.C]?.[m * cRow + n * cColumn] ?? 0);
      for (let k = 0; k < depth; k++) {
        const x = (a[transA ? k * rows + m : m * depth + k] as number) - one(Input.AZero);
        sum += x * ((b[transB ? n * depth + k : k * columns + n] as number) - one(Input.BZero, n));
      }
      const yScale = data[Input.YScale]?.[0];
      const scale = scaleOf(node, one(Input.AScale), one(Input.BScale, n), yScale === undefined ? undefined : Number(yScale));
      const scaled = Math.fround(Math.fround(sum | 0) * scale);
      y[m * columns + n] = yScale === undefined ? scaled : saturated(scaled, one(Input.YZero), rangeOf(type));
    }
  }
  return y;
}
