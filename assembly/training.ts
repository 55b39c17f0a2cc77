// The module with the pack *training*: all kernels, and those that learn (PACK_TRAINING in types.d.ts).

export * from './more';
export { f32_conv_input_gradient_tile } from './training/f32_conv_input_gradient_4x8';
export { f32_depthwise_input_gradient_row } from './training/f32_depthwise_input_gradient_c8';
export { f32_depthwise_weight_gradient_row } from './training/f32_depthwise_weight_gradient_c4';
export { f32_unary_gradient_rows } from './training/f32_unary_gradient';
export { f32_weight_gradient_tile } from './training/f32_weight_gradient_4x8';
export { f32_weight_gradient_add } from './training/f32_weight_gradient_sum';
export { f32_winograd_input_tile } from './training/f32_winograd_input_tile';
export { f32_gemm_rows_4x8, f32_winograd_output_tile } from './training/f32_winograd_rows';
export { f32_winograd_gradient_tile } from './training/f32_winograd_weight_gradient';

/** Marks the module. */
export const training: i32 = 1;
