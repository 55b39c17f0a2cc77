import type { DataType } from '../../src/graph/tensor.ts';
import { type Builder, everyType, float64Too, floats, numeric, numericSmall, stretches, type Value, type Wanted } from './build.ts';
import { type Attributes, type Choose, flag, float, type Maker } from './operator.ts';

type Bits = readonly [number, number];

const unary = (
  since: readonly number[],
  wanted: Wanted,
  bits: (x: Value, b: Builder) => Bits | undefined = () => undefined,
  more: Partial<Maker> & { attributes?: (b: Builder, choose: Choose) => Attributes } = {},
): ((op: string) => Maker) => {
  const { attributes = () => ({}), ...rest } = more;
  return (op) => ({
    since,
    ...rest,
    make(b, choose) {
      const x = b.value({ rank: [0, 5], ...wanted });
      const known = bits(x, b);
      b.node(op, [x], attributes(b, choose), known ? { bits: known } : {});
    },
  });
};

const same = (x: Value): Bits => [x.grid, x.magnitude];
const bounded = (magnitude: number) => (): Bits => [Number.POSITIVE_INFINITY, magnitude];

/** Two or more inputs that broadcast to one shape. */
function several(b: Builder, count: number, wanted: Wanted, second: Wanted = {}): Value[] {
  const first = b.value({ rank: [0, 4], ...wanted });
  const dims = first.dims ?? [];
  // The first may be the smaller one, too.
  const wide = b.draw.chance(15) ? [b.draw.int(1, 3), ...dims] : dims;
  const target = wide.map((dim) => (dim === 1 && b.draw.chance(30) ? b.draw.int(1, 4) : dim));
  const rest = b.draw.list(count - 1, () =>
    b.value({ ...wanted, ...second, types: [first.type], fits: (from) => stretches(from, target), make: () => b.broadcasting(target) }),
  );
  return [first, ...rest];
}

const sumBits = (values: readonly Value[]): Bits => [
  Math.max(...values.map(({ grid }) => grid)),
  Math.max(...values.map(({ magnitude }) => magnitude)) + Math.ceil(Math.log2(Math.max(2, values.length))),
];
const productBits = ([x, y]: readonly Value[]): Bits => [(x?.grid ?? 0) + (y?.grid ?? 0), (x?.magnitude ?? 0) + (y?.magnitude ?? 0)];
const largest = (values: readonly Value[]): Bits => [
  Math.max(...values.map(({ grid }) => grid)),
  Math.max(...values.map(({ magnitude }) => magnitude)),
];

const pair =
  (since: readonly number[], wanted: Wanted, bits: (values: readonly Value[]) => Bits | undefined, second: Wanted = {}) =>
  (op: string): Maker => ({
    since,
    make(b) {
      const values = several(b, 2, wanted, second);
      const known = bits(values);
      b.node(op, values, {}, known ? { bits: known } : {});
    },
  });

/** Integers are divided by none that could be 0. */
const quotient =
  (
    since: readonly number[],
    attributes: (b: Builder, x: Value, choose: Choose) => Attributes,
    wanted: Wanted,
    choices: Maker['choices'] = {},
  ) =>
  (op: string): Maker => ({
    since,
    choices,
    make(b, choose) {
      const x = b.value({ rank: [0, 4], types: numericSmall, ...wanted });
      const whole = !x.type.startsWith('float');
      const dims = x.dims ?? [];
      const [y] = [
        whole || wanted.exact
          ? b.tensor(x.type, b.broadcasting(dims), 'positive')
          : b.value({ types: [x.type], fits: (from) => stretches(from, dims), make: () => b.broadcasting(dims) }),
      ];
      b.node(op, [x, y], attributes(b, x, choose), { bits: [Number.POSITIVE_INFINITY, Math.min(127, x.magnitude + (whole ? 0 : 6))] });
    },
  });

