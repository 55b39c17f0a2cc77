// What an operator's outputs see of its inputs, axis by axis; receptive fields are composed from this.

import { at } from '../graph/at.ts';
import { integers } from '../ops/elements.ts';
import type { GemmAttributes } from '../ops/gemm/gemm.ts';
import { padsOf } from '../ops/move/pad.ts';
import { rangesOf } from '../ops/move/slice.ts';
import { permOf } from '../ops/move/transpose.ts';
import type { BatchNormAttributes } from '../ops/norm/batchNormalization.ts';
import type { SoftmaxAttributes } from '../ops/norm/softmax.ts';
import type { Node } from '../ops/operator.ts';
import { axesOf as reducedAxes } from '../ops/reduce/reduce.ts';
import { axesOf as resizedAxes } from '../ops/resample/resize.ts';
import type { ResizeAttributes } from '../ops/resample/resizeTable.ts';
import { coordinates, rowsSeen } from '../ops/resample/resizeTable.ts';
import { constantInput, input, resolveAxis } from '../ops/shapes.ts';
import { convWindow } from '../ops/window/conv.ts';
import { transposedWindow } from '../ops/window/convTranspose.ts';
import { resolveWindow, type Window } from '../ops/window/window.ts';
import { onnxName } from './onnxName.ts';
import { LONGEST_PERIOD, sameView, type View, viewOf, windowView } from './view.ts';

/**
 * How a node's output sees one axis of an input: every position of the output's axis `to` by a view; every element sees all
 * positions, as after a global pool; or in a way that is not followed. `mixed` is an axis of the output that holds the
 * positions together with others.
 */
export type Reach = { readonly to: number; readonly view: View } | { readonly mixed: number } | 'all' | 'unknown';

/** The attributes' type follows from the operator's name, by which the rule is found. */
type Ruled = Node<never>;

type Rule = (node: Ruled, axis: number, index: number, output: number) => Reach;

/** Every position sees its own position, on this axis of the output. */
const same = (to: number): Reach => ({ to, view: sameView });

const rankOf = (node: Ruled, index = 0): number => input(node, index).dims.length;

/** The attribute `axis`, made non-negative. */
const axisOf = (node: Ruled): number => resolveAxis(node, (node.attributes as { readonly axis: number }).axis, rankOf(node));

const unfollowed: Rule = () => 'unknown';

/** Element by element, the inputs broadcast to the output's shape. */
const elementwise: Rule = (node, axis, index, output) => {
  const [from, to] = [input(node, index).dims, node.outputs[output]?.dims ?? []];
  const own = (node.attributes as { readonly axis?: number } | undefined)?.axis;
  // Up to opset 6 an attribute may say where a shorter input begins.
  if (from.length > to.length || (own !== undefined && index > 0 && from.length < to.length)) return 'unknown';
  const target = axis + to.length - from.length;
  if (from[axis] === to[target]) return same(target);
  return from[axis] === 1 ? 'all' : 'unknown';
};

/** Windows over the spatial dimensions; `viewAlong` gives what a window sees along one of the two. */
const windowed =
  (windowOf: (node: Ruled) => Window, viewAlong: (window: Window, i: 0 | 1) => View | undefined, channels: 'mixed' | 'apart'): Rule =>
  (node, axis, index) => {
    // Filters that are computed from the picture see all of it.
    if (index > 0) return 'all';
    if (axis === 0) return same(0);
    if (axis === 1) return channels === 'mixed' ? 'all' : same(1);
    // A single spatial dimension is the width.
    const view = viewAlong(windowOf(node), rankOf(node) === 3 || axis === 3 ? 1 : 0);
    return view ? { to: axis, view } : 'unknown';
  };

const windowAlong = ({ kernel, stride, dilation, padBegin }: Window, i: 0 | 1): View =>
  windowView((kernel[i] - 1) * dilation[i] + 1, stride[i], 0 - padBegin[i]);

/** What a position of a transposed convolution's output sees: the inputs whose windows hold it. */
function transposedAlong({ kernel, stride, dilation, padBegin }: Window, i: 0 | 1): View | undefined {
  if (stride[i] > LONGEST_PERIOD) return undefined;
  return viewOf(stride[i], 1, (position) => {
    let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let tap = 0; tap < kernel[i]; tap++) {
      const from = (position + padBegin[i] - tap * dilation[i]) / stride[i];
      if (!Number.isInteger(from)) continue;
      first = Math.min(first, from);
      last = Math.max(last, from);
    }
    return [first, last];
  });
}

const pool: Rule = windowed((node) => resolveWindow(node, input(node, 0).dims), windowAlong, 'apart');

