// Convolutions, pools, normalisations, matrix products, resizing.

import type { Builder, Value } from './build.ts';
import { type Attributes, type Choose, flag, float, type Maker } from './operator.ts';

const AUTO_PAD = ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'];
const ROUNDED = Number.POSITIVE_INFINITY;

const picture = (b: Builder, more: object = {}): Value => b.value({ rank: [3, 4], make: () => b.picture(), magnitude: 12, ...more });

function windowed(b: Builder, rank: number, kernel: readonly number[], choose: Choose, dilated: boolean): Attributes {
  const { draw } = b;
  const auto = choose('auto_pad', 30);
  const some = (least: number, most: number, count = rank) => draw.list(count, () => draw.int(least, most));
  return {
    auto_pad: auto,
    strides: draw.maybe(() => some(1, 3)),
    dilations: dilated ? draw.maybe(() => some(1, 2), 25) : undefined,
    // Below the window, as ONNX asks of pools.
    pads:
      auto && auto !== 'NOTSET'
        ? undefined
        : draw.maybe(() => draw.list(2 * rank, (i) => draw.int(0, Math.min(2, (kernel[i % rank] ?? 1) - 1))), 60),
  };
}

const pool = (
  since: readonly number[],
  dilatedSince: number,
  ceilSince: number,
  more: {
    choices?: Maker['choices'];
    given?: string[];
    attributes?: (b: Builder, choose: Choose) => Attributes;
    types?: (opset: number) => Value['type'][];
  },
): ((op: string) => Maker) => {
  const { choices = {}, given = [], attributes = () => ({}), types = () => ['float32'] } = more;
  return (op) => ({
    since,
    choices: { auto_pad: AUTO_PAD, ...(ceilSince < 99 ? { [`ceil_mode@${ceilSince}`]: flag } : {}), ...choices },
    given: ['strides', 'pads', `dilations@${dilatedSince}`, ...given],
    make(b, choose) {
      const x = picture(b, { types: types(b.opset) });
      const rank = (x.dims?.length ?? 4) - 2;
      const kernel = b.draw.list(rank, (i) => Math.min(b.draw.int(1, 3), b.draw.chance(90) ? Math.max(1, x.dims?.[i + 2] ?? 1) : 3));
      const shared = windowed(b, rank, kernel, choose, b.opset >= dilatedSince);
      const ceil = ceilSince < 99 ? choose('ceil_mode', 35) : undefined;
      const bits: readonly [number, number] = op === 'MaxPool' ? [x.grid, x.magnitude] : [ROUNDED, x.magnitude + 2];
      b.node(op, [x], { kernel_shape: kernel, ...shared, ceil_mode: ceil, ...attributes(b, choose) }, { bits });
    },
  });
};

function convolved(b: Builder, choose: Choose, transposed: boolean): { inputs: (Value | undefined)[]; attributes: Attributes } {
  const { draw } = b;
  const x = picture(b, { magnitude: 8 });
  const [, channels = 1, ...spatial] = x.dims ?? [];
  const rank = spatial.length;
  const square = draw.of([1, 3, 3, 3, 5, 0, 0, 0]);
  const most = (size: number) => (draw.chance(92) ? Math.max(1, size) : 5);
  const kernel = spatial.map((size) => Math.min(most(size), square === 0 ? draw.int(1, 4) : square));
  const groups = [1, 2, 3, channels].filter((group) => group > 0 && channels % group === 0);
  const group = draw.chance(40) ? draw.of(groups) : 1;
  const each = draw.chance(20) ? draw.of([8, 16, 17]) : draw.int(1, 5);
  const how = draw.chance(75) ? 'constant' : 'fed';
  const dims = transposed ? [channels, each, ...kernel] : [group * each, channels / group, ...kernel];
  const w = b.tensor('float32', dims, draw.of(['grid', 'random', 'unit']), how);
  const bias = draw.maybe(() => b.tensor('float32', [group * each], 'grid', how));
  const attributes: Attributes = {
    kernel_shape: draw.maybe(() => kernel),
    group: group === 1 ? draw.maybe(() => 1, 40) : group,
    ...windowed(b, rank, kernel, choose, true),
  };
  if (attributes.pads === undefined && attributes.auto_pad === undefined && draw.chance(40)) {
    attributes.pads = draw.list(2 * rank, (i) => (draw.chance(70) ? (kernel[i % rank] ?? 1) >> 1 : draw.int(0, 3)));
  }
  return { inputs: [x, w, bias], attributes };
}