const variadic =
  (
    since: readonly number[],
    types: readonly DataType[] | ((opset: number) => readonly DataType[]),
    bits: (values: readonly Value[]) => Bits | undefined,
  ) =>
  (op: string): Maker => ({
    since,
    make(b) {
      const wanted = { types: typeof types === 'function' ? types(b.opset) : types, magnitude: 16 };
      // Without broadcasting before opset 8.
      const first = b.opset < 8 ? b.value(wanted) : undefined;
      const alike = first && { ...wanted, types: [first.type], dims: first.dims ?? [] };
      const values =
        first && alike ? [first, ...b.draw.list(b.draw.int(0, 3), () => b.value(alike))] : several(b, b.draw.int(1, 4), wanted);
      const known = bits(values);
      b.node(op, values, {}, known ? { bits: known } : {});
    },
  });

const compare =
  (since: readonly number[], types: (opset: number) => readonly DataType[] = () => numeric) =>
  (op: string): Maker => ({
    since,
    make(b) {
      b.node(op, several(b, 2, { types: types(b.opset), exact: true }), {}, { bits: [0, 1] });
    },
  });

const logical = (op: string): Maker => ({
  since: [7],
  make(b) {
    b.node(op, several(b, 2, { types: ['bool'] }), {}, { bits: [0, 1] });
  },
});