/**
 * Sees all positions of some axes, and its own of the others. Scales and biases that are computed from the picture have
 * other axes.
 */
const over =
  (axesOf: (node: Ruled) => (axis: number) => boolean): Rule =>
  (node, axis, index) =>
    index > 0 ? 'unknown' : axesOf(node)(axis) ? 'all' : same(axis);

const spatially: Rule = over(() => (axis) => axis > 1);

const reduced =
  (axesOf: (node: Ruled) => readonly number[]): Rule =>
  (node, axis) => {
    const axes = axesOf(node);
    if (axes.includes(axis)) return 'all';
    const kept = node.outputs[0]?.dims.length === rankOf(node);
    return same(kept ? axis : axis - axes.filter((other) => other < axis).length);
  };

const after = (dims: readonly number[], axis: number): number => dims.slice(axis + 1).reduce((a, b) => a * b, 1);

/**
 * An axis that keeps its size and its place among the elements is the same axis; one that is merged into a larger one is
 * mixed there.
 */
const reshaped: Rule = (node, axis) => {
  const [from, to] = [input(node, 0).dims, node.outputs[0]?.dims ?? []];
  const size = at(from, axis);
  const stride = after(from, axis);
  if (size === 1) return 'all';
  const kept = to.findIndex((dim, i) => dim === size && after(to, i) === stride);
  if (kept >= 0) return same(kept);
  // A row without positions is seen as a whole.
  if (to.length < 3) return 'all';
  const holder = to.findIndex((dim, i) => after(to, i) <= stride && after(to, i) * dim >= stride * size);
  return holder >= 0 ? { mixed: holder } : 'unknown';
};

const product: Rule = (node, axis, index) => {
  const [rank, other] = [rankOf(node, index), rankOf(node, 1 - index)];
  if (rank < 2 || other < 2) return 'unknown';
  // A is [..., M, K], B is [..., K, N].
  if (axis === rank - (index === 0 ? 1 : 2)) return 'all';
  if (axis >= rank - 2) return same(axis + Math.max(0, other - rank));
  return elementwise(node, axis, index, 0);
};

const dense: Rule = (node, axis, index) => {
  if (index === 2) return elementwise(node, axis, index, 0);
  const { transA, transB } = node.attributes as GemmAttributes;
  const kept = index === 0 ? Number(transA) : Number(!transB);
  return axis === kept ? same(index) : 'all';
};

const resized: Rule = (node, axis) => {
  const sampling = node.attributes as ResizeAttributes;
  const resizedAxis = resizedAxes(node)[axis];
  if (!resizedAxis || sampling.coordinates === 'tf_crop_and_resize') return 'unknown';
  if (resizedAxis.from === 1) return 'all';
  const step = coordinates(resizedAxis, 1, sampling.coordinates) - coordinates(resizedAxis, 0, sampling.coordinates);
  for (let period = 1; period <= LONGEST_PERIOD; period++) {
    // A scale is a float32, and off by as much.
    const advance = Math.round(period * step);
    if (Math.abs(period * step - advance) > 1e-6 * Math.max(1, advance)) continue;
    return { to: axis, view: viewOf(period, advance, (position) => rowsSeen(resizedAxis, position, sampling)) };
  }
  return 'unknown';
};

const softmax: Rule = over((node) => {
  const { axis, flatten } = node.attributes as SoftmaxAttributes;
  const from = resolveAxis(node, axis, rankOf(node), flatten);
  return (other) => (flatten ? other >= from : other === from);
});

const onAxis: Rule = over((node) => (axis) => axis === axisOf(node));

/** As another rule, of the two of the inputs that are multiplied; scales and zero points see everything. */
const quantized =
  (rule: Rule, ...factors: readonly [a: number, b: number]): Rule =>
  (node, axis, index, output) => {
    const factor = factors.indexOf(index);
    return factor < 0 ? 'all' : rule({ ...node, inputs: factors.map((i) => node.inputs[i]) }, axis, factor, output);
  };

const convolution = windowed(convWindow, windowAlong, 'mixed');

