import { BinaryKind, ReduceKind, UnaryKind } from '../../../assembly/opcodes.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import { type Element, eachIndex } from '../elements.ts';
import { emitBinary, emitClamp, emitReduce, emitUnary, type Operand } from '../emit.ts';
import { exp, log } from '../exact.ts';
import type { Node, Operator } from '../operator.ts';
import {
  axesOf,
  type Fold,
  folded,
  keptDims,
  keptStrides,
  largest,
  plain,
  plus,
  type ReduceAttributes,
  type Reduction,
  reduction,
  sums,
} from '../reduce.ts';
import { input } from '../shapes.ts';

/** A sum, then a function of it, in place. */
const then =
  (kind: ReduceKind, after: UnaryKind): Reduction['lower'] =>
  (to, output, x, axes) => {
    emitReduce(to, kind, output, x, axes);
    emitUnary(to, after, output, output);
  };

/** Bytes from the first to the last element, both counted. */
const extentOf = ({ dims, strides }: Operand): number =>
  dims.reduce((bytes, dim, axis) => bytes + Math.max(0, dim - 1) * (strides[axis] ?? 0), 4);

/** log of the sum of e^x = m + log of the sum of e^(x - m), m the largest; where that is infinite the largest finite number stands in. */
const logSumExp: Reduction['lower'] = (to, output, x, axes) => {
  // They lie as the output and the input do, which may have gaps.
  const largest = { ...output, pointer: to.scratch(extentOf(output)) };
  const shifted: Operand = { ...x, pointer: to.scratch(extentOf(x)) };
  emitReduce(to, ReduceKind.Max, largest, x, axes);
  emitClamp(to, largest, largest, { clamp: [-3.4028234663852886e38, 3.4028234663852886e38] });
  emitBinary(to, BinaryKind.Sub, shifted, x, largest);
  emitUnary(to, UnaryKind.Exp, shifted, shifted);
  emitReduce(to, ReduceKind.Sum, output, shifted, axes);
  emitUnary(to, UnaryKind.Log, output, output);
  emitBinary(to, BinaryKind.Add, output, output, largest);
};

/** Of bigints only the last 64 bits count, and must not become more and more. */
const times = (a: Element, b: Element): Element => (typeof a === 'bigint' ? BigInt.asIntN(64, a * (b as bigint)) : a * (b as number));
const size = (x: Element): Element => (x < 0 ? -x : x);

const squares: Fold = { start: 0, step: (sum, x) => plus(sum, times(x, x)) };

/** A function of floating-point elements, in place; whole numbers are cut as they are stored. */
function mapped(data: TypedArray, f: (x: number) => number): TypedArray {
  for (let i = 0; i < data.length; i++) data[i] = f(Number(data[i])) as never;
  return data;
}

/** As the kernels: the largest element is taken away before the exponential, and added to the logarithm. */
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

/** ONNX's reductions that few networks have. */
export const reductions: readonly Operator<ReduceAttributes>[] = [
  reduction({ name: 'ReduceProd', lower: plain(ReduceKind.Prod), fold: { start: 1, step: times } }),
  reduction({ name: 'ReduceL1', lower: plain(ReduceKind.SumAbs), fold: { start: 0, step: (sum, x) => plus(sum, size(x)) } }),
  reduction({
    name: 'ReduceL2',
    lower: then(ReduceKind.SumSquare, UnaryKind.Sqrt),
    compute: (node, x) => mapped(folded(node, x, squares), Math.sqrt),
  }),
  reduction({ name: 'ReduceSumSquare', lower: plain(ReduceKind.SumSquare), fold: squares }),
  reduction({ name: 'ReduceLogSum', lower: then(ReduceKind.Sum, UnaryKind.Log), compute: (node, x) => mapped(folded(node, x, sums), log) }),
  reduction({ name: 'ReduceLogSumExp', lower: logSumExp, compute: hostLogSumExp }),
];
