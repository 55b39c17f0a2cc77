// Exponential and logarithm in float64 by additions and multiplications only, which every engine rounds alike; Math.exp and
// Math.log differ between engines in the last digits.

const LN2_HIGH = 0.6931471803691238; // ln 2 in two parts (Cody and Waite); the first ends in zeros.
const LN2_LOW = 1.9082149292705877e-10;

/** e^x: x = n·ln 2 + r, e^r by Taylor's polynomial of degree 13, whose remainder is under 1e-17 of it. */
export function exp(x: number): number {
  if (x > 709.8) return Number.POSITIVE_INFINITY;
  if (x < -745.2) return 0;
  const n = Math.round(x / (LN2_HIGH + LN2_LOW));
  const r = x - n * LN2_HIGH - n * LN2_LOW;
  let y = 1;
  for (let k = 13; k > 0; k--) y = 1 + (y * r) / k;
  return scale(y, n);
}

/** ln x: x = 2^n·m with m around 1, ln m = 2·atanh((m - 1) / (m + 1)) by its series. */
export function log(x: number): number {
  if (!(x > 0) || x === Number.POSITIVE_INFINITY) return x === 0 ? Number.NEGATIVE_INFINITY : x > 0 ? x : Number.NaN;
  let [m, n] = [x, 0];
  for (; m >= Math.SQRT2; n++) m /= 2;
  for (; m < Math.SQRT1_2; n--) m *= 2;
  const s = (m - 1) / (m + 1);
  let sum = 0;
  for (let k = 25; k > 0; k -= 2) sum = sum * s * s + 1 / k;
  return n * LN2_HIGH + (n * LN2_LOW + 2 * s * sum);
}

/** y·2^n in steps, so that only the last one can overflow or underflow. */
function scale(y: number, n: number): number {
  let result = y;
  for (let left = Math.abs(n); left > 0; left--) result = n > 0 ? result * 2 : result / 2;
  return result;
}
