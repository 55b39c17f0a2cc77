// Adding up the parts of a gradient.

/** Four sums over `parts` (1 or more), in the order (0 + 4 + …) + (2 + 6 + …) + ((1 + 5 + …) + (3 + 7 + …)). */
// @ts-expect-error: decorator
@inline
export function partsOf(from: usize, parts: i32, partBytes: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0,
    s2 = s0,
    s3 = s0;
  let part = 0;
  for (; part + 4 <= parts; part += 4) {
    s0 = f32x4.add(s0, v128.load(from));
    s1 = f32x4.add(s1, v128.load(from + partBytes));
    s2 = f32x4.add(s2, v128.load(from + partBytes * 2));
    s3 = f32x4.add(s3, v128.load(from + partBytes * 3));
    from += partBytes << 2;
  }
  if (part < parts) s0 = f32x4.add(s0, v128.load(from));
  if (part + 1 < parts) s1 = f32x4.add(s1, v128.load(from + partBytes));
  if (part + 2 < parts) s2 = f32x4.add(s2, v128.load(from + partBytes * 2));
  return f32x4.add(f32x4.add(s0, s2), f32x4.add(s1, s3));
}
