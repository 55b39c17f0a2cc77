/** Four halves, each in the lower bits of a lane, as floats. */
// @ts-expect-error: decorator
@inline
export function widen(halves: v128): v128 {
  const size = i32x4.shl(v128.and(halves, i32x4.splat(0x7fff)), 13);
  const special = v128.and(i32x4.ge_u(size, i32x4.splat(0x0f800000)), i32x4.splat(0x7f800000));
  const rebiased = f32x4.mul(size, f32x4.splat(reinterpret<f32>(0x77800000)));
  const sign = i32x4.shl(v128.and(halves, i32x4.splat(0x8000)), 16);
  // A NaN may lose its payload in the multiplication, so its bits are taken from before.
  return v128.or(sign, v128.bitselect(v128.or(size, special), rebiased, i32x4.ne(special, i32x4.splat(0))));
}
