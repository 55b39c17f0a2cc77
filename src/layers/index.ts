// Networks written in code. Shapes are logical NCHW; [N, C, H, W] are pictures, [N, F] rows.

export type { Misfit } from '../formats/fit.ts';
export type { Tensor } from '../graph/tensor.ts';
export {
  type GeluOptions,
  gelu,
  hardSwish,
  leakyRelu,
  relu,
  relu6,
  type SoftmaxOptions,
  sigmoid,
  silu,
  softmax,
  tanh,
} from './activations.ts';
export {
  type Conv2dOptions,
  type Conv2dTransposeOptions,
  conv2d,
  conv2dTranspose,
  type DepthwiseConv2dOptions,
  dense,
  depthwiseConv2d,
  type WeightOptions,
} from './convolution.ts';
export {
  constant,
  heNormal,
  heUniform,
  type Init,
  type Initializer,
  normal,
  ones,
  type ParameterInfo,
  type RandomOptions,
  type SeedOptions,
  uniform,
  xavierNormal,
  xavierUniform,
  zeros,
} from './initializers.ts';
export type { Layer, LayerFunction, LayerOptions } from './layer.ts';
export { type LayersModel, type ModelOptions, model } from './model.ts';
export { type BatchNormOptions, batchNorm, dropout, type LocalResponseNormOptions, localResponseNorm } from './normalization.ts';
export type { Padding, Pair, Sides } from './options.ts';
export type { Parameter } from './parameter.ts';
export {
  type AvgPool2dOptions,
  adaptiveAvgPool2d,
  avgPool2d,
  globalAvgPool2d,
  globalMaxPool2d,
  type MaxPool2dOptions,
  maxPool2d,
  type PoolOptions,
} from './pooling.ts';
export { type SequentialItem, sequential } from './sequential.ts';
export {
  add,
  type ConcatOptions,
  channelShuffle,
  concat,
  flatten,
  multiply,
  type PadOptions,
  pad,
  type UpsampleOptions,
  upsample,
} from './shape.ts';
export type { AppliedLayer } from './symbol.ts';
export { type InputOptions, input, type SymbolicTensor } from './symbol.ts';
export type { LoadWeightsOptions, WeightSource } from './weights.ts';