const rules: Readonly<Record<string, Rule>> = {
  ArgMax: reduced((node) => [axisOf(node)]),
  ArgMin: reduced((node) => [axisOf(node)]),
  AveragePool: pool,
  BatchNormalization: over((node) => (axis) => (node.attributes as BatchNormAttributes).momentum !== undefined && axis !== 1),
  Concat: (node, axis) => (axis === axisOf(node) ? 'unknown' : same(axis)),
  Constant: unfollowed,
  ConstantOfShape: unfollowed,
  Conv: convolution,
  ConvInteger: quantized(convolution, 0, 1),
  ConvTranspose: windowed(transposedWindow, transposedAlong, 'mixed'),
  CumSum: (node, axis) =>
    axis === resolveAxis(node, integers(node, constantInput(node, 1))[0] ?? 0, rankOf(node)) ? 'unknown' : same(axis),
  DepthToSpace: (node, axis) => {
    const { block } = node.attributes as { readonly block: number };
    if (axis < 2) return axis === 0 ? same(0) : 'unknown';
    return block > LONGEST_PERIOD ? 'unknown' : { to: axis, view: viewOf(block, 1, () => [0, 0]) };
  },
  // By the scale that fits all numbers.
  DynamicQuantizeLinear: over(() => () => true),
  Flatten: reshaped,
  Gather: (node, axis, index) => {
    const chosen = axisOf(node);
    if (index > 0 || axis === chosen) return 'unknown';
    return same(axis < chosen ? axis : axis + rankOf(node, 1) - 1);
  },
  GatherElements: unfollowed,
  Gemm: dense,
  GlobalAveragePool: spatially,
  GlobalLpPool: spatially,
  GlobalMaxPool: spatially,
  GridSample: unfollowed,
  // Normalisation by the picture's own statistics: every element sees all of it.
  GroupNormalization: over(() => (axis) => axis > 0),
  Hardmax: softmax,
  InstanceNormalization: spatially,
  LayerNormalization: over((node) => (axis) => axis >= axisOf(node)),
  LogSoftmax: softmax,
  LpPool: pool,
  LRN: over(() => (axis) => axis === 1),
  MatMul: product,
  MatMulInteger: quantized(product, 0, 1),
  MaxPool: pool,
  MeanVarianceNormalization: over((node) => {
    const axes = (node.attributes as { readonly axes: readonly number[] }).axes.map((axis) => resolveAxis(node, axis, rankOf(node)));
    return (axis) => axes.includes(axis);
  }),
  NonMaxSuppression: unfollowed,
  NonZero: unfollowed,
  Pad: (node, axis) => ({ to: axis, view: windowView(1, 1, 0 - at(padsOf(node), axis)[0]) }),
  QLinearConv: quantized(convolution, 0, 3),
  QLinearMatMul: quantized(product, 0, 3),
  Range: unfollowed,
  Reshape: reshaped,
  Resize: resized,
  Shape: unfollowed,
  Size: unfollowed,
  Slice: (node, axis) => {
    const { start = 0, step = 1 } = rangesOf(node)[axis] ?? {};
    return step > 0 ? { to: axis, view: windowView(1, step, start) } : 'unknown';
  },
  Softmax: softmax,
  SpaceToDepth: (node, axis) => {
    const { block } = node.attributes as { readonly block: number };
    if (axis < 2) return axis === 0 ? same(0) : 'unknown';
    return { to: axis, view: windowView(block, block) };
  },
  Split: (node, axis, _, output) => {
    if (axis !== axisOf(node)) return same(axis);
    const start = node.outputs.slice(0, output).reduce((sum, { dims }) => sum + at(dims, axis), 0);
    return { to: axis, view: windowView(1, 1, start) };
  },
  Squeeze: reshaped,
  Tile: (node, axis) => (input(node, 0).dims[axis] === node.outputs[0]?.dims[axis] ? same(axis) : 'unknown'),
  TopK: onAxis,
  Transpose: (node, axis) => same(permOf(node).indexOf(axis)),
  Unsqueeze: reshaped,
  Upsample: resized,
  // Element by element as well, though their kernels are others than `elementwise` stands for.
  ...Object.fromEntries(
    'And Cast CastLike DequantizeLinear Dropout Equal Expand Greater GreaterOrEqual Identity IsInf IsNaN Less LessOrEqual Not Or QuantizeLinear Where Xor'
      .split(' ')
      .map((name) => [name, elementwise]),
  ),
  ...Object.fromEntries(
    'L1 L2 LogSum LogSumExp Max Mean Min Prod Sum SumSquare'.split(' ').map((name) => [`Reduce${name}`, reduced(reducedAxes)]),
  ),
};

/** A test holds that every operator has a rule here or is `elementwise`. */
export const ruledOperators: ReadonlySet<string> = new Set(Object.keys(rules));

/**
 * What `node`'s output number `output` sees of axis `axis` of its input number `index`. The user's own operators are not
 * followed.
 */
export function reachOf(node: Node, axis: number, index: number, output: number): Reach {
  const name = onnxName(node);
  const rule = name === undefined ? undefined : (rules[name] ?? (node.op.elementwise ? elementwise : undefined));
  return rule?.(node as Ruled, axis, index, output) ?? 'unknown';
}
