// The module with the pack *training*: all kernels, and those that learn (PACK_TRAINING in types.d.ts).

export * from './more';
export { f32_unary_gradient_rows } from './training/f32_unary_gradient';

/** Marks the module. */
export const training: i32 = 1;
