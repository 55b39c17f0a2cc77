// Matrix products of bytes: A [..., M, K], B [..., K, N], the leading dimensions broadcast, as ONNX's MatMul.

import { QuantizedConvArg, QuantizedType } from '../../../assembly/opcodes-quantized.ts';
import { panelBytes } from '../../compiler/weights.ts';
import { product } from '../../graph/dims.ts';
import { elementBytes } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { allocate, eachBroadcast } from '../../ops/elements.ts';
import { shifted } from '../../ops/emit.ts';
import { depthOf } from '../../ops/gemm/gemm.ts';
import { sizes } from '../../ops/gemm/matmul.ts';
import type { Lowering, Node, OpenNode, Operator, Panels } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import type { Args } from '../../plan/place.ts';
import { rangeOf, saturated } from '../rounding.ts';
import { checkBytes, checkCount, isSingle, multiplier, numberOf, numbersOf, zeroOf } from '../scales.ts';
import { matMulSums, nth } from '../sums.ts';
import { isKnown, lessZero } from '../weights.ts';
import { emitQMatrix } from './conv.ts';
import { storedBytes } from './stored.ts';

/** The most matrices in one product by kernels, because each is an instruction. */
const MOST_MATRICES = 1 << 12;

/** The two factors and their zero points, one or as many as A has rows and B has columns. */
interface Factors {
  readonly a: Value;
  readonly aZero: Value | undefined;
  readonly b: Value;
  readonly bZero: Value | undefined;
}

const sizesOf = ({ a, b }: Factors, { name }: { readonly name: string }) => sizes({ name, inputs: [a, b] } as unknown as Node);

/** How many zero points or scales A and B may have: one; one for each row or column; or for those of each matrix. */
function countsOf(factors: Factors, node: { readonly name: string }): [a: number[], b: number[]] {
  const { aBatch, bBatch, rows, columns } = sizesOf(factors, node);
  return [
    [1, rows, product(aBatch) * rows],
    [1, columns, product(bBatch) * columns],
  ];
}

function checkFactors(node: OpenNode<unknown>, factors: Factors): void {
  const { a, aZero, b, bZero } = factors;
  checkBytes(node, a, b);
  const [ofA, ofB] = countsOf(factors, node);
  checkCount(node, aZero, a.type, ...ofA);
  checkCount(node, bZero, b.type, ...ofB);
}

/** Whether the kernel can multiply them: B known, one zero point for A and one for each column of B. */
function fits(node: Node, factors: Factors): boolean {
  const { aZero, b, bZero } = factors;
  const { batch, bBatch, columns, depth } = sizesOf(factors, node);
  const few = product(bBatch) === 1 || product(batch) <= MOST_MATRICES;
  const zeros = product(bZero?.dims ?? []);
  return few && depth > 0 && isKnown(b, bZero) && (!aZero || isSingle(aZero)) && (zeros === 1 || zeros === columns);
}

/** The instructions of a product, one for each matrix of B. */
export function emitQMatMul(lowering: Lowering, node: Node, factors: Factors, stored: Args): void {
  const { batch, aBatch, bBatch, rows, columns, depth } = sizesOf(factors, node);
  const [{ a, aZero, b, bZero }, y] = [factors, output(node)];
  const weights = b.constant ? lessZero(b, bZero, b.dims.length - 1) : b;
  const [source, target, inZero] = [lowering.place(a), lowering.define(y), zeroOf(lowering, aZero)];
  // With one matrix on the right, all rows of the left are one matrix; several are packed at once, as groups.
  const together = product(bBatch) === 1;
  const height = together ? product(aBatch) * rows : rows;
  const panels: Panels = {
    weights,
    bias: undefined,
    groups: product(bBatch),
    columns,
    ...depthOf(depth, columns),
    groupStride: depth * columns,
    columnStride: 1,
  };
  const packed = lowering.panels(panels);
  const unit = elementBytes(y.type);
  const multiply = (aAt: number, bAt: number, m: number) =>
    emitQMatrix(lowering, {
      rows: height,
      depth,
      columns,
      from: a,
      to: y,
      source: { ...source, pointer: shifted(source.pointer, aAt * rows * depth) },
      target: { ...target, pointer: shifted(target.pointer, m * rows * columns * unit) },
      weights: shifted(packed, bAt * panelBytes({ ...panels, groups: 1 })),
      wide: weights.type === 'int16',
      inZero,
      stored,
    });
  if (together) multiply(0, 0, 0);
  else eachBroadcast(batch, [aBatch, bBatch], ([aAt = 0, bAt = 0], m) => multiply(aAt, bAt, m));
}

const macs = (node: Node, factors: Factors): number => {
  const { batch, rows, columns, depth } = sizesOf(factors, node);
  return product(batch) * rows * columns * depth;
};

