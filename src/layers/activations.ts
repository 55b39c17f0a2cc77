import { type LayerOptions, layerFunction } from './layer.ts';
import { choice, finite } from './options.ts';

const activation = (kind: string, op: string) => layerFunction<[options?: LayerOptions]>(kind, {}, (to, x) => to.node(op, [x]));

/**
 * max(x, 0), element by element (ONNX Relu): any shape to the same.
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for an option that it does not have
 * @example
 * import { input, relu } from 'lanewise/layers';
 *
 * relu(input([16, 8, 8])).dims; // ['N', 16, 8, 8]
 */
export const relu = activation('relu', 'Relu');
/**
 * 1 / (1 + e^-x), element by element (ONNX Sigmoid): any shape to the same, from 0 to 1.
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for an option that it does not have
 * @example
 * import { dense, input, sigmoid } from 'lanewise/layers';
 *
 * const share = sigmoid(dense(input([64]), 1)); // of 'yes', for a network of two classes
 */
export const sigmoid = activation('sigmoid', 'Sigmoid');
/**
 * The hyperbolic tangent, element by element (ONNX Tanh): any shape to the same, from -1 to 1.
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for an option that it does not have
 * @example
 * import { dense, input, tanh, xavierUniform } from 'lanewise/layers';
 *
 * const y = tanh(dense(input([64]), 32, { weight: xavierUniform() }));
 */
export const tanh = activation('tanh', 'Tanh');
/**
 * x · relu6(x + 3) / 6, element by element (Howard et al. 2019, arXiv:1905.02244; ONNX HardSwish, from opset 14 on): any
 * shape to the same.
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for an option that it does not have
 * @example
 * import { conv2d, hardSwish, sequential } from 'lanewise/layers';
 *
 * const block = sequential([conv2d(16, 3, { padding: 1 }), hardSwish]);
 */
export const hardSwish = activation('hardSwish', 'HardSwish');

/**
 * min(max(x, 0), 6), element by element (ONNX Clip): any shape to the same.
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for an option that it does not have
 * @example
 * import { conv2d, relu6, sequential } from 'lanewise/layers';
 *
 * const block = sequential([conv2d(16, 3, { padding: 1 }), relu6]);
 */
export const relu6 = layerFunction<[options?: LayerOptions]>('relu6', {}, (to, x) => to.node('Clip', [x, to.float(0), to.float(6)]));

/**
 * x · sigmoid(x), element by element, also called Swish (Hendrycks and Gimpel 2016, arXiv:1606.08415): any shape to the same.
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for an option that it does not have
 * @example
 * import { conv2d, sequential, silu } from 'lanewise/layers';
 *
 * const block = sequential([conv2d(16, 3, { padding: 1 }), silu]);
 */
export const silu = layerFunction<[options?: LayerOptions]>('silu', {}, (to, x) => to.node('Mul', [x, to.node('Sigmoid', [x])]));

/**
 * x, but slope · x below 0, element by element (Maas, Hannun and Ng 2013; ONNX LeakyRelu): any shape to the same.
 * @param slope default 0.01
 * @param options the layer's name
 * @throws LanewiseError INVALID_INPUT for a slope that is no finite number
 * @example
 * import { conv2d, leakyRelu, sequential } from 'lanewise/layers';
 *
 * const block = sequential([conv2d(16, 3, { padding: 1 }), leakyRelu(0.1)]);
 */
export const leakyRelu = layerFunction<
  [slope?: number, options?: LayerOptions],
  [slope?: number, options?: LayerOptions] | [options?: LayerOptions]
>('leakyRelu', {}, (to, x, slope = 0.01) => to.node('LeakyRelu', [x], { floats: { alpha: finite('slope', slope) } }), 1);

/** The options of `gelu`. */
export interface GeluOptions extends LayerOptions {
  /** 'tanh' for the approximation. Default 'none'. */
  readonly approximate?: 'none' | 'tanh';
}

/**
 * x · Φ(x), Φ the normal distribution's, element by element (Hendrycks and Gimpel 2016, arXiv:1606.08415; ONNX Gelu, from
 * opset 20 on): any shape to the same.
 * @param options the approximation, and the layer's name
 * @throws LanewiseError INVALID_INPUT for an approximation that it does not have
 * @example
 * import { dense, gelu, input } from 'lanewise/layers';
 *
 * const y = gelu(dense(input([64]), 256), { approximate: 'tanh' });
 */
export const gelu = layerFunction<[options?: GeluOptions]>('gelu', { approximate: 1 }, (to, x, { approximate = 'none' } = {}) =>
  to.node('Gelu', [x], { attributes: { approximate: choice('approximate', approximate, ['none', 'tanh']) } }),
);

/** The options of `softmax`. */
export interface SoftmaxOptions extends LayerOptions {
  /** The dimension along which the outputs sum to 1. Default 1: classes or channels. */
  readonly axis?: number;
}

/**
 * e^x over its sum along an axis (ONNX Softmax): any shape to the same, shares that sum to 1.
 * @param options the axis, by default 1, and the layer's name
 * @throws LanewiseError INVALID_MODEL if the axis does not exist
 * @example
 * import { dense, input, softmax } from 'lanewise/layers';
 *
 * const shares = softmax(dense(input([64]), 10));
 * shares.dims; // ['N', 10]
 */
export const softmax = layerFunction<[options?: SoftmaxOptions]>('softmax', { axis: 1 }, (to, x, { axis = 1 } = {}) =>
  to.node('Softmax', [x], { attributes: { axis } }),
);
