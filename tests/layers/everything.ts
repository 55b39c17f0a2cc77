import {
  adaptiveAvgPool2d,
  add,
  avgPool2d,
  batchNorm,
  channelShuffle,
  concat,
  conv2d,
  conv2dTranspose,
  dense,
  depthwiseConv2d,
  dropout,
  flatten,
  gelu,
  globalAvgPool2d,
  hardSwish,
  input,
  type LayersModel,
  leakyRelu,
  localResponseNorm,
  maxPool2d,
  model,
  multiply,
  pad,
  relu,
  relu6,
  sigmoid,
  silu,
  softmax,
  tanh,
  upsample,
} from '../../src/layers/index.ts';

/** A network with every layer in it. @param newer with those that ONNX has since opset 20 only */
export function everything({ newer = true } = {}): LayersModel {
  const picture = input([3, 17, 15]);
  let x = relu(batchNorm(conv2d(picture, 8, 3, { stride: 2, padding: 'same' })));
  x = localResponseNorm(relu6(depthwiseConv2d(x, 3, { padding: [1, 0, 1, 2], multiplier: 2 })));
  x = channelShuffle(leakyRelu(conv2d(x, 12, 3, { groups: 4, dilation: 2, padding: 2 }), 0.1), 3);
  const gate = sigmoid(conv2d(globalAvgPool2d(x), 12, 1));
  x = multiply(x, gate);
  x = concat([
    maxPool2d(x, 3, { stride: 1, padding: 1 }),
    avgPool2d(x, 3, { stride: 1, padding: 1 }),
    avgPool2d(x, 2, { stride: 1, padding: 'same' }),
  ]);
  const before = x;
  x = add(before, silu(before), tanh(before));
  x = hardSwish(conv2dTranspose(x, 6, 3, { stride: 2, padding: 1, outputPadding: 1 }));
  x = pad(upsample(x, 2, { mode: 'bilinear' }), 1, { mode: 'reflect' });
  x = adaptiveAvgPool2d(upsample(maxPool2d(x, 2, { ceilMode: true }), [1, 2]), [5, 4]);
  if (newer) x = gelu(x);
  return model(picture, softmax(dense(dropout(flatten(x)), 10)), { name: 'everything', seed: 3 });
}
