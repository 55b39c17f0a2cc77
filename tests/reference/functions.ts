// ONNX's element-wise operators of one input as functions of a number, in float64.

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

/** By ONNX's operator names. Attributes have ONNX's defaults, and are float32 as the file has them. */
export const functions: Readonly<Record<string, (x: number, attributes: FunctionAttributes) => number>> = {
  Abs: (x) => (x < 0 || Object.is(x, -0) ? -x : x),
  Neg: (x) => -x,
  Floor: Math.floor,
  Ceil: Math.ceil,
  Round: roundHalfEven,
  Sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : x),
  Sqrt: Math.sqrt,
  Reciprocal: (x) => 1 / x,
  Exp: Math.exp,
  Log: Math.log,
  Sin: Math.sin,
  Cos: Math.cos,
  Tanh: Math.tanh,
  Sigmoid: sigmoid,
  Erf: erf,
  Softplus: softplus,
  Softsign: (x) => x / (1 + Math.abs(x)),
  Mish: (x) => x * Math.tanh(softplus(x)),
  Swish: (x, { alpha = 1 }) => x * sigmoid(Math.fround(alpha) * x),
  HardSwish: (x) => x * clamp(x / 6 + 0.5, 0, 1),
  Gelu: (x, { approximate = 'none' }) => (approximate === 'tanh' ? geluTanh(x) : gelu(x)),
  HardSigmoid: (x, { alpha = 0.2, beta = 0.5 }) => clamp(Math.fround(alpha) * x + Math.fround(beta), 0, 1),
  LeakyRelu: (x, { alpha = 0.01 }) => (x < 0 ? Math.fround(alpha) * x : x),
  // NaN is not above anything.
  ThresholdedRelu: (x, { alpha = 1 }) => (x > Math.fround(alpha) ? x : 0),
  Elu: (x, { alpha = 1 }) => (x < 0 ? Math.fround(alpha) * Math.expm1(x) : x),
  Celu: (x, { alpha = 1 }) => (x < 0 ? Math.fround(alpha) * Math.expm1(x / Math.fround(alpha)) : x),
  Selu: (x, { alpha = 1.6732632423543772, gamma = 1.0507009873554805 }) =>
    Math.fround(gamma) * (x <= 0 ? Math.fround(alpha) * Math.expm1(x) : x),
};

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
