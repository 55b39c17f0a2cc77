// ONNX's element-wise operators of one input as functions of a number, in float64, with what tests ask of their kernels.

const SQRT_PI = Math.sqrt(Math.PI);

/** 1 - erf(x) for x from 2.5 on, by its continued fraction, from the inside out; far smaller errors than subtracting from 1. */
function erfcTail(x: number): number {
  let fraction = x;
  for (let k = 200; k > 0; k--) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (SQRT_PI * fraction);
}

/** The error function: 2/√π e^(-x²) Σ 2^n x^(2n+1) / (1·3·5 … (2n+1)), whose terms are all of one sign. */
export function erf(x: number): number {
  if (Number.isNaN(x)) return x;
  if (Math.abs(x) >= 2.5) return Math.sign(x) * (1 - erfcTail(Math.abs(x)));
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  // The sign of a zero stays.
  return x === 0 ? x : (2 / SQRT_PI) * Math.exp(-x * x) * sum;
}

export function erfc(x: number): number {
  return x >= 2.5 ? erfcTail(x) : 1 - erf(x);
}

/** Half to even. The sign of a result of 0 is that of x. */
export function roundHalfEven(x: number): number {
  const below = Math.floor(x);
  if (!Number.isFinite(x) || below === x) return x;
  const rest = x - below;
  const up = rest > 0.5 || (rest === 0.5 && below % 2 !== 0);
  const rounded = up ? below + 1 : below;
  return rounded === 0 && x < 0 ? -0 : rounded;
}

const sigmoid = (x: number): number => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)));
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
/** As ONNX has it: NaN stays NaN. */
const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
const gelu = (x: number): number => 0.5 * x * erfc(-x / Math.SQRT2);
/** 1 + tanh(u) = 2 / (1 + e^(-2u)), without cancellation below 0. */
const geluTanh = (x: number): number => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

export interface FunctionAttributes {
  alpha?: number;
  beta?: number;
  gamma?: number;
  approximate?: string;
}

/** How exact the kernel is with some attributes, and what it has to give. */
interface Asked {
  /** Largest error in units in the last place of the exact result. 0: float32's nearest. */
  readonly ulp?: number;
  /** An absolute error that is allowed as well, where a formula cancels. */
  readonly absolute?: (x: number) => number;
  /** `f` at POINTS, computed by hand or by PyTorch in float64: what tests `f` itself. */
  readonly points?: readonly number[];
}

/** A function and what tests ask of it with ONNX's defaults: every test of element-wise functions takes its cases from these. */
export interface FunctionRow extends Asked {
  /** Attributes have ONNX's defaults, and are float32 as the file has them. */
  readonly f: (x: number, attributes: FunctionAttributes) => number;
  readonly ulp: number;
  /** Attributes beside the defaults; how exact the kernel is with them is looked at where `ulp` is given. */
  readonly more?: readonly (Asked & { readonly attributes: FunctionAttributes })[];
  /** The kernel's result of NaN, infinity, -infinity, 0 and -0. */
  readonly specials?: readonly number[];
  /** Where it means something, for random inputs; -4 to 4 where left out. */
  readonly domain?: readonly [number, number];
  /** Whether huge numbers stay what they are: products and powers on the way must not overflow. */
  readonly keepsHuge?: true;
  /** Attributes of its nodes in the platforms' models; once without any where left out. */
  readonly platforms?: readonly FunctionAttributes[];
}

export const POINTS = [-2.5, -0.75, 0, 0.3, 4];

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
/** What rounding to float32 may add to a number of 1. */
const ROUNDING = 2 ** -24;
const size = (units: number) => (x: number) => units * ROUNDING * Math.abs(x);
/** The kernel's exponential has no denormals: below x, what is left vanishes. */
const vanishing = (from: number) => (x: number) => (x < from ? 1e-35 : 0);
/** From 2^28 on the reduction of the argument has an absolute error. */
const reduced = (x: number) => (Math.abs(x) < 2 ** 28 ? 0 : 4 * ROUNDING);
const LN2 = Math.fround(Math.LN2);

