import { compile } from '../../src/compiler/compile.ts';
import { addOperators } from '../../src/compiler/operators.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { arrayTypes, type DataType } from '../../src/graph/tensor.ts';
import { addBinaries } from '../../src/quantized/binaries.ts';
import { hasExactDots } from '../../src/quantized/dots.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { compileModule, packNames } from '../../src/runtime/wasm.ts';

/** A layer of a network, which has it `count` times. */
export interface Layer {
  readonly network: string;
  readonly name: string;
  readonly count: number;
  readonly size: number;
  readonly channels: number;
  readonly filters: number;
  readonly kernel: number;
  readonly stride: number;
  readonly group: number;
}

export interface Row extends Layer {
  /** Milliseconds of the processor, in the fastest turn. */
  readonly ms: number;
  readonly floatMs: number;
  /** 10⁹ additions and multiplications in a second. */
  readonly rate: number;
  readonly floatRate: number;
  readonly ratio: number;
}

const layer = (
  network: string,
  count: number,
  size: number,
  channels: number,
  filters: number,
  kernel = 1,
  stride = 1,
  group = 1,
): Layer => {
  const kind = group > 1 ? 'depthwise ' : '';
  const name = `${network} ${kind}${kernel}×${kernel}${stride > 1 ? ` s${stride}` : ''} ${size}×${size}×${channels}→${filters}`;
  return { network, name, count, size, channels, filters, kernel, stride, group };
};

/** A block of ResNet-50 that is repeated. */
const bottleneck = (count: number, size: number, width: number): Layer[] => [
  layer('resnet50', count, size, 4 * width, width),
  layer('resnet50', count, size, width, width, 3),
  layer('resnet50', count + 1, size, width, 4 * width),
];

const inverted = (count: number, size: number, channels: number, filters: number): Layer[] => [
  layer('mobilenet_v2', count, size, channels, 6 * channels),
  layer('mobilenet_v2', count, size, 6 * channels, 6 * channels, 3, 1, 6 * channels),
  layer('mobilenet_v2', count, size, 6 * channels, filters),
];

/** The convolutions and the dense layers of 224×224 networks. */
export const layers: readonly Layer[] = [
  layer('resnet50', 1, 224, 3, 64, 7, 2),
  layer('resnet50', 1, 56, 64, 64),
  ...bottleneck(2, 56, 64),
  layer('resnet50', 1, 56, 64, 64, 3),
  layer('resnet50', 1, 56, 64, 256),
  ...[64, 128, 256].flatMap((width, i) => [
    layer('resnet50', 1, 56 >> i, 4 * width, 2 * width),
    layer('resnet50', 1, 56 >> i, 2 * width, 2 * width, 3, 2),
    layer('resnet50', 1, 56 >> i, 4 * width, 8 * width, 1, 2),
    ...bottleneck([3, 5, 2][i] as number, 28 >> i, 2 * width),
  ]),
  layer('resnet50', 1, 1, 2048, 1000),
  layer('resnet18', 1, 224, 3, 64, 7, 2),
  ...[64, 128, 256, 512].map((width, i) => layer('resnet18', i === 0 ? 4 : 3, 56 >> i, width, width, 3)),
  ...[64, 128, 256].flatMap((width, i) => [
    layer('resnet18', 1, 56 >> i, width, 2 * width, 3, 2),
    layer('resnet18', 1, 56 >> i, width, 2 * width, 1, 2),
  ]),
  layer('resnet18', 1, 1, 512, 1000),
  layer('mobilenet_v2', 1, 224, 3, 32, 3, 2),
  layer('mobilenet_v2', 1, 112, 32, 32, 3, 1, 32),
  layer('mobilenet_v2', 1, 112, 32, 16),
  layer('mobilenet_v2', 1, 112, 16, 96),
  layer('mobilenet_v2', 1, 112, 96, 96, 3, 2, 96),
  layer('mobilenet_v2', 1, 56, 96, 24),
  ...inverted(1, 56, 24, 24),
  layer('mobilenet_v2', 1, 56, 24, 144),
  layer('mobilenet_v2', 1, 56, 144, 144, 3, 2, 144),
  layer('mobilenet_v2', 1, 28, 144, 32),
  ...inverted(2, 28, 32, 32),
  layer('mobilenet_v2', 1, 28, 32, 192),
  layer('mobilenet_v2', 1, 28, 192, 192, 3, 2, 192),
  layer('mobilenet_v2', 1, 14, 192, 64),
  ...inverted(3, 14, 64, 64),
  ...inverted(1, 14, 64, 96),
  ...inverted(2, 14, 96, 96),
  layer('mobilenet_v2', 1, 14, 96, 576),
  layer('mobilenet_v2', 1, 14, 576, 576, 3, 2, 576),
  layer('mobilenet_v2', 1, 7, 576, 160),
  ...inverted(2, 7, 160, 160),
  ...inverted(1, 7, 160, 320),
  layer('mobilenet_v2', 1, 7, 320, 1280),
  layer('mobilenet_v2', 1, 1, 1280, 1000),
  layer('efficientnet', 1, 28, 240, 240, 5, 1, 240),
  layer('efficientnet', 1, 14, 672, 672, 5, 2, 672),
];

