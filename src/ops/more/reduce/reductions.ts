import { BinaryKind, ReduceKind, UnaryKind } from '../../../../assembly/opcodes.ts';
import { at } from '../../../graph/at.ts';
import { type DataType, elementBytes, type TypedArray } from '../../../graph/tensor.ts';
import { type Element, eachIndex, isBig, isFloat } from '../../elements.ts';
import { emitBinary, emitClamp, emitReduce, emitUnary, type Operand } from '../../emit.ts';
import { exp, log } from '../../exact.ts';
import type { Node, Operator } from '../../operator.ts';
import {
  axesOf,
  type Fold,
  folded,
  keptDims,
  keptStrides,
  plus,
  type ReduceAttributes,
  type Reduction,
  reduction,
} from '../../reduce/reduce.ts';
import { input } from '../../shapes.ts';

const plain =
  (kind: ReduceKind): Reduction['lower'] =>
  (lowering, output, x, axes) =>
    emitReduce(lowering, kind, output, x, axes);

/** A reduction, then a function of its result, in place. */
const reduceThenMap =
  (kind: ReduceKind, after: UnaryKind): Reduction['lower'] =>
  (lowering, output, x, axes) => {
    emitReduce(lowering, kind, output, x, axes);
    emitUnary(lowering, after, output, output);
  };

/** Bytes from the first to the last element, inclusive. */
const extentOf = ({ dims, strides }: Operand): number =>
  dims.reduce((bytes, dim, axis) => bytes + Math.max(0, dim - 1) * at(strides, axis), 4);

/**
 * log of the sum of e^x = m + log of the sum of e^(x - m), m being the largest x; if that is infinite, the largest finite
 * number instead.
 */
const logSumExp: Reduction['lower'] = (lowering, output, x, axes) => {
  // They have the layouts of the output and the input, which may have gaps.
  const largest = { ...output, pointer: lowering.scratch(extentOf(output), 'uint8') };
  const shifted: Operand = { ...x, pointer: lowering.scratch(extentOf(x), 'uint8') };
  emitReduce(lowering, ReduceKind.Max, largest, x, axes);
  emitClamp(lowering, largest, largest, { clamp: [-3.4028234663852886e38, 3.4028234663852886e38] });
  emitBinary(lowering, BinaryKind.Sub, shifted, x, largest);
  emitUnary(lowering, UnaryKind.Exp, shifted, shifted);
  emitReduce(lowering, ReduceKind.Sum, output, shifted, axes);
  emitUnary(lowering, UnaryKind.Log, output, output);
  emitBinary(lowering, BinaryKind.Add, output, output, largest);
};

/** Only the last 64 bits of bigints count, and they must not grow without limit. */
const times = (a: Element, b: Element): Element => (typeof a === 'bigint' ? BigInt.asIntN(64, a * (b as bigint)) : a * (b as number));
const size = (x: Element): Element => (x < 0 ? -x : x);

/** A start as an element of the type: an infinity becomes the type's largest or least number. */
const typed =
  (start: number) =>
  (type: DataType): Element => {
    if (Number.isFinite(start)) return isBig(type) ? BigInt(start) : start;
    if (isFloat(type)) return start;
    const bits = type === 'bool' ? 1 : elementBytes(type) * 8;
    const lowest = type.startsWith('int') ? -(2n ** BigInt(bits - 1)) : 0n;
    const limit = start < 0 ? lowest : lowest + 2n ** BigInt(bits) - 1n;
    return isBig(type) ? limit : Number(limit);
  };

const least = (a: Element, b: Element): Element => (Number.isNaN(a) || a < b ? a : b);
const greatest = (a: Element, b: Element): Element => (Number.isNaN(a) || a > b ? a : b);

const sums: Fold = { start: typed(0), step: plus };
const largest: Fold = { start: typed(Number.NEGATIVE_INFINITY), step: greatest };
const smallest: Fold = { start: typed(Number.POSITIVE_INFINITY), step: least };
const squares: Fold = { start: typed(0), step: (sum, x) => plus(sum, times(x, x)) };

/** A function of floating-point elements, in place; integers are cut as they are stored. */
function mapped(data: TypedArray, f: (x: number) => number): TypedArray {
  for (let i = 0; i < data.length; i++) data[i] = f(Number(data[i])) as never;
  return data;
}

/** As in the kernels: the largest element is subtracted before the exponential, and added to the logarithm. */
function hostLogSumExp(node: Node<ReduceAttributes>, x: TypedArray): TypedArray {
  const { dims } = input(node, 0);
  const most = folded(node, x, largest);
  const axes = axesOf(node);
  const strides = keptStrides(keptDims(dims, axes), axes);
  const powers = new Float64Array(x.length);
  eachIndex(dims, [strides], ([at = 0], i) => {
    powers[i] = exp(Number(x[i]) - finite(Number(most[at])));
  });
  const total = folded(node, powers, sums, 'float64');
  for (let i = 0; i < most.length; i++) most[i] = (log(Number(total[i])) + finite(Number(most[i]))) as never;
  return most;
}

const finite = (x: number): number => Math.min(Math.max(x, -Number.MAX_VALUE), Number.MAX_VALUE);

const folding =
  (fold: Fold): Reduction['compute'] =>
  (node, x) =>
    folded(node, x, fold);

const floats = [['float32', 'float64'], ['int64']] as const;
/** Bools have a greatest element, but no sum. */
const ordered = ['any', ['int64']] as const;

const rarer = (given: Reduction) => reduction({ ...given, pack: 'more' });

export const reduceSum = reduction({ name: 'ReduceSum', axesInput: 13, lower: plain(ReduceKind.Sum), compute: folding(sums) });

/** ONNX's reductions over some axes, or over all. */
export const reductions: readonly Operator<ReduceAttributes>[] = [
  reduceSum,
  rarer({ name: 'ReduceMax', lower: plain(ReduceKind.Max), compute: folding(largest), evaluatedTypes: ordered }),
  rarer({ name: 'ReduceMin', lower: plain(ReduceKind.Min), compute: folding(smallest), evaluatedTypes: ordered }),
  rarer({ name: 'ReduceProd', lower: plain(ReduceKind.Prod), compute: folding({ start: typed(1), step: times }) }),
  rarer({
    name: 'ReduceL1',
    lower: plain(ReduceKind.SumAbs),
    compute: folding({ start: typed(0), step: (sum, x) => plus(sum, size(x)) }),
  }),
  rarer({
    name: 'ReduceL2',
    lower: reduceThenMap(ReduceKind.SumSquare, UnaryKind.Sqrt),
    compute: (node, x) => mapped(folded(node, x, squares), Math.sqrt),
    evaluatedTypes: floats,
  }),
  rarer({ name: 'ReduceSumSquare', lower: plain(ReduceKind.SumSquare), compute: folding(squares) }),
  rarer({
    name: 'ReduceLogSum',
    lower: reduceThenMap(ReduceKind.Sum, UnaryKind.Log),
    compute: (node, x) => mapped(folded(node, x, sums), log),
    evaluatedTypes: floats,
  }),
  rarer({ name: 'ReduceLogSumExp', lower: logSumExp, compute: hostLogSumExp, evaluatedTypes: floats }),
];
