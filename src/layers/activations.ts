import { type LayerOptions, layerFunction } from './layer.ts';
import { choice, finite } from './options.ts';

const activation = (kind: string, op: string) => layerFunction<[options?: LayerOptions]>(kind, {}, (to, x) => to.node(op, [x]));

/** max(x, 0). */
export const relu = activation('relu', 'Relu');
/** 1 / (1 + e^-x). */
export const sigmoid = activation('sigmoid', 'Sigmoid');
export const tanh = activation('tanh', 'Tanh');
/** x · relu6(x + 3) / 6 (Howard et al. 2019, arXiv:1905.02244). ONNX has it from opset 14 on. */
export const hardSwish = activation('hardSwish', 'HardSwish');

/** min(max(x, 0), 6). */
export const relu6 = layerFunction<[options?: LayerOptions]>('relu6', {}, (to, x) => to.node('Clip', [x, to.float(0), to.float(6)]));

/** x · sigmoid(x), also called Swish. */
export const silu = layerFunction<[options?: LayerOptions]>('silu', {}, (to, x) => to.node('Mul', [x, to.node('Sigmoid', [x])]));

/** x, but slope · x below 0. @param slope default 0.01 */
export const leakyRelu = layerFunction<
  [slope?: number, options?: LayerOptions],
  [slope?: number, options?: LayerOptions] | [options?: LayerOptions]
>('leakyRelu', {}, (to, x, slope = 0.01) => to.node('LeakyRelu', [x], { floats: { alpha: finite('slope', slope) } }), 1);

export interface GeluOptions extends LayerOptions {
  /** 'tanh' for the approximation. Default 'none'. */
  readonly approximate?: 'none' | 'tanh';
}

/** x · Φ(x), Φ the normal distribution's (Hendrycks and Gimpel 2016, arXiv:1606.08415). ONNX has it from opset 20 on. */
export const gelu = layerFunction<[options?: GeluOptions]>('gelu', { approximate: 1 }, (to, x, { approximate = 'none' } = {}) =>
  to.node('Gelu', [x], { attributes: { approximate: choice('approximate', approximate, ['none', 'tanh']) } }),
);

export interface SoftmaxOptions extends LayerOptions {
  /** The dimension along which the outputs sum to 1. Default 1: classes or channels. */
  readonly axis?: number;
}

/** e^x over its sum along an axis. @throws LanewiseError INVALID_MODEL if the axis does not exist */
export const softmax = layerFunction<[options?: SoftmaxOptions]>('softmax', { axis: 1 }, (to, x, { axis = 1 } = {}) =>
  to.node('Softmax', [x], { attributes: { axis } }),
);
