/** The values of four bytes. */
// @ts-expect-error: decorator
@inline
export function lookup(table: usize, a: usize, b: usize, c: usize, d: usize): v128 {
  let v = v128.load32_zero(table + (a << 2));
  v = v128.load32_lane(table + (b << 2), v, 1);
  v = v128.load32_lane(table + (c << 2), v, 2);
  return v128.load32_lane(table + (d << 2), v, 3);
}
