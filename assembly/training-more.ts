// The module with the pack *training-more*: all kernels there are.

export { f32_gridsample_pixel } from './resample/f32_gridsample';
export * from './training';
export { f32_element_loss_gradient_rows, f32_element_loss_rows } from './training/f32_element_loss';
export { f32_lrn_gradient_pixel } from './training/f32_lrn_gradient';
export { f32_softmax_gradient_unit } from './training/f32_softmax_gradient';

/** Marks the module, beside what `training` marks. */
export const more: i32 = 1;
