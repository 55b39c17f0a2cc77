// The module with the pack *quantized*: the kernels of *more*, and those of integers of eight bits (PACK_QUANTIZED in types.d.ts).

import { u8_gemm_4x8, u8_pack_pixels_4 } from './quantized/u8_conv_igemm_4x8';

export * from './more';
export { f32_quantize_rows } from './quantized/f32_quantize';
export { f32_range_part } from './quantized/f32_range';
export { u8_avgpool_row_c8 } from './quantized/u8_avgpool_c8';
export { u8_binary_rows } from './quantized/u8_binary';
export { u8_dequantize_row } from './quantized/u8_dequantize';
export { u8_dwconv_interleave, u8_dwconv_sums } from './quantized/u8_dwconv_c8';
export { u8_lookup_row } from './quantized/u8_lookup';
export { u8_maxpool_row_c16 } from './quantized/u8_maxpool_c16';
export { u8_store_sums } from './quantized/u8_store_sums';
export * from './quantized/u8_winograd';

/** A second caller of inner kernels that cannot be exported because they are generic. */
export function u8_conv_inner(pc: usize, m: i32, rows: i32, x: usize, y: usize): void {
  u8_pack_pixels_4<i8>(pc, m, m, rows, x, y);
  u8_pack_pixels_4<i16>(pc, m, m, rows, x, y);
  u8_gemm_4x8<i8>(rows, m, x, y, m, x);
  u8_gemm_4x8<i16>(rows, m, x, y, m, x);
}

/**
 * A dot of four weights and four bytes, the same in each place, by relaxed SIMD: 129540 for 127s and 255s where it does not
 * saturate. Only binaries with such dots export it, which marks them.
 */
export function dots(weights: i32, bytes: i32): i32 {
  if (!PACK_DOTS) return 0;
  return i32x4.extract_lane(i32x4.relaxed_dot_i8x16_i7x16_add_s(i32x4.splat(weights), i32x4.splat(bytes), i32x4.splat(0)), 0);
}

/** Marks the module, beside what `more` marks. */
export const quantized: i32 = 1;
