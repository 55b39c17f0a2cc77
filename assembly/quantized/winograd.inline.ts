// The one-dimensional transforms of F(4, 3) in whole numbers: each is applied down the rows and then along them.

/** What is made of products. */
export const enum Products {
  /** Their transform the one way. */
  Between,
  /** What is left when 576 is divided away, and the bias. */
  Sums,
  /** The same, and what is stored, in place of the bias. */
  More,
}

/** Four outputs from six products, times 24. */
// @ts-expect-error: decorator
@inline
export function transformProducts(p: usize, stride: usize, to: usize, step: usize, what: Products, bias: v128): void {
  const m1 = v128.load(p + stride);
  const m2 = v128.load(p + 2 * stride);
  const m3 = v128.load(p + 3 * stride);
  const m4 = v128.load(p + 4 * stride);
  const a = i32x4.shl(i32x4.add(m1, m2), 2);
  const b = i32x4.shl(i32x4.sub(m1, m2), 2);
  const c = i32x4.add(m3, m4);
  const d = i32x4.sub(m3, m4);
  const y0 = i32x4.add(i32x4.add(i32x4.shl(v128.load(p), 1), a), c);
  const y1 = i32x4.add(b, i32x4.shl(d, 1));
  const y2 = i32x4.add(a, i32x4.shl(c, 2));
  const y3 = i32x4.add(i32x4.add(b, i32x4.shl(d, 3)), i32x4.shl(v128.load(p + 5 * stride), 3));
  v128.store(to, summed(y0, to, what, bias));
  v128.store(to + step, summed(y1, to + step, what, bias));
  v128.store(to + 2 * step, summed(y2, to + 2 * step, what, bias));
  v128.store(to + 3 * step, summed(y3, to + 3 * step, what, bias));
}

// @ts-expect-error: decorator
@inline
function summed(x: v128, to: usize, what: Products, bias: v128): v128 {
  if (what === Products.Between) return x;
  return i32x4.add(divided(x), what === Products.More ? v128.load(to) : bias);
}

/** y from 576 · y modulo 2^32, below 2^25: by the inverse of 9, and a shift by 6. */
// @ts-expect-error: decorator
@inline
function divided(x: v128): v128 {
  return i32x4.shr_s(i32x4.mul(x, i32x4.splat(954437177)), 6);
}

/** Six numbers from six of the input: at most ten times as large. */
// @ts-expect-error: decorator
@inline
export function transformInputs(d0: v128, d1: v128, d2: v128, d3: v128, d4: v128, d5: v128, to: usize, step: usize): void {
  const even = i16x8.sub(d4, d2);
  const odd = i16x8.sub(d3, d1);
  const a = i16x8.sub(d4, i16x8.shl(d2, 2));
  const b = i16x8.sub(d3, i16x8.shl(d1, 2));
  const twice = i16x8.shl(odd, 1);
  v128.store(to, i16x8.add(i16x8.shl(i16x8.sub(d0, d2), 2), even));
  v128.store(to + step, i16x8.add(a, b));
  v128.store(to + 2 * step, i16x8.sub(a, b));
  v128.store(to + 3 * step, i16x8.add(even, twice));
  v128.store(to + 4 * step, i16x8.sub(even, twice));
  v128.store(to + 5 * step, i16x8.sub(i16x8.sub(d5, d3), i16x8.shl(odd, 2)));
}

/** Six numbers from three weights, times 12, 6, 6, 24, 24 and 3: at most seven times as large. */
// @ts-expect-error: decorator
@inline
export function transformWeights(w0: v128, w1: v128, w2: v128, to: usize, step: usize): void {
  const sum = i16x8.add(w0, w2);
  const wide = i16x8.add(w0, i16x8.shl(w2, 2));
  const twice = i16x8.shl(w1, 1);
  v128.store(to, i16x8.add(w0, i16x8.shl(w0, 1)));
  v128.store(to + step, i16x8.neg(i16x8.add(sum, w1)));
  v128.store(to + 2 * step, i16x8.sub(w1, sum));
  v128.store(to + 3 * step, i16x8.add(wide, twice));
  v128.store(to + 4 * step, i16x8.sub(wide, twice));
  v128.store(to + 5 * step, i16x8.add(w2, i16x8.shl(w2, 1)));
}
