import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTensorProto } from '../../src/formats/onnx/index.ts';
import type { Tensor } from '../../src/graph/tensor.ts';
import {
  alexnet,
  alexnet2012,
  densenet121,
  googlenet,
  type LayersModel,
  mobilenetV2,
  plain20,
  resnet18,
  resnet20,
  resnet50,
  resnet101,
  vgg16,
  zoo,
} from '../../src/zoo/index.ts';
import { failure } from '../failure.ts';
import { fromTensor, maxError } from '../reference/index.ts';
import { constant, dims, made } from './made.ts';

const shapes = (net: LayersModel) => {
  const { inputs, outputs } = net.graph();
  return [inputs[0]?.dims, outputs[0]?.dims];
};

test('as many classes as asked for', () => {
  for (const name of zoo.keys()) {
    const { outputs, constants } = made(name, { classes: 7 }).graph();
    expect(outputs[0]?.dims).toEqual(['N', 7]);
    expect([...constants.values()].at(-1)?.dims).toEqual([7]);
  }
});

test('pictures of the shape asked for', () => {
  for (const name of zoo.keys()) {
    const net = made(name, { classes: 7, inputShape: [1, 96, 80] });
    expect(shapes(net)).toEqual([
      ['N', 1, 96, 80],
      ['N', 7],
    ]);
    expect(net.parameters()[0]?.dims[1]).toBe(1);
  }
});

test('average pools let other pictures through the same dense layers, but not in the AlexNet of 2012', () => {
  const count = (net: LayersModel) => net.parameterCount;
  for (const factory of [alexnet, vgg16]) expect(count(factory({ inputShape: [3, 100, 150] }))).toBe(count(factory()));
  // 131×99: ((131 - 11) / 4 + 1 = 31) to 15, 7, 3; ((99 - 11) / 4 + 1 = 23) to 11, 5, 2.
  expect(dims(alexnet2012({ inputShape: [3, 131, 99] }), 'fc6.weight')).toEqual([[4096, 256 * 3 * 2]]);
});

test('shortcuts of option B: the default model is such a ResNet-20', async () => {
  const net = resnet20({ shortcut: 'B' });
  // Two 1×1 convolutions and their batch-norms more.
  expect(net.parameterCount).toBe(269_722 + 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64);
  await net.loadWeights('models/cifar10-resnet20.safetensors');
  const folder = 'models/cifar10-resnet20/test_data_set_0';
  const [input, logits] = ['input_0.pb', 'output_0.pb'].map((name) => readTensorProto(readFileSync(join(folder, name)), name).tensor);
  const { output } = await (await net.compile()).run({ input: input as Tensor });
  expect(maxError(output?.data as Float32Array, fromTensor(logits as Tensor))).toBeLessThan(1e-4);
});

describe('width', () => {
  test('of bottlenecks: Wide ResNet-50-2 and 101-2 as torchvision has them', () => {
    expect(resnet50({ width: 2 }).parameterCount).toBe(68_883_240);
    expect(resnet101({ width: 2 }).parameterCount).toBe(126_886_696);
    expect(dims(resnet50({ width: 2 }), 'layer1.0.conv2.weight', 'layer1.0.conv3.weight')).toEqual([
      [128, 128, 3, 3],
      [256, 128, 1, 1],
    ]);
  });

  test('of the networks for CIFAR-10: stages of 16k, 32k and 64k channels', () => {
    for (const net of [resnet20({ width: 4 }), plain20({ width: 4 })]) {
      const names = ['conv1', 'layer1.0.conv1', 'layer2.0.conv1', 'layer3.2.conv2', 'fc'].map((name) => `${name}.weight`);
      expect(dims(net, ...names)).toEqual([
        [16, 3, 3, 3],
        [64, 16, 3, 3],
        [128, 64, 3, 3],
        [256, 256, 3, 3],
        [10, 256],
      ]);
    }
  });

  test.each([
    // TensorFlow's definition: multiples of 8, none less than nine tenths of the product; the last grows only.
    [0.35, [16, 8, 8, 16, 24, 32, 56, 112, 1280]],
    [0.5, [16, 8, 16, 16, 32, 48, 80, 160, 1280]],
    [0.75, [24, 16, 24, 24, 48, 72, 120, 240, 1280]],
    [1.4, [48, 24, 32, 48, 88, 136, 224, 448, 1792]],
  ])('of MobileNetV2: %d', (width, expected) => {
    const net = mobilenetV2({ width });
    const ends = ['0.0', '1.conv.1', '3.conv.2', '6.conv.2', '10.conv.2', '13.conv.2', '16.conv.2', '17.conv.2', '18.0'];
    expect(dims(net, ...ends.map((name) => `features.${name}.weight`)).map((shape) => shape?.[0])).toEqual(expected);
  });

  test('the growth of a DenseNet', () => {
    const net = densenet121({ growth: 12 });
    // 24 channels at first, 6 layers of 12, half of that.
    expect(dims(net, 'features.conv0.weight', 'features.transition1.conv.weight')).toEqual([
      [24, 3, 7, 7],
      [48, 96, 1, 1],
    ]);
  });
});

