// Exponential, logarithm, power, sine and cosine in float64 by additions, multiplications and divisions only, which every engine
// rounds alike; Math's differ between engines in the last digits.

const LN2_HIGH = 0.6931471803691238; // ln 2 in two parts (Cody and Waite); the first ends in zeros.
const LN2_LOW = 1.9082149292705877e-10;

/** e^x: x = n·ln 2 + r, e^r by Taylor's polynomial of degree 13, whose remainder is under 1e-17 of it. */
export const exp = (x: number): number => longExp(x, 0);

/** e^(x + low). */
function longExp(x: number, low: number): number {
  if (x > 709.8) return Number.POSITIVE_INFINITY;
  if (x < -745.2) return 0;
  const n = Math.round(x / (LN2_HIGH + LN2_LOW));
  const r = x - n * LN2_HIGH - n * LN2_LOW + low;
  let y = 1;
  for (let k = 13; k > 0; k--) y = 1 + (y * r) / k;
  return scale(y, n);
}

/** ln x: x = 2^n·m with m around 1, ln m = 2·atanh((m - 1) / (m + 1)) by its series. */
export function log(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return x === 0 ? Number.NEGATIVE_INFINITY : x > 0 ? x : Number.NaN;
  const [m, n] = split(x);
  const s = (m - 1) / (m + 1);
  let sum = 0;
  for (let k = 25; k > 0; k -= 2) sum = sum * s * s + 1 / k;
  return n * LN2_HIGH + (n * LN2_LOW + 2 * s * sum);
}

/** x = m·2^n with m around 1. */
function split(x: number): [m: number, n: number] {
  let [m, n] = [x, 0];
  for (; m >= Math.SQRT2; n++) m /= 2;
  for (; m < Math.SQRT1_2; n--) m *= 2;
  return [m, n];
}

/** A number in two parts, the second being what the first lost in rounding: about 106 bits (Dekker 1971). */
type Double = readonly [high: number, low: number];

/** a + b exactly (Knuth). */
function plus(a: number, b: number): Double {
  const sum = a + b;
  const rest = sum - a;
  return [sum, a - (sum - rest) + (b - rest)];
}

/** a·b exactly, by halves of 26 bits (Veltkamp and Dekker). */
function times(a: number, b: number): Double {
  const halves = (x: number): Double => {
    const high = x * 134217729 - (x * 134217729 - x);
    return [high, x - high];
  };
  const [[aHigh, aLow], [bHigh, bLow], product] = [halves(a), halves(b), a * b];
  return [product, aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow];
}

const add = ([a, aLow]: Double, [b, bLow]: Double): Double => {
  const [sum, rest] = plus(a, b);
  return plus(sum, rest + aLow + bLow);
};

const multiply = ([a, aLow]: Double, [b, bLow]: Double): Double => {
  const [product, rest] = times(a, b);
  return plus(product, rest + a * bLow + aLow * b);
};

function divide(a: number, [b, bLow]: Double): Double {
  const quotient = a / b;
  const [product, rest] = times(quotient, b);
  return [quotient, (a - product - rest - quotient * bLow) / b];
}

/** As `log`, in two parts. */
function longLog(x: number): Double {
  const [m, n] = split(x);
  const s = divide(m - 1, plus(m, 1));
  const square = multiply(s, s);
  let sum: Double = [0, 0];
  for (let k = 31; k > 0; k -= 2) sum = add(multiply(sum, square), divide(1, [k, 0]));
  const part = multiply([2 * s[0], 2 * s[1]], sum);
  return add([n * LN2_HIGH, n * LN2_LOW], part);
}

/**
 * x^y for x from 0 on, right to 2 units in the last place; NaN for negative x. It is e^(y·ln x), in which the exponent has about
 * 100 bits, because an error of it is a relative error of the result.
 */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (!(x > 0) || x === Number.POSITIVE_INFINITY || !Number.isFinite(y)) {
    if (Number.isNaN(y) || !(x >= 0)) return Number.NaN;
    // From 1 on powers grow with y, below they fall.
    return x > 1 === y > 0 ? Number.POSITIVE_INFINITY : 0;
  }
  const [high, low] = longLog(x);
  if (Math.abs(y * high) > 800) return y * high > 0 ? Number.POSITIVE_INFINITY : 0;
  const [exponent, rest] = multiply([high, low], [y, 0]);
  return longExp(exponent, rest);
}

/** Parts of π / 2 with 33 bits each, and the rest: their products with numbers up to 2^20 are exact. */
const QUARTERS = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32];

/** sin(x + shift·π / 2), after whole quarter turns are taken off (Cody and Waite). */
function turned(x: number, shift: number): number {
  const n = Math.round(x / (Math.PI / 2));
  let r: Double = [x, 0];
  for (const quarter of QUARTERS) r = add(r, [-n * quarter, 0]);
  const quadrant = n + shift - 4 * Math.floor((n + shift) / 4);
  const y = quadrant % 2 === 0 ? sine(r) : cosine(r);
  return quadrant < 2 ? y : -y;
}

/** By Taylor's series, for up to π / 4. The last terms are added first, and r last. */
function sine([r, low]: Double): number {
  const z = r * r;
  let sum = 0;
  for (let k = 18; k > 2; k -= 2) sum = (1 - sum) * (z / (k * (k + 1)));
  // sin(r + low) is about sin r + low·cos r.
  return r - (r * z * (1 - sum)) / 6 + low * (1 - z / 2);
}

function cosine([r, low]: Double): number {
  const z = r * r;
  let sum = 0;
  for (let k = 18; k > 4; k -= 2) sum = (1 - sum) * (z / (k * (k - 1)));
  const first = 1 - z / 2;
  // What the subtraction lost is added again.
  return first + (1 - first - z / 2 + (z * z * (1 - sum)) / 24 - r * low);
}

/** sin x for |x| up to a million, right to 1 unit in the last place; larger ones lose digits. NaN for infinities. */
export const sin = (x: number): number => (x === 0 ? x : turned(x, 0));

/** cos x, likewise. */
export const cos = (x: number): number => turned(x, 1);

/** y·2^n in steps, so that only the last one can overflow or underflow. */
function scale(y: number, n: number): number {
  let result = y;
  for (let left = Math.abs(n); left > 0; left--) result = n > 0 ? result * 2 : result / 2;
  return result;
}