const integerFactors = (node: OpenNode<unknown>): Factors => ({
  a: input(node, 0),
  b: input(node, 1),
  aZero: node.inputs[2],
  bZero: node.inputs[3],
});

/** ONNX MatMulInteger: the int32 sums; zero points are 0 where left out. */
export const matMulInteger: Operator = {
  name: 'MatMulInteger',
  since: 10,
  pack: 'quantized',
  inputs: [2, 4],
  types: ['any'],
  inferShape(node) {
    const factors = integerFactors(node);
    checkFactors(node, factors);
    return [{ type: 'int32', dims: sizesOf(factors, node).dims }];
  },
  macs: (node) => macs(node, integerFactors(node)),
  evaluate: (node, [a, b, aZero, bZero]) => [
    matMulSums(sizesOf(integerFactors(node), node), [a as Int8Array, aZero], [b as Int8Array, bZero]),
  ],
  lower(node, lowering) {
    const factors = integerFactors(node);
    if (fits(node, factors)) emitQMatMul(lowering, node, factors, { [QuantizedConvArg.Type]: QuantizedType.Int32 });
    else lowering.evaluate(node);
  },
};

/** The inputs of QLinearMatMul. */
enum Input {
  A,
  AScale,
  AZero,
  B,
  BScale,
  BZero,
  YScale,
  YZero,
}

const linearFactors = (node: OpenNode<unknown>): Factors => ({
  a: input(node, Input.A),
  aZero: input(node, Input.AZero),
  b: input(node, Input.B),
  bZero: input(node, Input.BZero),
});

/**
 * ONNX QLinearMatMul, bit for bit as onnxruntime 1.30 computes it: float32(sum) times float32(float32(a scale · b scale) / y
 * scale), rounded half to even, + zero point. Scales and zero points: one, or one for each row of A and each column of B.
 */
export const qLinearMatMul: Operator = {
  name: 'QLinearMatMul',
  since: 10,
  pack: 'quantized',
  inputs: [8, 8],
  types: ['any'],
  inferShape(node) {
    const factors = linearFactors(node);
    const zero = input(node, Input.YZero);
    checkFactors(node, factors);
    checkBytes(node, zero);
    const [ofA, ofB] = countsOf(factors, node);
    checkCount(node, node.inputs[Input.AScale], 'float32', ...ofA);
    checkCount(node, node.inputs[Input.BScale], 'float32', ...ofB);
    checkCount(node, node.inputs[Input.YScale], 'float32', 1);
    checkCount(node, zero, zero.type, 1);
    return [{ type: zero.type, dims: sizesOf(factors, node).dims }];
  },
  macs: (node) => macs(node, linearFactors(node)),
  evaluate(node, [a, aScale, aZero, b, bScale, bZero, yScale, yZero]) {
    const size = sizesOf(linearFactors(node), node);
    const { type, dims } = output(node);
    const y = allocate(type, product(dims));
    const [ofA, ofB] = [aScale as Float32Array, bScale as Float32Array];
    const [zero, range] = [Number(yZero?.[0]), rangeOf(type)];
    matMulSums(size, [a as Int8Array, aZero], [b as Int8Array, bZero], (sum, o, row, column) => {
      const [s, t] = [ofA[nth(ofA.length, row, 1, size.rows)], ofB[nth(ofB.length, column, 1, size.columns)]];
      const scale = multiplier(s as number, t as number, Number(yScale?.[0]));
      y[o] = saturated(Math.fround(Math.fround(sum) * scale), zero, range);
    });
    return [y];
  },
  lower(node, lowering) {
    const [factors, y] = [linearFactors(node), output(node)];
    const table = fits(node, factors) && tableOf(node, sizesOf(factors, node).columns);
    if (!table) return lowering.evaluate(node);
    emitQMatMul(lowering, node, factors, storedBytes(lowering, y, node.inputs[Input.YZero], table));
  },
};

/** What the sums of each column are multiplied by; undefined if only a run or a row tells. */
function tableOf(node: Node, columns: number): Float32Array | undefined {
  const [aScale, bScale, yScale, yZero] = [Input.AScale, Input.BScale, Input.YScale, Input.YZero].map((i) => input(node, i));
  if (!aScale?.constant || !bScale?.constant || !yScale?.constant || !yZero?.constant || !isSingle(aScale)) return undefined;
  const scales = numbersOf(bScale);
  if (scales.length > 1 && scales.length !== columns) return undefined;
  return Float32Array.from({ length: columns }, (_, i) =>
    multiplier(numberOf(aScale), scales[scales.length === 1 ? 0 : i] as number, numberOf(yScale)),
  );
}
