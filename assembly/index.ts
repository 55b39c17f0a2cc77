// What the Wasm module exports. `run` runs programs; `staticEnd` is the end of the module's own tables, at most
// STATIC_BYTES. The inner kernels are exported too, so that the optimiser does not inline a hot loop into its only caller:
// engines optimise whole functions, and switch to the optimised code at a call.

import { PROGRAM_VERSION } from './opcodes';

export { f32_col2im_row_c4 } from './conv/f32_col2im_c4';
export { f32_pack_pixels_4 } from './conv/f32_conv_igemm_4x8';
export { f32_dwconv_row_c8 } from './conv/f32_dwconv_c8';
export { f32_dwconv_copy, f32_dwconv_tiles_s1, f32_dwconv_tiles_s2 } from './conv/f32_dwconv_ring_c4';
export { f32_binary_rows } from './elementwise/f32_binary';
export { f32_clamp_row } from './elementwise/f32_clamp';
export { f32_unary_row } from './elementwise/unary.inline';
export { f32_gemm_4x8 } from './gemm/f32_gemm_4x8';
export { f32_gemv_columns_1x16 } from './gemm/f32_gemv_1x16';
export { xxh32 } from './math/xxh32';
export { copy_row } from './move/copy';
export { f32_transpose_rows_4x4 } from './move/f32_transpose_4x4';
export { f32_batchnorm_block_c4 } from './norm/f32_batchnorm_c4';
export { f32_lrn_pixel } from './norm/f32_lrn';
export { f32_softmax_column_c4, f32_softmax_row } from './norm/f32_softmax';
export { f32_avgpool_row_c4 } from './pool/f32_avgpool_c4';
export { f32_maxpool_row_c4 } from './pool/f32_maxpool_c4';
export { join, run } from './program';
export { f32_reduce_row } from './reduce/f32_reduce';
export { f32_resample_row } from './resample/f32_resample';
export { f32_winograd_input } from './winograd/f32_winograd_input';
export { f32_winograd_output } from './winograd/f32_winograd_output';

export const staticEnd: usize = __heap_base;
/** The version of programs that it runs. */
export const version: i32 = PROGRAM_VERSION;
