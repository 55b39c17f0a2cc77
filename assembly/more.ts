// The module with the pack *more*: the kernels of the core, and those that few networks need (PACK_MORE in types.d.ts).

export * from './index';
export { f32_gridsample_pixel } from './resample/f32_gridsample';

/** Marks the module: without it, the module has only the core. */
export const more: i32 = 1;
