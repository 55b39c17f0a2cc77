// Single nodes at random: for every operator one that makes sense, as a rule.

import { addOperators } from '../../src/compiler/operators.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import type { DataType } from '../../src/graph/tensor.ts';
import { NEWEST_OPSET } from '../../src/ops/index.ts';
import type { Choices, NodeInput, RandomNode } from './choices.ts';

const operators = addOperators();

type Draft = { inputs: NodeInput[]; attributes?: Record<string, Attribute | undefined>; outputs?: number };

const absent: NodeInput = { type: 'float32', dims: [], data: [0], how: 'absent' };
const scalar = (type: DataType, value: number, how: NodeInput['how'] = 'constant'): NodeInput => ({ type, dims: [], data: [value], how });

type Maker = (c: Choices, opset: number) => Draft;

const unary: Maker = (c) => ({ inputs: [c.any(c.dims(0, 5))] });

const several =
  (least: number, most: number, type?: DataType): Maker =>
  (c) => {
    const dims = c.dims(0, 4);
    const first = type ? { ...c.any(dims), type, data: [0, 1, 1, 0, 1] } : c.any(dims);
    const rest = c.list(c.int(least, most) - 1, () => ({ ...first, data: c.list(5, (i) => first.data[(i * 3) % first.data.length] ?? 1) }));
    return { inputs: [first, ...rest].map((value) => ({ ...value, dims: c.broadcasting(dims) })) };
  };

const windowed = (c: Choices, rank: number, kernel: readonly number[] | undefined): Record<string, Attribute | undefined> => ({
  kernel_shape: kernel,
  strides: c.maybe(c.list(rank, () => c.int(1, 3))),
  dilations: c.maybe(
    c.list(rank, () => c.int(1, 2)),
    25,
  ),
  ...(c.chance(20)
    ? { auto_pad: c.of(['SAME_UPPER', 'SAME_LOWER', 'VALID']) }
    : {
        pads: c.maybe(
          c.list(2 * rank, () => c.int(0, 2)),
          70,
        ),
      }),
});

const pool =
  (extra: (c: Choices) => Record<string, Attribute | undefined>): Maker =>
  (c) => {
    const x = c.float(c.picture());
    const rank = x.dims.length - 2;
    const kernel = c.list(rank, () => c.int(1, 3));
    return { inputs: [x], attributes: { ...windowed(c, rank, kernel), ceil_mode: c.maybe(1, 30), ...extra(c) } };
  };

const globalPool: Maker = (c) => ({ inputs: [c.float(c.picture())] });

const perChannel = (c: Choices, x: NodeInput, count: number, channels = x.dims[1] ?? 1): NodeInput[] =>
  c.list(count, () => ({ ...c.float([channels]), data: [0.5, 1, 2, 0.25], how: c.chance(60) ? 'constant' : 'fed' }));

const axisOnly =
  (attributes: (c: Choices) => Record<string, Attribute | undefined> = () => ({})): Maker =>
  (c) => {
    const x = c.any(c.dims(1, 4));
    return { inputs: [x], attributes: { axis: c.maybe(c.axis(x.dims.length), 80), ...attributes(c) } };
  };

const reduce =
  (axesInput: number): Maker =>
  (c, opset) => {
    const x = c.any(c.dims(0, 5));
    const axes = c.axes(x.dims.length);
    const attributes = { keepdims: c.maybe(c.int(0, 1)) };
    if (opset < axesInput) return { inputs: [x], attributes: { ...attributes, axes: c.maybe(axes) } };
    return { inputs: c.chance(70) ? [x, c.ints(axes)] : [x], attributes: { ...attributes, noop_with_empty_axes: c.maybe(1, 20) } };
  };

const resizeLike: Maker = (c, opset) => {
  const x = c.chance(80) ? c.float(c.chance(80) ? c.picture() : c.dims(1, 4)) : c.any(c.picture());
  const scales = x.dims.map(() => c.of([1, 1, 2, 3, 0.5, 1.5, 0.7]));
  const mode = c.of(['nearest', 'linear', ...(opset > 10 ? ['cubic'] : [])]);
  const asInput = { type: 'float32' as const, dims: [scales.length], data: scales, how: 'constant' as const };
  if (opset < 11) return { inputs: [x, asInput], attributes: { mode } };
  const coordinates = c.of([
    'half_pixel',
    'pytorch_half_pixel',
    'align_corners',
    'asymmetric',
    'tf_crop_and_resize',
    'tf_half_pixel_for_nn',
  ]);
  const attributes = {
    mode,
    coordinate_transformation_mode: coordinates,
    nearest_mode: c.maybe(c.of(['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'])),
    exclude_outside: c.maybe(1, 20),
    extrapolation_value: c.maybe(2, 20),
    ...(opset >= 18 ? { antialias: c.maybe(1, 20) } : {}),
  };
  const roi = c.chance(30) ? { ...asInput, dims: [2 * scales.length], data: [...scales.map(() => 0.2), ...scales.map(() => 1.1)] } : absent;
  if (c.chance(60)) return { inputs: [x, roi, asInput], attributes };
  const sizes = c.ints(x.dims.map((dim) => (c.chance(50) ? dim : c.int(1, 8))));
  return { inputs: [x, roi, absent, sizes], attributes };
};