/** Numbers per channel; variances are positive. */
const perChannel = (b: Builder, count: number, many: number): Value[] => {
  const how = b.draw.chance(75) ? 'constant' : 'fed';
  return b.draw.list(many, (i) => b.tensor('float32', [count], i === 3 ? 'positive' : 'grid', how));
};

const RESIZES = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric', 'tf_crop_and_resize'];
const SCALES = [1, 2, 3, 0.5, 1.5, 0.75, 2.5, 0.7];

function resize(b: Builder, choose: Choose): void {
  const { draw, opset } = b;
  const x = b.value({
    rank: [2, 4],
    make: () => b.picture([4, 4, 4, 3]),
    magnitude: 16,
    types: draw.chance(10) ? ['uint8', 'int8', 'int32'] : ['float32'],
  });
  const dims = x.dims ?? [];
  const nearestOnly = x.type !== 'float32';
  const antialias = nearestOnly ? undefined : choose<number>('antialias', 25);
  const outside = nearestOnly || opset < 11 ? undefined : choose<number>('exclude_outside', 25);
  const chosen = outside === 1 ? 'cubic' : (choose<string>('mode', 90) ?? (antialias ? 'linear' : undefined));
  const smooth = antialias && chosen === 'nearest' ? 'linear' : chosen;
  const mode = nearestOnly ? 'nearest' : opset < 11 && smooth === 'cubic' ? 'linear' : smooth;
  const policy = choose('keep_aspect_ratio_policy', 15);
  // Which axes are resized: those of the picture as a rule, all of them seldom.
  const spatial = dims.map((_, axis) => (axis >= dims.length - 2 && axis > 0) || dims.length === 2);
  const scales = dims.map((_, axis) => (spatial[axis] ? draw.of(SCALES) : 1));
  if (opset < 11) {
    b.node('Resize', [x, b.floatList(scales)], { mode });
    return;
  }
  const transforms = choose('coordinate_transformation_mode', 75);
  const crop = transforms === 'tf_crop_and_resize';
  const attributes: Attributes = {
    mode,
    antialias,
    coordinate_transformation_mode: transforms,
    nearest_mode: mode === 'nearest' || mode === undefined || draw.chance(20) ? choose('nearest_mode') : undefined,
    cubic_coeff_a: mode === 'cubic' || draw.chance(10) ? float(b, [-0.5, -0.75], 40) : undefined,
    exclude_outside: outside,
    extrapolation_value: crop || draw.chance(10) ? float(b, [2, 0, -1.5], 60) : undefined,
  };
  const axes =
    opset >= 18 && (policy !== undefined || draw.chance(25)) ? dims.map((_, axis) => axis).filter((axis) => spatial[axis]) : undefined;
  const listed = axes ?? dims.map((_, axis) => axis);
  attributes.axes = axes;
  const roi = crop
    ? b.floatList([
        ...listed.map((axis) => (spatial[axis] ? draw.of([0, 0.25, 0.5]) : 0)),
        ...listed.map((axis) => (spatial[axis] ? draw.of([1, 0.75, 1.25]) : 1)),
      ])
    : undefined;
  if (policy !== undefined || draw.chance(55)) {
    b.node('Resize', [x, roi, undefined, b.ints(listed.map((axis) => (spatial[axis] ? draw.int(1, 12) : (dims[axis] as number))))], {
      ...attributes,
      keep_aspect_ratio_policy: policy,
    });
  } else
    b.node(
      'Resize',
      [x, roi ?? (opset < 13 ? b.floatList([]) : undefined), b.floatList(listed.map((axis) => scales[axis] as number))],
      attributes,
    );
}