test('options that make no sense', () => {
  const shape = 'inputShape takes [channels, height, width], whole numbers from 1 on, got';
  for (const [options, message] of [
    [{ classes: 0 }, 'classes takes a whole number from 1 on, got 0'],
    [{ classes: 1.5 }, 'classes takes a whole number from 1 on, got 1.5'],
    [{ seed: -1 }, 'seed takes a whole number from 0 on, got -1'],
    [{ seed: 2 ** 53 }, 'seed takes a whole number from 0 on, got 9007199254740992'],
    [{ seed: Number.NaN }, 'seed takes a whole number from 0 on, got NaN'],
    [null as never, 'the options of resnet20 are an object, got null'],
    [{ seed: '1' as never }, "seed takes a whole number from 0 on, got '1'"],
    [{ inputShape: [3, 32] }, `${shape} [3, 32]`],
    [{ inputShape: [3, 32, 0] }, `${shape} [3, 32, 0]`],
    [{ inputShape: [3, 32, Number.NaN] }, `${shape} [3, 32, NaN]`],
    [{ inputShape: 32 as never }, `${shape} 32`],
    [{ inputShape: null as never }, `${shape} null`],
    [{ inputShape: '3,32,32' as never }, `${shape} '3,32,32'`],
    [{ width: '2' as never }, "width takes a number above 0, got '2'"],
    [{ width: 0 }, 'width takes a number above 0, got 0'],
    [{ width: Number.POSITIVE_INFINITY }, 'width takes a number above 0, got Infinity'],
    [{ width: 1.5 }, 'width takes a whole number from 1 on, got 1.5'],
    [{ clases: 5 } as never, "resnet20 has no option 'clases': did you mean 'classes'?"],
  ] as const) {
    const { code, message: got } = failure(() => resnet20(options));
    expect([code, got]).toEqual(['INVALID_INPUT', message]);
  }
  expect(failure(() => resnet18({ width: 2 } as never)).message).toBe("resnet18 has no option 'width'; it has classes, inputShape, seed");
  expect(failure(() => resnet20({ shortcut: 'C' as never })).message).toBe("shortcut is one of 'A', 'B', got 'C'");
  expect(failure(() => densenet121({ growth: 0 })).message).toBe('growth takes a whole number from 1 on, got 0');
  const narrow = failure(() => resnet50({ width: 1e-3 }));
  expect(narrow.message).toBe("conv2d 'layer1.0.conv1' of [N, 64, 56, 56]: filters takes a whole number from 1 on, got 0");
  expect(resnet20({ classes: undefined, width: undefined }).parameterCount).toBe(269_722);
});

test('pictures that are too small, and what is too large', () => {
  for (const [run, message] of [
    [() => alexnet({ inputShape: [3, 20, 20] }), "maxPool2d 'features.5' of [N, 192, 1, 1]: "],
    [() => vgg16({ inputShape: [3, 16, 31] }), "maxPool2d 'features.30' of [N, 512, 1, 1]: "],
    [() => alexnet2012({ inputShape: [3, 66, 67] }), "maxPool2d 'pool5' of [N, 256, 2, 3]: "],
    [() => googlenet({ inputShape: [3, 1, 1] }), "maxPool2d 'maxpool1' of [N, 64, 1, 1]: "],
  ] as const) {
    const error = failure(run);
    expect([error.code, error.message.slice(0, message.length)]).toEqual(['INVALID_MODEL', message]);
  }
  expect(failure(() => resnet20({ classes: 2 ** 52 })).code).toBe('TOO_LARGE');
  expect(failure(() => resnet20({ inputShape: [3, 2 ** 40, 2 ** 40] })).code).toBe('TOO_LARGE');
  const graph = resnet20({ classes: 2 ** 40 }).graph();
  expect(failure(() => constant(graph, 'fc.weight').read()).code).toBe('TOO_LARGE');
});