const f64 = float64Too;
const mostlyFloat: readonly DataType[] = [...new Array<DataType>(15).fill('float32'), 'float64'];
const all: Readonly<Record<string, (op: string) => Maker>> = {
  Abs: unary([6, 13], { types: numericSmall }, same),
  Neg: unary([6, 13], { types: [...numeric, 'int8'] }, same),
  Relu: (op) => ({
    since: [6, 13, 14],
    make(b) {
      const x = b.value({ types: b.opset >= 14 ? [...numeric, 'int8'] : f64 });
      b.node(op, [x], {}, { bits: same(x) });
    },
  }),
  Floor: unary([6, 13], { types: f64, exact: true }, (x) => [0, x.magnitude]),
  Ceil: unary([6, 13], { types: f64, exact: true }, (x) => [0, x.magnitude]),
  Round: unary([11], { types: f64, exact: true }, (x) => [0, x.magnitude]),
  Sign: unary([9, 13], { types: numericSmall, exact: true }, () => [0, 1]),
  Sqrt: unary([6, 13], { types: f64, exact: true }, bounded(10)),
  Reciprocal: unary([6, 13], { types: f64 }, bounded(8)),
  Exp: unary([6, 13], { magnitude: 3 }, bounded(12)),
  Log: unary([6, 13], { exact: true }, bounded(7)),
  Sin: unary([7], { magnitude: 9 }, bounded(1)),
  Cos: unary([7], { magnitude: 9 }, bounded(1)),
  Erf: unary([9, 13], {}, bounded(1)),
  Tanh: unary([6, 13], {}, bounded(1)),
  Sigmoid: unary([6, 13], {}, bounded(1)),
  Softplus: unary([1], {}),
  Softsign: unary([1], {}, bounded(1)),
  Mish: unary([18], {}),
  HardSwish: unary([14], {}),
  Swish: unary([24], {}, undefined, { given: ['alpha'], attributes: (b) => ({ alpha: float(b, [0.5, 2, 0, 1, -1]) }) }),
  HardSigmoid: unary([6], {}, bounded(1), {
    given: ['alpha', 'beta'],
    attributes: (b) => ({ alpha: float(b, [0.5, 0.2, 1, -0.5]), beta: float(b, [0.25, 0, 1, -0.5]) }),
  }),
  Elu: unary([6], {}, undefined, { given: ['alpha'], attributes: (b) => ({ alpha: float(b, [0.5, 2, 0, 1, -1]) }) }),
  Celu: unary([12], {}, undefined, { given: ['alpha'], attributes: (b) => ({ alpha: float(b, [0.5, 2, 1]) }) }),
  Selu: unary([6], {}, undefined, {
    given: ['alpha', 'gamma'],
    attributes: (b) => ({ alpha: float(b, [0.5, 2, 1]), gamma: float(b, [0.5, 2, 1]) }),
  }),
  LeakyRelu: unary([6, 16], {}, undefined, { given: ['alpha'], attributes: (b) => ({ alpha: float(b, [0.5, 0.1, 0, 2, -1]) }) }),
  ThresholdedRelu: unary([10], { exact: true }, same, { given: ['alpha'], attributes: (b) => ({ alpha: float(b, [0.5, 2, 0, -1]) }) }),
  Gelu: unary([20], {}, undefined, {
    choices: { approximate: ['none', 'tanh'] },
    attributes: (_, choose) => ({ approximate: choose('approximate') }),
  }),
  IsNaN: unary([9, 13, 20], { types: ['float32'] }, () => [0, 1]),
  IsInf: unary([10, 20], { types: f64 }, () => [0, 1], {
    choices: { detect_positive: flag, detect_negative: flag },
    attributes: (_, choose) => ({ detect_positive: choose('detect_positive'), detect_negative: choose('detect_negative') }),
  }),
  Not: unary([1], { types: ['bool'] }),
  Identity: unary([1, 13, 14, 16, 19, 21], { types: everyType }, same),
  Add: pair([7, 13, 14], { types: numericSmall, magnitude: 18 }, sumBits),
  Sub: pair([7, 13, 14], { types: numericSmall, magnitude: 18 }, sumBits),
  Mul: pair([7, 13, 14], { types: numericSmall, magnitude: 10 }, productBits),
  Div: quotient([7, 13, 14], () => ({}), {}),
  Mod: quotient([10, 13], (_, x, choose) => ({ fmod: x.type.startsWith('float') ? 1 : choose('fmod') }), { exact: true }, { fmod: flag }),
  Pow: (op) => ({
    since: [7, 12, 13, 15],
    make(b) {
      const x = b.value({ types: b.opset >= 12 ? ['float32', 'float32', 'int32', 'int64', 'float64'] : f64, exact: true, magnitude: 4 });
      const whole = !x.type.startsWith('float');
      const type = b.opset >= 12 && b.draw.chance(25) ? b.draw.of(['int32', 'int64', 'float32'] as const) : x.type;
      const dims = b.broadcasting(x.dims ?? []);
      const y = whole || b.draw.chance(50) ? b.tensor(type, b.draw.chance(40) ? [] : dims, 'positive') : b.tensor(type, dims, 'grid');
      b.node(op, [x, y], {}, { bits: [Number.POSITIVE_INFINITY, 18] });
    },
  }),
  PRelu: (op) => ({
    since: [7, 9, 16],
    make(b) {
      const x = b.value({
        types: b.draw.chance(92) ? floats : b.opset >= 9 ? ['float64', 'int32'] : ['float64'],
        rank: [1, 4],
        magnitude: 10,
      });
      const dims = x.dims ?? [];
      const channels = dims.length >= 3 && b.draw.chance(50) ? [dims[1] as number, ...dims.slice(2).map(() => 1)] : b.broadcasting(dims);
      const slope = b.value({ types: [x.type], dims: channels, magnitude: 10 });
      b.node(op, [x, slope], {}, { bits: productBits([x, slope]) });
    },
  }),
  Sum: variadic([6, 8, 13], f64, sumBits),
  Mean: variadic([6, 8, 13], mostlyFloat, () => undefined),
  Max: variadic([6, 8, 12, 13], (opset) => (opset >= 12 ? numeric : mostlyFloat), largest),
  Min: variadic([6, 8, 12, 13], (opset) => (opset >= 12 ? numeric : mostlyFloat), largest),
  Equal: compare([7, 11, 13, 19], (opset) => (opset >= 11 ? [...numeric, 'bool'] : ['int32', 'int64', 'bool'])),
  Greater: compare([7, 9, 13], (opset) => (opset >= 9 ? numeric : f64)),
  Less: compare([7, 9, 13], (opset) => (opset >= 9 ? numeric : f64)),
  GreaterOrEqual: compare([12, 16]),
  LessOrEqual: compare([12, 16]),
  And: logical,
  Or: logical,
  Xor: logical,
  Where: (op) => ({
    since: [9, 16],
    make(b) {
      // Of the others onnxruntime has none.
      const common: readonly DataType[] = ['float32', 'float32', 'float32', 'float32', 'float64', 'int64', 'int32', 'uint8'];
      const x = b.value({ types: b.draw.chance(95) ? common : everyType });
      const dims = x.dims ?? [];
      const y = b.value({ types: [x.type], fits: (from) => stretches(from, dims), make: () => b.broadcasting(dims) });
      const condition = b.value({ types: ['bool'], fits: (from) => stretches(from, dims), make: () => b.broadcasting(dims) });
      b.node(op, [condition, x, y], {}, { bits: largest([x, y]) });
    },
  }),
  Clip: (op) => ({
    since: [6, 11, 12, 13],
    given: [],
    make(b) {
      const x = b.value({ types: b.opset >= 12 ? [...numeric, 'int8', 'uint8'] : b.opset >= 11 ? floats : floats, rank: [0, 5] });
      const bits: Bits = [Math.max(x.grid, 2), x.magnitude];
      if (b.opset < 11) {
        b.node(op, [x], { min: float(b, [0, -1, 0.5, -3.4028234663852886e38]), max: float(b, [1, 6, 0.75, -2]) }, { bits });
        return;
      }
      const limit = (values: readonly number[]) =>
        b.draw.maybe(
          () =>
            b.scalar(
              x.type,
              b.draw.of(x.type.startsWith('float') ? values : values.map(Math.ceil)),
              b.draw.chance(25) ? 'fed' : 'constant',
            ),
          70,
        );
      const low = limit(x.type.startsWith('u') ? [0, 1, 2] : [0, -1, 0.5, 2]);
      b.node(op, [x, low, limit([1, 6, 0.75, 3])], {}, { bits });
    },
  }),
  Cast: (op) => ({
    since: [6, 9, 13, 19, 21],
    choices: { to: [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 16] },
    make(b, choose) {
      let to = choose<number>('to', 100) ?? 1;
      if (to === 16 && b.opset < 13) to = 1;
      // Where whole numbers are made, of those that the type holds.
      const unsigned = [2, 4, 12, 13].includes(to);
      const x = unsigned
        ? b.tensor(b.draw.of(everyType), b.dims(0, 4), 'positive')
        : b.value({ types: everyType, rank: [0, 5], exact: ![1, 11].includes(to) });
      const half = to === 10 || to === 16;
      const made = b.node(
        op,
        [x],
        { to },
        { bits: [x.grid, x.magnitude], ...(half ? { type: to === 10 ? 'float16' : 'bfloat16', hidden: true } : {}) },
      );
      if (half) b.node(op, [made], { to: 1 }, { bits: same(x) });
    },
  }),
  CastLike: (op) => ({
    since: [15, 19, 21, 23, 24, 25],
    make(b) {
      const type = b.draw.of(['float32', 'float64', 'int64', 'int32', 'bool'] as const);
      const x = b.value({ types: everyType, rank: [0, 5], exact: !type.startsWith('float') });
      b.node(op, [x, b.scalar(type, 1, b.draw.chance(50) ? 'fed' : 'constant')], {}, { bits: [x.grid, x.magnitude] });
    },
  }),
  DequantizeLinear: (op) => ({
    since: [10, 13, 19, 21, 23, 24, 25],
    given: ['axis@13'],
    make(b) {
      const type = b.draw.of(['int8', 'uint8'] as const);
      const x = b.value({ types: [type], rank: [1, 4], fresh: true });
      const dims = x.dims ?? [];
      const axis = b.opset >= 13 && b.draw.chance(60) ? b.draw.int(0, dims.length - 1) : undefined;
      const list = axis === undefined ? [] : [dims[axis] as number];
      const scale = b.value({ types: ['float32'], dims: list, fresh: true });
      const zero = b.draw.maybe(() => b.value({ types: [type], dims: list, fresh: true }));
      b.node(op, [x, scale, zero], { axis });
    },
  }),
};

export const elementwise: Readonly<Record<string, Maker>> = Object.fromEntries(Object.entries(all).map(([op, make]) => [op, make(op)]));