const makers: Record<string, Maker> = {
  PRelu: (c) => {
    const x = c.float(c.dims(1, 4));
    return { inputs: [x, c.float(c.broadcasting(x.dims))] };
  },
  Not: several(1, 1, 'bool'),
  And: several(2, 2, 'bool'),
  Or: several(2, 2, 'bool'),
  Xor: several(2, 2, 'bool'),
  Where: (c) => {
    const dims = c.dims(0, 4);
    const [a, b] = [c.any(c.broadcasting(dims)), c.broadcasting(dims)];
    return { inputs: [{ type: 'bool', dims: c.broadcasting(dims), data: [0, 1, 1], how: 'fed' }, a, { ...a, dims: b, data: [1, 0, 2] }] };
  },
  AveragePool: pool((c) => ({ count_include_pad: c.maybe(1) })),
  MaxPool: pool(() => ({})),
  LpPool: pool((c) => ({ p: c.maybe(c.int(1, 4)) })),
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  BatchNormalization: (c, opset) => {
    const x = c.float(c.picture());
    return { inputs: [x, ...perChannel(c, x, 4)], attributes: opset < 7 ? { is_test: 1 } : {} };
  },
  Dropout: (c, opset) => {
    const x = c.any(c.dims(0, 4));
    return { inputs: opset < 12 ? [x] : [x, scalar('float32', 0.5)], attributes: opset < 7 ? { is_test: 1 } : {}, outputs: c.int(1, 2) };
  },
  Cast: (c) => ({ inputs: [c.any(c.dims(0, 4))], attributes: { to: c.of([1, 2, 3, 6, 7, 9, 10, 11, 12, 13, 16]) } }),
  CastLike: (c) => ({ inputs: [c.any(c.dims(0, 4)), c.any(c.dims(0, 2))] }),
  Clip: (c, opset) => {
    const x = c.any(c.dims(0, 4));
    if (opset < 11) return { inputs: [x], attributes: { min: c.maybe(-1), max: c.maybe(1) } };
    const limit = (value: number) => (c.chance(30) ? absent : scalar(x.type, value, c.chance(70) ? 'constant' : 'fed'));
    return { inputs: [x, limit(0), limit(1)] };
  },
  Concat: (c) => {
    const x = c.any(c.dims(1, 4));
    const axis = c.axis(x.dims.length);
    const at = (axis + x.dims.length) % x.dims.length;
    const part = () => ({ ...x, dims: x.dims.map((dim, a) => (a === at ? c.int(0, 4) : dim)) });
    return { inputs: [x, ...c.list(c.int(0, 3), part)], attributes: { axis } };
  },
  Constant: (c) => ({
    inputs: [],
    attributes: c.of<Record<string, Attribute>>([
      { value_float: 0.5 },
      { value_floats: [1, 2] },
      { value_int: 7 },
      { value_ints: [1, 2, 3] },
      { value: { name: 't', type: 'float32', dims: [2], read: () => Float32Array.of(1, 2) } },
    ]),
  }),
  ConstantOfShape: (c) => ({
    inputs: [c.ints(c.dims(0, 4))],
    attributes: { value: c.maybe<Attribute>({ name: 't', type: 'float32', dims: [1], read: () => Float32Array.of(3) }) },
  }),
  Conv: (c) => {
    const x = c.float(c.picture());
    const rank = x.dims.length - 2;
    const kernel = c.list(rank, () => c.int(1, 3));
    const channels = x.dims[1] ?? 1;
    const group = c.chance(40) && channels > 0 ? c.of([1, 2, 3, channels].filter((g) => channels % g === 0)) : 1;
    const filters = group * c.int(1, 3);
    const how = c.of(['fed', 'constant'] as const);
    const w = { ...c.float([filters, channels / group, ...kernel]), how };
    const bias: NodeInput[] = c.chance(50) ? [{ ...c.float([filters]), how }] : [];
    return {
      inputs: [x, w, ...bias],
      attributes: { ...windowed(c, rank, c.maybe(kernel)), group: c.maybe(group, group === 1 ? 30 : 100) },
    };
  },
  ConvTranspose: (c) => {
    const x = c.float(c.picture());
    const rank = x.dims.length - 2;
    const kernel = c.list(rank, () => c.int(1, 3));
    const channels = x.dims[1] ?? 1;
    const group = c.chance(40) && channels > 0 ? c.of([1, 2, channels].filter((g) => channels % g === 0)) : 1;
    const each = c.int(1, 3);
    const how = c.of(['fed', 'constant'] as const);
    const bias: NodeInput[] = c.chance(50) ? [{ ...c.float([each * group]), how }] : [];
    const attributes = {
      ...windowed(c, rank, c.maybe(kernel)),
      output_padding: c.maybe(
        c.list(rank, () => c.int(0, 1)),
        20,
      ),
    };
    return { inputs: [x, { ...c.float([channels, each, ...kernel]), how }, ...bias], attributes: { ...attributes, group } };
  },
  CumSum: (c) => {
    const x = c.any(c.dims(1, 4));
    return { inputs: [x, c.ints([c.axis(x.dims.length)])], attributes: { exclusive: c.maybe(1), reverse: c.maybe(1) } };
  },
  DepthToSpace: (c, opset) => {
    const b = c.int(1, 3);
    const mode = opset >= 11 ? { mode: c.maybe(c.of(['DCR', 'CRD'])) } : {};
    return { inputs: [c.any([c.int(1, 2), c.int(1, 3) * b * b, c.int(1, 4), c.int(1, 4)])], attributes: { blocksize: b, ...mode } };
  },
  SpaceToDepth: (c) => {
    const b = c.int(1, 3);
    return { inputs: [c.any([c.int(1, 2), c.int(1, 4), c.int(1, 3) * b, c.int(1, 3) * b])], attributes: { blocksize: b } };
  },
  Expand: (c) => {
    const dims = c.dims(0, 4);
    return { inputs: [c.any(c.broadcasting(dims)), c.ints(c.chance(70) ? dims : c.broadcasting(dims))] };
  },
  Tile: (c) => {
    const x = c.any(c.dims(0, 4));
    return { inputs: [x, c.ints(x.dims.map(() => c.int(c.chance(5) ? 0 : 1, 3)))] };
  },
  Flatten: (c) => {
    const x = c.any(c.dims(0, 5));
    return { inputs: [x], attributes: { axis: c.maybe(c.int(0, x.dims.length)) } };
  },
  Gather: (c) => {
    const x = c.any(c.dims(1, 4));
    const axis = c.axis(x.dims.length);
    const size = x.dims.at(axis < 0 ? axis : axis - x.dims.length) ?? 1;
    const indices = c.list(6, () => c.int(-size, Math.max(0, size - 1)));
    return {
      inputs: [x, { ...c.ints(indices, c.of(['int64', 'int32'])), dims: c.dims(0, 2, 4) }],
      attributes: { axis: c.maybe(axis, 90) },
    };
  },
  GatherElements: (c) => {
    const x = c.any(c.dims(1, 4));
    const axis = c.axis(x.dims.length);
    const size = x.dims.at(axis < 0 ? axis : axis - x.dims.length) ?? 1;
    const indices = c.list(6, () => c.int(-size, Math.max(0, size - 1)));
    const dims = x.dims.map((dim) => c.int(Math.min(1, dim), dim));
    return { inputs: [x, { ...c.ints(indices, c.of(['int64', 'int32'])), dims }], attributes: { axis } };
  },
  Gemm: (c) => {
    const [m, k, n] = [c.int(1, 5), c.int(0, 5), c.int(1, 9)];
    const [transA, transB] = [c.int(0, 1), c.int(0, 1)];
    const how = c.of(['fed', 'constant'] as const);
    const third: NodeInput[] = c.chance(60) ? [{ ...c.float(c.broadcasting([m, n])), how }] : [];
    const attributes = { transA, transB, alpha: c.maybe(0.5), beta: c.maybe(2) };
    return { inputs: [c.float(transA ? [k, m] : [m, k]), { ...c.float(transB ? [n, k] : [k, n]), how }, ...third], attributes };
  },
  MatMul: (c) => {
    const [m, k, n] = [c.int(1, 5), c.int(0, 5), c.int(1, 9)];
    const batch = c.dims(0, 2, 3);
    const a = c.chance(80) ? [...c.broadcasting(batch), m, k] : [k];
    const b = c.chance(80) ? [...c.broadcasting(batch), k, n] : [k];
    const x = c.chance(80) ? c.float(a) : c.any(a);
    return { inputs: [x, { ...x, dims: b, data: [1, 0, 2, 1, 0, 3, 1], how: c.of(['fed', 'constant']) }] };
  },
  GridSample: (c) => {
    const x = c.float([1, c.int(1, 5), c.int(1, 4), c.int(1, 4)]);
    const grid = c.float([1, c.int(0, 4), c.int(1, 4), 2]);
    const mode = c.maybe(c.of(['nearest', 'bilinear', 'linear', 'bicubic', 'cubic']));
    const padding = c.maybe(c.of(['zeros', 'border', 'reflection']));
    return { inputs: [x, grid], attributes: { mode, padding_mode: padding, align_corners: c.maybe(1) } };
  },
  GroupNormalization: (c, opset) => {
    const x = c.float(c.picture());
    const channels = x.dims[1] ?? 1;
    const groups = c.of([1, 2, 3, Math.max(1, channels)].filter((g) => channels % g === 0));
    return { inputs: [x, ...perChannel(c, x, 2, opset < 21 ? groups : channels)], attributes: { num_groups: groups } };
  },
  InstanceNormalization: (c) => {
    const x = c.float(c.picture());
    return { inputs: [x, ...perChannel(c, x, 2)] };
  },
  LayerNormalization: (c) => {
    const x = c.float(c.dims(1, 4));
    const axis = c.axis(x.dims.length);
    const tail = x.dims.slice(axis);
    const bias = c.chance(50) ? [c.float([...tail])] : [];
    return { inputs: [x, c.float([...tail]), ...bias], attributes: { axis }, outputs: c.int(1, 3) };
  },
  MeanVarianceNormalization: (c) => ({
    inputs: [c.float(c.chance(70) ? c.dims(4, 4) : c.dims(1, 5))],
    attributes: { axes: c.maybe([0, -1]) },
  }),
  LRN: (c) => ({ inputs: [c.float(c.picture())], attributes: { size: c.int(1, 6), alpha: c.maybe(0.1), beta: c.maybe(0.5) } }),
  Mod: (c) => {
    const draft = several(2, 2)(c, 13);
    const float = draft.inputs[0]?.type.startsWith('float');
    return { ...draft, attributes: { fmod: float ? 1 : c.maybe(1) } };
  },
  NonMaxSuppression: (c) => {
    const [batch, classes, count] = [c.int(1, 2), c.int(0, 3), c.int(0, 5)];
    const limits = [scalar('int64', c.int(0, 3)), scalar('float32', 0.5), scalar('float32', 0.1)].slice(0, c.int(0, 3));
    return {
      inputs: [c.float([batch, count, 4]), c.float([batch, classes, count]), ...limits],
      attributes: { center_point_box: c.maybe(1) },
    };
  },
  Pad: (c, opset) => {
    const x = c.any(c.dims(1, 4));
    const rank = x.dims.length;
    const mode = c.maybe(c.of(['constant', 'reflect', 'edge', 'wrap']));
    const pads = c.list(2 * rank, () => c.int(-1, 2));
    if (opset < 11) return { inputs: [x], attributes: { mode, pads, value: c.maybe(1) } };
    const value = c.chance(50) ? scalar(x.type, 1, c.of(['constant', 'fed'])) : absent;
    if (opset < 18 || c.chance(50)) return { inputs: [x, c.ints(pads), value], attributes: { mode } };
    return { inputs: [x, c.ints([1, 2]), value, c.ints([c.axis(rank)])], attributes: { mode } };
  },
  Range: (c) => {
    const type = c.of(['int64', 'float32', 'int32'] as const);
    const how = c.of(['fed', 'constant'] as const);
    return { inputs: [scalar(type, c.int(-3, 3), how), scalar(type, c.int(-9, 9), how), scalar(type, c.of([1, 2, -1, -3]), how)] };
  },
  ReduceSum: reduce(13),
  Reshape: (c) => {
    const x = c.any(c.dims(0, 5));
    const count = x.dims.reduce((a, b) => a * b, 1);
    return { inputs: [x, c.ints(c.of([[-1], [...x.dims], [...x.dims].reverse(), [0, -1], [1, count, 1]]))], attributes: {} };
  },
  Resize: resizeLike,
  Upsample: (c, opset) => {
    const { inputs, attributes } = resizeLike(c, 10);
    const [x, scales] = inputs as [NodeInput, NodeInput];
    return opset < 9 ? { inputs: [x], attributes: { ...attributes, scales: scales.data as number[] } } : { inputs, attributes };
  },
  Slice: (c, opset) => {
    const x = c.any(c.dims(1, 4));
    const axes = c.axes(x.dims.length);
    const [starts, ends] = [axes.map(() => c.int(-4, 4)), axes.map(() => c.of([-2, 0, 1, 3, 5, 2 ** 31 - 1, Number.MAX_SAFE_INTEGER]))];
    if (opset < 10) return { inputs: [x], attributes: { starts, ends, axes } };
    return { inputs: [x, c.ints(starts), c.ints(ends), c.ints(axes), c.ints(axes.map(() => c.of([1, 1, 2, -1, -2])))] };
  },
  Split: (c, opset) => {
    const parts = c.list(c.int(1, 3), () => c.int(0, 3));
    const x = c.any(c.dims(1, 4));
    const axis = c.axis(x.dims.length);
    x.dims[(axis + x.dims.length) % x.dims.length] = parts.reduce((a, b) => a + b, 0);
    if (opset < 13) return { inputs: [x], attributes: { axis, split: c.maybe(parts, 80) }, outputs: parts.length };
    const even = opset >= 18 && c.chance(30);
    return {
      inputs: even ? [x] : [x, c.ints(parts)],
      attributes: { axis, num_outputs: even ? parts.length : undefined },
      outputs: parts.length,
    };
  },
  Squeeze: (c, opset) => {
    const x = c.any(c.dims(0, 5, 2));
    const ones = x.dims.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
    if (c.chance(30)) return { inputs: [x] };
    return opset < 13 ? { inputs: [x], attributes: { axes: ones } } : { inputs: [x, c.ints(ones)] };
  },
  Unsqueeze: (c, opset) => {
    const x = c.any(c.dims(0, 4));
    const axes = c.of([[0], [-1], [0, 1], [x.dims.length]]);
    return opset < 13 ? { inputs: [x], attributes: { axes } } : { inputs: [x, c.ints(axes)] };
  },
  DequantizeLinear: (c) => ({ inputs: [{ ...c.any(c.dims(1, 4)), type: 'int8' }, scalar('float32', 0.5)] }),
  TopK: (c, opset) => {
    const x = c.any(c.dims(1, 4));
    const axis = c.axis(x.dims.length);
    const k = c.int(0, x.dims.at(axis < 0 ? axis : axis - x.dims.length) ?? 1);
    const attributes = { axis, ...(opset >= 11 ? { largest: c.maybe(0) } : {}) };
    if (opset < 10) return { inputs: [x], attributes: { ...attributes, k }, outputs: c.int(1, 2) };
    return { inputs: [x, c.ints([k])], attributes, outputs: c.int(1, 2) };
  },
  Transpose: (c) => {
    const x = c.any(c.dims(0, 5));
    const perm = x.dims.map((_, i) => i).sort(() => c.int(-1, 1));
    return { inputs: [x], attributes: { perm: c.maybe(perm, 80) } };
  },
  ArgMax: axisOnly((c) => ({ keepdims: c.maybe(0) })),
  ArgMin: axisOnly((c) => ({ keepdims: c.maybe(0) })),
  Softmax: axisOnly(),
  LogSoftmax: axisOnly(),
  Hardmax: axisOnly(),
  Shape: (c, opset) => ({
    inputs: [c.any(c.dims(0, 5))],
    attributes: opset < 15 ? {} : { start: c.maybe(c.int(-3, 3)), end: c.maybe(-1) },
  }),
};

const pairs = new Set(['Add', 'Sub', 'Mul', 'Div', 'Pow', 'Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual']);
const variadic = new Set(['Min', 'Max', 'Sum', 'Mean']);

function makerOf(op: string): Maker {
  if (op in makers) return makers[op] as Maker;
  if (pairs.has(op)) return several(2, 2);
  if (variadic.has(op)) return several(1, 4);
  if (op.startsWith('Reduce')) return reduce(18);
  return unary;
}

export const operatorNames: readonly string[] = [...operators.keys()];

/** A node of the operator that most likely runs. */
export function plausibleNode(op: string, c: Choices): RandomNode {
  const { since = 1, until = NEWEST_OPSET } = operators.get(op) ?? {};
  const opset = c.int(Math.max(1, since), until);
  const { inputs, attributes = {}, outputs = 1 } = makerOf(op)(c, opset);
  const given = Object.entries(attributes).filter((entry): entry is [string, Attribute] => entry[1] !== undefined);
  return { op, opset, attributes: Object.fromEntries(given), inputs: inputs.map((value) => ({ ...value })), outputs };
}
