// The module with the pack *training*: all kernels, and those that learn (PACK_TRAINING in types.d.ts).

export * from './more';
export { f32_accumulate_rows } from './training/f32_accumulate';
export { f32_adamw_rows } from './training/f32_adamw';
export { f32_clip_sum } from './training/f32_clip';
export { f32_depthwise_weight_gradient_row } from './training/f32_depthwise_weight_gradient_c4';
export { f32_sgd_rows } from './training/f32_sgd';
export { f32_squares_block } from './training/f32_squares';
export { f32_unary_gradient_rows } from './training/f32_unary_gradient';
export { f32_weight_gradient_tile } from './training/f32_weight_gradient_4x8';
export { f32_weight_gradient_add } from './training/f32_weight_gradient_sum';

/** Marks the module. */
export const training: i32 = 1;
