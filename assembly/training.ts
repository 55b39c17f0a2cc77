// The module with the pack *training*: all kernels, and those that learn (PACK_TRAINING in types.d.ts).

export * from './more';
export { f32_accumulate_rows } from './training/f32_accumulate';
export { f32_adamw_rows } from './training/f32_adamw';
export { f32_clip_sum } from './training/f32_clip';
export { f32_cross_entropy_unit } from './training/f32_cross_entropy';
export { f32_cross_entropy_gradient_unit } from './training/f32_cross_entropy_gradient';
export { f32_dropout_rows } from './training/f32_dropout';
export { f32_element_loss_gradient_rows, f32_element_loss_rows } from './training/f32_element_loss';
export { f32_sgd_rows } from './training/f32_sgd';
export { f32_softmax_gradient_unit } from './training/f32_softmax_gradient';
export { f32_squares_block } from './training/f32_squares';
export { f32_unary_gradient_rows } from './training/f32_unary_gradient';

/** Marks the module. */
export const training: i32 = 1;