const constant = (name: string, type: DataType, dims: readonly number[], at: (i: number) => number) => ({
  name,
  type,
  dims,
  read: () => {
    const data = new arrayTypes[type](dims.reduce((a, b) => a * b, 1));
    for (let i = 0; i < data.length; i++) data[i] = at(i) as never;
    return data;
  },
});

function graphOf({ size, channels, filters, kernel, stride, group }: Layer, quantised: boolean): Graph {
  const type = quantised ? 'uint8' : 'float32';
  const shape = [filters, channels / group, kernel, kernel];
  const constants = quantised
    ? [
        constant('scale', 'float32', [], () => 0.02),
        constant('zero', 'uint8', [], () => 120),
        constant('w', 'int8', shape, (i) => ((i * 7919) % 255) - 127),
        constant('scales', 'float32', [filters], () => 0.001),
        constant('zeros', 'int8', [filters], () => 0),
        constant('b', 'int32', [filters], (i) => i - 100),
      ]
    : [constant('w', 'float32', shape, (i) => ((i * 7919) % 1009) / 1009 - 0.5), constant('b', 'float32', [filters], (i) => i)];
  const pool = { op: 'MaxPool', inputs: ['x'], attributes: new Map([['kernel_shape', [1, 1]]]) };
  const attributes = new Map<string, never>(
    Object.entries({ group, strides: [stride, stride], pads: [0, 0, 0, 0].fill((kernel - 1) / 2) }) as never,
  );
  const node = quantised
    ? { op: 'QLinearConv', inputs: ['x', 'scale', 'zero', 'w', 'scales', 'zeros', 'scale', 'zero', 'b'], attributes }
    : { op: 'Conv', inputs: ['last', 'w', 'b'], attributes };
  // Float networks have their pictures channels-last before a convolution.
  const nodes = quantised ? [node] : [{ ...pool, outputs: ['last'] }, node];
  return {
    name: 'layer',
    inputs: [{ name: 'x', type, dims: [1, channels, size, size] }],
    outputs: [{ name: 'y' }],
    nodes: nodes.map((rest) => ({ domain: '', name: rest.op, outputs: ['y'], ...rest })) as never,
    constants: new Map(constants.map((value) => [value.name, value])) as never,
    opsets: new Map([['', 13]]),
    metadata: new Map(),
  };
}

/** Milliseconds before and of the measurement of a layer. */
const WARM_UP = 150;
const TIME = 400;
/** The least samples, of so many runs. */
const LEAST = 5;
const TURNS = 4;

/** Whether the binaries use relaxed dots. */
export const binaryOf = (strict: boolean): string => (!strict && hasExactDots() ? 'relaxed dots' : 'strict');

/** Times layers, quantised and not, by turns. */
export async function measure(chosen: readonly Layer[], strict: boolean): Promise<Row[]> {
  addOperators();
  addBinaries();
  addQuantized();
  if (strict) packNames.quantized = () => 'strict-quantized';
  const [module, floats] = [await compileModule('strict', 'quantized'), await compileModule('strict', 'more')];
  return chosen.map((layer) => {
    const { size, channels, filters, kernel, stride, group } = layer;
    const dims = new Map([['x', [1, channels, size, size]]]);
    const [run, runFloat] = [true, false].map((quantised) => {
      const plan = compile(graphOf(layer, quantised), { dims, inPlace: false });
      const index = plan.steps.findIndex((step) => 'macs' in step && (step.macs ?? 0) > 0);
      const engine = new Engine(quantised ? module : floats);
      engine.use(plan);
      const input = plan.inputs[0];
      if (!input || index < 0) throw new Error(`${layer.name} has no convolution`);
      const view = engine.view(input.pointer, channels * size * size, input.type);
      for (let i = 0; i < view.length; i++) view[i] = (quantised ? (i * 7919) % 256 : ((i * 7919) % 1009) / 1009) as never;
      engine.run();
      return () => engine.run(index, index + 1);
    }) as [() => void, () => void];
    const times: [number, number] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    const start = performance.now();
    let samples = -1;
    for (let now = start; now < start + WARM_UP + TIME || samples < LEAST; now = performance.now()) {
      if (now > start + WARM_UP) samples++;
      for (const [i, f] of [run, runFloat].entries()) {
        const from = process.cpuUsage();
        for (let turn = 0; turn < TURNS; turn++) f();
        const { user, system } = process.cpuUsage(from);
        if (samples > 0) times[i] = Math.min(times[i] as number, (user + system) / (TURNS * 1e3));
      }
    }
    const [ms, floatMs] = times;
    const out = Math.ceil(size / stride);
    const work = (2 * out * out * filters * (channels / group) * kernel * kernel) / 1e6;
    return { ...layer, ms, floatMs, rate: work / ms, floatRate: work / floatMs, ratio: floatMs / ms };
  });
}