/** By ONNX's operator names. New ones go to the end: the platforms' hash has their order. */
export const functionTable: Readonly<Record<string, FunctionRow>> = {
  LeakyRelu: {
    f: (x, { alpha = 0.01 }) => (x < 0 ? Math.fround(alpha) * x : x),
    ulp: 0,
    more: [
      { attributes: { alpha: 1.7 }, ulp: 0 },
      { attributes: { alpha: 0.3 } },
      { attributes: { alpha: -2 } },
      { attributes: { alpha: 0.5 }, points: [-1.25, -0.375, 0, 0.3, 4] },
    ],
    specials: [nan, inf, -inf, 0, -0],
    keepsHuge: true,
    platforms: [{ alpha: 0.2 }],
  },
  Elu: {
    f: (x, { alpha = 1 }) => (x < 0 ? Math.fround(alpha) * Math.expm1(x) : x),
    ulp: 2,
    points: [-0.9179150013761012, -0.5276334472589853, 0, 0.3, 4],
    more: [{ attributes: { alpha: 0.3 }, ulp: 2.5 }, { attributes: { alpha: 2.5 } }],
    specials: [nan, inf, -1, 0, -0],
    keepsHuge: true,
    platforms: [{ alpha: 1.3 }],
  },
  Selu: {
    f: (x, { alpha = 1.6732632423543772, gamma = 1.0507009873554805 }) =>
      Math.fround(gamma) * (x <= 0 ? Math.fround(alpha) * Math.expm1(x) : x),
    ulp: 2.5,
    more: [
      { attributes: { alpha: 1.5, gamma: 0.5 } },
      { attributes: { alpha: 2, gamma: 0.5 }, points: [-0.9179150013761012, -0.5276334472589853, 0, 0.15, 2] },
    ],
  },
  Celu: {
    f: (x, { alpha = 1 }) => (x < 0 ? Math.fround(alpha) * Math.expm1(x / Math.fround(alpha)) : x),
    ulp: 2,
    more: [
      { attributes: { alpha: 2.5 }, ulp: 2.5 },
      { attributes: { alpha: 0.7 } },
      { attributes: { alpha: 2 }, points: [-1.4269904062796197, -0.6254214424180555, 0, 0.3, 4] },
    ],
    keepsHuge: true,
    platforms: [{ alpha: 0.7 }],
  },
  Sigmoid: {
    f: sigmoid,
    ulp: 2.5,
    points: [0.07585818002124355, 0.320821300824607, 0.5, 0.574442516811659, 0.9820137900379085],
    specials: [nan, 1, 0, 0.5, 0.5],
  },
  HardSigmoid: {
    f: (x, { alpha = 0.2, beta = 0.5 }) => clamp(Math.fround(alpha) * x + Math.fround(beta), 0, 1),
    ulp: 1,
    absolute: () => ROUNDING,
    more: [
      { attributes: { alpha: 1 / 6, beta: 0.25 }, ulp: 1, absolute: () => ROUNDING },
      { attributes: { alpha: 0.1, beta: 0.9 } },
      { attributes: { alpha: 0.25, beta: 0.5 }, points: [0, 0.3125, 0.5, 0.575, 1] },
    ],
    specials: [nan, 1, 0, 0.5, 0.5],
    platforms: [{ alpha: 0.25, beta: 0.4 }],
  },
  HardSwish: {
    f: (x) => x * clamp(x / 6 + 0.5, 0, 1),
    ulp: 2,
    absolute: size(2),
    points: [-0.20833333333333334, -0.28125, 0, 0.165, 4],
    keepsHuge: true,
  },
  Tanh: {
    f: Math.tanh,
    ulp: 1.5,
    points: [-0.9866142981514303, -0.6351489523872873, 0, 0.2913126124515909, 0.999329299739067],
    specials: [nan, 1, -1, 0, -0],
  },
  Softplus: {
    f: softplus,
    ulp: 3.5,
    points: [0.07888973429254963, 0.38687100611489994, Math.LN2, 0.8543552444685272, 4.0181499279178094],
    specials: [nan, inf, 0, LN2, LN2],
    keepsHuge: true,
  },
  Softsign: { f: (x) => x / (1 + Math.abs(x)), ulp: 1.5, points: [-2.5 / 3.5, -0.75 / 1.75, 0, 0.3 / 1.3, 0.8] },
  Gelu: {
    f: (x, { approximate = 'none' }) => (approximate === 'tanh' ? geluTanh(x) : gelu(x)),
    // Below 0 it takes a number near 1 from 1: its error is that of a rounding or two of x.
    ulp: 2.5,
    absolute: size(2.5),
    points: [-0.015524163314440398, -0.16997051428265111, 0, 0.1853734266566858, 3.9998733150326675],
    more: [
      {
        attributes: { approximate: 'tanh' },
        ulp: 2.5,
        absolute: size(2),
        points: [-0.015084266089998577, -0.17003944483437966, 0, 0.18537092354275922, 3.9999297540518075],
      },
    ],
    keepsHuge: true,
    platforms: [{}, { approximate: 'tanh' }],
  },
  Erf: {
    f: erf,
    ulp: 1,
    points: [-0.999593047982555, -0.7111556336535151, 0, 0.3286267594591274, 0.9999999845827421],
    specials: [nan, 1, -1, 0, -0],
  },
  Mish: {
    f: (x) => x * Math.tanh(softplus(x)),
    ulp: 4.5,
    absolute: vanishing(-87.3),
    points: [-0.19681620390653337, -0.27649471450546514, 0, 0.20800137234811503, 3.9974128069762385],
    keepsHuge: true,
  },
  ThresholdedRelu: {
    // NaN is not above anything.
    f: (x, { alpha = 1 }) => (x > Math.fround(alpha) ? x : 0),
    ulp: 0,
    more: [
      { attributes: { alpha: -0.3 }, ulp: 0 },
      { attributes: { alpha: 2 } },
      { attributes: { alpha: 0.25 }, points: [0, 0, 0, 0.3, 4] },
    ],
    specials: [0, inf, 0, 0, 0],
    platforms: [{ alpha: 0.6 }],
  },
  Exp: { f: Math.exp, ulp: 1.1, specials: [nan, inf, 0, 1, 1] },
  Log: { f: Math.log, ulp: 1, specials: [nan, inf, nan, -inf, -inf], domain: [0.1, 4] },
  Sqrt: { f: Math.sqrt, ulp: 0, specials: [nan, inf, nan, 0, -0], domain: [0.1, 4] },
  Reciprocal: { f: (x) => 1 / x, ulp: 0, specials: [nan, 0, -0, inf, -inf] },
  Sin: { f: Math.sin, ulp: 0.51, absolute: reduced, specials: [nan, nan, nan, 0, -0] },
  Cos: { f: Math.cos, ulp: 0.51, absolute: reduced, specials: [nan, nan, nan, 1, 1] },
  Round: { f: roundHalfEven, ulp: 0, points: [-2, -1, 0, 0, 4], specials: [nan, inf, -inf, 0, -0] },
  Sign: { f: (x) => (x > 0 ? 1 : x < 0 ? -1 : x), ulp: 0, points: [-1, -1, 0, 1, 1] },
  // The platforms' models do without the rest: what a single instruction of the processor does, and Swish, which is newer than they are.
  Abs: { f: (x) => (x < 0 || Object.is(x, -0) ? -x : x), ulp: 0, specials: [nan, inf, inf, 0, 0], platforms: [] },
  Neg: { f: (x) => -x, ulp: 0, specials: [nan, -inf, inf, -0, 0], platforms: [] },
  Floor: { f: Math.floor, ulp: 0, specials: [nan, inf, -inf, 0, -0], platforms: [] },
  Ceil: { f: Math.ceil, ulp: 0, specials: [nan, inf, -inf, 0, -0], platforms: [] },
  Swish: {
    f: (x, { alpha = 1 }) => x * sigmoid(Math.fround(alpha) * x),
    ulp: 3,
    absolute: vanishing(-87.3),
    points: [-0.18964545005310887, -0.24061597561845527, 0, 0.1723327550434977, 3.928055160151634],
    more: [
      // With another factor it is a Scale, a Sigmoid and a Mul.
      { attributes: { alpha: 0.5 }, ulp: 3.5, absolute: vanishing(-174.6) },
      { attributes: { alpha: -1.7 } },
      { attributes: { alpha: 0 } },
      { attributes: { alpha: 2 }, points: [-0.01673212731071214, -0.13681914285476726, 0, 0.1936968918677386, 3.9986585994781345] },
    ],
    keepsHuge: true,
    platforms: [],
  },
};