const normalized = (b: Builder) => picture(b, { magnitude: 10 });
const epsilon = (b: Builder) => float(b, [1e-3, 1e-5, 0.1]);

const all: Readonly<Record<string, (op: string) => Maker>> = {
  AveragePool: pool([7, 10, 11, 19], 19, 10, {
    choices: { count_include_pad: flag },
    attributes: (_, choose) => ({ count_include_pad: choose('count_include_pad', 50) }),
  }),
  MaxPool: pool([1, 8, 10, 11, 12], 10, 10, {
    types: (opset) => (opset >= 12 ? ['float32', 'float32', 'float32', 'float32', 'uint8', 'int8'] : ['float32']),
    choices: { 'storage_order@8': [0] },
    attributes: (_, choose) => ({ storage_order: choose('storage_order', 15) }),
  }),
  LpPool: pool([2, 11, 18], 18, 18, { given: ['p'], attributes: (b) => ({ p: b.draw.maybe(() => b.draw.int(1, 4)) }) }),
  GlobalAveragePool: (op) => ({ since: [1], make: (b) => void b.node(op, [picture(b)], {}) }),
  GlobalMaxPool: (op) => ({
    since: [1],
    make(b) {
      const x = picture(b);
      b.node(op, [x], {}, { bits: [x.grid, x.magnitude] });
    },
  }),
  GlobalLpPool: (op) => ({
    since: [2],
    given: ['p'],
    make: (b) => void b.node(op, [picture(b, { magnitude: 4 })], { p: b.draw.maybe(() => b.draw.int(1, 4)) }),
  }),
  Conv: (op) => ({
    since: [1, 11],
    choices: { auto_pad: AUTO_PAD },
    given: ['kernel_shape', 'strides', 'pads', 'dilations', 'group'],
    make(b, choose) {
      const { inputs, attributes } = convolved(b, choose, false);
      b.node(op, inputs, attributes, { bits: [ROUNDED, (inputs[0]?.magnitude ?? 0) + 9] });
    },
  }),
  ConvTranspose: (op) => ({
    since: [1, 11],
    choices: { auto_pad: AUTO_PAD },
    given: ['kernel_shape', 'strides', 'pads', 'dilations', 'group', 'output_padding', 'output_shape'],
    make(b, choose) {
      const { inputs, attributes } = convolved(b, choose, true);
      const [, , ...spatial] = inputs[0]?.dims ?? [];
      const strides = (attributes.strides as number[] | undefined) ?? spatial.map(() => 1);
      const padding = b.draw.maybe(() => strides.map((stride) => b.draw.int(0, stride - 1)), 30);
      const shape =
        padding || attributes.pads
          ? undefined
          : b.draw.maybe(() => spatial.map((size, i) => Math.max(1, size * (strides[i] ?? 1) - b.draw.int(0, 1))), 25);
      b.node(
        op,
        inputs,
        { ...attributes, output_padding: padding, output_shape: shape },
        { bits: [ROUNDED, (inputs[0]?.magnitude ?? 0) + 9] },
      );
    },
  }),
  BatchNormalization: (op) => ({
    since: [7, 9, 14, 15],
    choices: { 'training_mode@14': [0] },
    given: ['epsilon', 'momentum'],
    make(b, choose) {
      const x = b.value({ rank: [2, 5], make: () => (b.draw.chance(15) ? [2, b.draw.int(1, 9)] : b.picture()), magnitude: 10 });
      b.node(op, [x, ...perChannel(b, x.dims?.[1] ?? 1, 4)], {
        epsilon: epsilon(b),
        momentum: float(b, [0.9, 0.1], 30),
        training_mode: choose('training_mode', 30),
      });
    },
  }),
  InstanceNormalization: (op) => ({
    since: [6],
    given: ['epsilon'],
    make(b) {
      const x = normalized(b);
      b.node(op, [x, ...perChannel(b, x.dims?.[1] ?? 1, 2)], { epsilon: epsilon(b) });
    },
  }),
  GroupNormalization: (op) => ({
    since: [18, 21],
    choices: { 'stash_type@21': [1] },
    given: ['epsilon', 'num_groups'],
    make(b, choose) {
      const x = normalized(b);
      const channels = x.dims?.[1] ?? 1;
      const groups = b.draw.of([1, 2, 3, Math.max(1, channels)].filter((group) => channels % group === 0));
      b.node(op, [x, ...perChannel(b, b.opset < 21 ? groups : channels, 2)], {
        num_groups: groups,
        epsilon: epsilon(b),
        stash_type: choose('stash_type', 30),
      });
    },
  }),
  LayerNormalization: (op) => ({
    since: [17],
    choices: { stash_type: [1] },
    given: ['axis', 'epsilon'],
    make(b, choose) {
      const x = b.value({ rank: [1, 4], magnitude: 10 });
      const dims = x.dims ?? [];
      const axis = b.draw.maybe(() => b.axis(dims.length), 60);
      const tail = dims.slice(axis ?? -1);
      const how = b.draw.chance(70) ? 'constant' : 'fed';
      const bias = b.draw.maybe(() => b.tensor('float32', tail, 'grid', how));
      b.node(
        op,
        [x, b.tensor('float32', tail, 'grid', how), bias],
        { axis, epsilon: epsilon(b), stash_type: choose('stash_type', 30) },
        { outputs: b.draw.chance(15) ? 3 : 1 },
      );
    },
  }),
  MeanVarianceNormalization: (op) => ({
    since: [9, 13],
    given: ['axes'],
    make(b) {
      const x = b.value({ rank: [4, 4], make: () => b.picture([4]), magnitude: 8, style: 'random' });
      b.node(op, [x], { axes: b.draw.maybe(() => b.draw.of([[0, 2, 3], [2, 3], [0, 1, 2, 3], [1], [0]])) });
    },
  }),
  LRN: (op) => ({
    since: [1, 13],
    given: ['alpha', 'beta', 'bias', 'size'],
    make(b) {
      const x = b.value({ rank: [4, 4], make: () => b.picture([4]), magnitude: 8 });
      b.node(op, [x], {
        size: b.draw.of([1, 3, 5, 7]),
        alpha: float(b, [0.1, 1, 1e-3]),
        beta: float(b, [0.5, 1, 0.6]),
        bias: float(b, [2, 1]),
      });
    },
  }),
  Softmax: (op) => softmax(op),
  LogSoftmax: (op) => softmax(op),
  Hardmax: (op) => softmax(op, true),
  Gemm: (op) => ({
    since: [7, 9, 11, 13],
    choices: { transA: flag, transB: flag },
    given: ['alpha', 'beta'],
    make(b, choose) {
      const [transA, transB] = [choose<number>('transA', 50), choose<number>('transB', 50)];
      const a = b.value({ rank: [2, 2], make: () => [b.draw.int(1, 6), b.draw.chance(3) ? 0 : b.draw.int(1, 20)], magnitude: 9 });
      const [first = 1, second = 1] = a.dims ?? [];
      const [m, k] = transA ? [second, first] : [first, second];
      const n = b.draw.of([1, 2, 3, 4, 5, 7, 8, 9, 16, 17]);
      const how = b.draw.chance(70) ? 'constant' : 'fed';
      const third = b.draw.maybe(() => b.tensor('float32', b.broadcasting([m, n]), 'grid', how), 60);
      const weights = b.tensor('float32', transB ? [n, k] : [k, n], 'grid', how);
      const bias = third ?? (b.opset < 11 ? b.tensor('float32', [n], 'grid', how) : undefined);
      b.node(
        op,
        [a, weights, bias],
        { transA, transB, alpha: float(b, [0.5, 2, -1, 0]), beta: float(b, [2, 0.5, -1, 0]) },
        { bits: [ROUNDED, a.magnitude + 7] },
      );
    },
  }),
  MatMul: (op) => ({
    since: [1, 9, 13],
    make(b) {
      const types =
        b.opset >= 9
          ? (['float32', 'float32', 'float32', 'float32', 'float32', 'float32', 'int32', 'float64'] as const)
          : (['float32'] as const);
      const a = b.value({ types, rank: [1, 4], magnitude: 8 });
      const dims = a.dims ?? [];
      const k = dims.at(-1) as number;
      const batch = b.broadcasting(dims.slice(0, -2));
      const shape = b.draw.chance(15) ? [k] : [...(b.draw.chance(40) ? [] : batch), k, b.draw.of([1, 2, 3, 5, 8, 9, 17])];
      const y = b.value({ types: [a.type], dims: shape, magnitude: 8, fresh: b.draw.chance(60) });
      const swapped = dims.length === 2 && y.dims?.length === 2 && y.dims[1] === dims[0] && b.draw.chance(20);
      const bits: readonly [number, number] = [a.grid + y.grid, a.magnitude + y.magnitude + Math.ceil(Math.log2(k + 1))];
      b.node(op, swapped ? [y, a] : [a, y], {}, { bits });
    },
  }),
  GridSample: (op) => ({
    since: [16, 20],
    choices: {
      padding_mode: ['zeros', 'border', 'reflection'],
      align_corners: flag,
      mode: ['bilinear', 'nearest', 'bicubic', 'linear', 'cubic'],
    },
    make(b, choose) {
      const x = b.value({ rank: [4, 4], make: () => b.picture([4]), magnitude: 12 });
      // Opset 20 has other names for them.
      const names: Readonly<Record<string, string>> =
        b.opset < 20 ? { linear: 'bilinear', cubic: 'bicubic' } : { bilinear: 'linear', bicubic: 'cubic' };
      const chosen = choose<string>('mode', 80);
      const mode = chosen && (names[chosen] ?? chosen);
      const grid = b.tensor(
        'float32',
        [x.dims?.[0] ?? 1, b.draw.int(1, 5), b.draw.int(1, 5), 2],
        b.draw.of(mode === 'nearest' ? ['unit', 'random'] : ['unit', 'random', 'grid']),
      );
      b.node(op, [x, grid], { mode, padding_mode: choose('padding_mode'), align_corners: choose('align_corners') });
    },
  }),
  Resize: () => ({
    since: [10, 11, 13, 18, 19],
    choices: {
      mode: ['nearest', 'linear', 'cubic'],
      'antialias@18': flag,
      'coordinate_transformation_mode@11': RESIZES,
      'nearest_mode@11': ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'],
      'exclude_outside@11': flag,
      'keep_aspect_ratio_policy@18': ['stretch', 'not_larger', 'not_smaller'],
    },
    given: ['cubic_coeff_a', 'extrapolation_value', 'axes'],
    make: resize,
  }),
  Upsample: (op) => ({
    since: [7, 9],
    choices: { mode: ['nearest', 'linear'] },
    make(b, choose) {
      const x = b.value({ rank: [4, 4], make: () => b.picture([4]), magnitude: 16 });
      const scales = [1, 1, b.draw.of([1, 2, 3, 1.5, 2.5]), b.draw.of([1, 2, 3, 1.5, 2.5])];
      const mode = choose('mode', 80);
      if (b.opset < 9) b.node(op, [x], { mode, scales: { floats: scales } });
      else b.node(op, [x, b.floatList(scales)], { mode });
    },
  }),
};

function softmax(op: string, exact = false): Maker {
  return {
    since: [1, 11, 13],
    given: ['axis'],
    make(b) {
      const x = b.value({ rank: [1, 4], exact, types: exact && b.draw.chance(10) ? ['float64'] : ['float32'] });
      // Opsets before 11 count axes from the front only.
      const axis = b.draw.maybe(() => (b.opset < 11 ? b.draw.int(0, (x.dims?.length ?? 1) - 1) : b.axis(x.dims?.length ?? 1)), 70);
      const bound = b.opset < 13 && axis === undefined && x.dims?.length === 1 ? 0 : axis;
      b.node(op, [x], { axis: bound }, exact ? { bits: [0, 1] } : {});
    },
  };
}

export const windows: Readonly<Record<string, Maker>> = Object.fromEntries(Object.entries(all).map(([op, make]) => [op, make(op)]));
