// The module with the pack *quantized*: the kernels of *more*, and those of integers of eight bits (PACK_QUANTIZED in types.d.ts).

export * from './more';
export { f32_quantize_row } from './quantized/f32_quantize';
export { u8_gemm_4x8, u8_pack_pixels_4 } from './quantized/u8_conv_igemm_4x8';
export { u8_dequantize_row } from './quantized/u8_dequantize';

/** Marks the module, beside what `more` marks. */
export const quantized: i32 = 1;