export const functions: Readonly<Record<string, FunctionRow['f']>> = Object.fromEntries(
  Object.entries(functionTable).map(([op, { f }]) => [op, f]),
);

/** The functions in the platforms' models, in their order. */
export const platformFunctions = Object.entries(functionTable).flatMap(([op, { platforms = [{}] }]) =>
  platforms.map((attributes) => [op, attributes] as const),
);

/** One unit in the last place of a float32 around x; that of the smallest normal number below it. */
export const ulpOf = (x: number): number => 2 ** (Math.max(-126, Math.floor(Math.log2(Math.abs(x)))) - 23);

/**
 * How many units in the last place a float32 result is from the exact one. 0 where they agree in float32, NaN and infinities with
 * themselves only; denormal results may be 0, for the kernels do not make them.
 */
export function ulpError(actual: number, exact: number): number {
  if (Object.is(actual, exact) || Math.fround(exact) === actual) return 0;
  if (Math.abs(exact) < 2 ** -126 && actual === 0) return 0;
  // What float32 rounds to infinity is as far from the largest number as its own size says.
  const near = Math.abs(actual) === Infinity && Math.abs(exact) >= 2 ** 128 - 2 ** 105 ? Math.sign(actual) * 2 ** 128 : actual;
  const error = Math.abs(near - exact) / ulpOf(exact);
  return Number.isNaN(error) ? Infinity : error;
}
