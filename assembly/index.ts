// What the Wasm module exports. `run` is the way in. The inner kernels are exported too, so that the optimiser does not inline
// a hot loop into its only caller: engines compile by function and move up per call.

export { f32_pack_pixels_4 } from './conv/f32_conv_igemm_4x8';
export { f32_dwconv_row_c8 } from './conv/f32_dwconv_c8';
export { f32_add_row } from './elementwise/f32_add';
export { f32_clamp_row } from './elementwise/f32_clamp';
export { f32_gemm_4x8 } from './gemm/f32_gemm_4x8';
export { f32_batchnorm_block_c4 } from './norm/f32_batchnorm_c4';
export { f32_softmax_column_c4, f32_softmax_row } from './norm/f32_softmax';
export { f32_avgpool_row_c4 } from './pool/f32_avgpool_c4';
export { f32_maxpool_row_c4 } from './pool/f32_maxpool_c4';
export { run } from './program';
export { f32_transpose_rows_4x4 } from './shape/f32_transpose_4x4';
