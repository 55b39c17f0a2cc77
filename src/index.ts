export { type ErrorCode, LanewiseError } from './errors.ts';
export { toFloat32 } from './graph/face.ts';
export type { Dim } from './graph/graph.ts';
export type { Float16Data } from './graph/halves.ts';
export { type DataType, Tensor, type TensorType, type TypedArray } from './graph/tensor.ts';
export { InferenceSession } from './habits.ts';
export { type LoadOptions, load } from './load.ts';
export {
  type AttributeKind,
  type AttributesOf,
  type AttributeTypes,
  type CustomLayer,
  type CustomOperator,
  defineOp,
  type OperatorDefinition,
  type OperatorTensor,
} from './ops/custom.ts';
export type { Progress } from './reading.ts';
export type { MemoryUse } from './runtime/memory.ts';
export type { Feed, Feeds, Model, ModelInput, ModelOutput, Outputs, ProfileRow } from './runtime/model.ts';
export type { RunOptions, RunSyncOptions } from './runtime/outputs.ts';
export type { Variant } from './runtime/wasm.ts';
export type { Source } from './source.ts';
