// Sums of a tile of four rows × eight columns.

/** Adds a tile to `sums`, rows of eight floats one after the other. */
// @ts-expect-error: decorator
@inline
export function addTo(sums: usize, x00: v128, x01: v128, x10: v128, x11: v128, x20: v128, x21: v128, x30: v128, x31: v128): void {
  v128.store(sums, f32x4.add(v128.load(sums), x00));
  v128.store(sums, f32x4.add(v128.load(sums, 16), x01), 16);
  v128.store(sums, f32x4.add(v128.load(sums, 32), x10), 32);
  v128.store(sums, f32x4.add(v128.load(sums, 48), x11), 48);
  v128.store(sums, f32x4.add(v128.load(sums, 64), x20), 64);
  v128.store(sums, f32x4.add(v128.load(sums, 80), x21), 80);
  v128.store(sums, f32x4.add(v128.load(sums, 96), x30), 96);
  v128.store(sums, f32x4.add(v128.load(sums, 112), x31), 112);
}
