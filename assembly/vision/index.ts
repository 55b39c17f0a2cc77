// What lanewise/vision's own binary exports: it works on pictures, not on tensors, and has a memory of its own. The inner
// kernels are exported so that the optimiser does not inline a hot loop into its only caller: engines optimise whole
// functions, and switch to the optimised code at a call.

export { f32_lookup_planes } from './f32_lookup_planes';
export { u8_resample_columns, u8_resample_columns_16 } from './u8_resample_columns';
export { u8_resample_rows, u8_resample_rows_rgb_4, u8_resample_rows_rgba_4 } from './u8_resample_rows';
