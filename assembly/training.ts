// The module with the pack *training*: the kernels of the core, and those by which a CNN learns (PACK_TRAINING in types.d.ts).

export * from './index';
export { f32_accumulate_rows } from './training/f32_accumulate';
export { f32_adamw_rows } from './training/f32_adamw';
export { f32_batchnorm_apply_block } from './training/f32_batchnorm_apply';
export { f32_batchnorm_gradient_apply_block } from './training/f32_batchnorm_gradient_apply';
export { f32_batchnorm_gradient_factors_2 } from './training/f32_batchnorm_gradient_factors';
export { f32_batchnorm_gradient_sums_block } from './training/f32_batchnorm_gradient_sums';
export { f32_batchnorm_moments_2 } from './training/f32_batchnorm_moments';
export { f32_batchnorm_statistics_block } from './training/f32_batchnorm_statistics';
export { f32_clip_sum } from './training/f32_clip';
export { f32_conv_input_gradient_tile } from './training/f32_conv_input_gradient_4x8';
export { f32_cross_entropy_unit } from './training/f32_cross_entropy';
export { f32_cross_entropy_gradient_unit } from './training/f32_cross_entropy_gradient';
export { f32_depthwise_input_gradient_row } from './training/f32_depthwise_input_gradient_c8';
export { f32_depthwise_weight_gradient_row } from './training/f32_depthwise_weight_gradient_c4';
export { f32_dropout_rows } from './training/f32_dropout';
export { f32_avgpool_gradient_row, f32_maxpool_gradient_row, f32_pool_gradient_clear } from './training/f32_pool_gradient';
export { f32_sgd_rows } from './training/f32_sgd';
export { f32_squares_block } from './training/f32_squares';
export { f32_unary_gradient_rows } from './training/f32_unary_gradient';
export { f32_weight_gradient_tile } from './training/f32_weight_gradient_4x8';
export { f32_weight_gradient_add } from './training/f32_weight_gradient_sum';
export { f32_winograd_input_tile } from './training/f32_winograd_input_tile';
export { f32_gemm_rows_4x8, f32_winograd_output_tile } from './training/f32_winograd_rows';
export { f32_winograd_gradient_tile } from './training/f32_winograd_weight_gradient';

/** Marks the module. */
export const training: i32 = 1;
