/** Stores the transpose of a 4×4 block given by its rows. */
// @ts-expect-error: decorator
@inline
export function transpose4(r0: v128, r1: v128, r2: v128, r3: v128, output: usize): void {
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(output, v128.shuffle<f64>(t0, t1, 0, 2));
  v128.store(output, v128.shuffle<f64>(t0, t1, 1, 3), 16);
  v128.store(output, v128.shuffle<f64>(t2, t3, 0, 2), 32);
  v128.store(output, v128.shuffle<f64>(t2, t3, 1, 3), 48);
}
