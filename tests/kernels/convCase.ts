import type { Attribute } from '../../src/graph/graph.ts';
import type { Variant } from '../../src/runtime/wasm.ts';
import { type AutoPad, conv, type NdArray, random, resolvePads, sizeOf, windowAxes } from '../reference/index.ts';
import { partialSums } from './partialSums.ts';
import { expectNode, type NodeCase, sumTolerance } from './run.ts';

/** A convolution by its shapes; the numbers are random in [-1, 1]. */
export interface ConvCase {
  x: number[];
  w: number[];
  /** True where left out. */
  bias?: boolean;
  group?: number;
  strides?: number[];
  pads?: number[];
  dilations?: number[];
  autoPad?: AutoPad;
  opset?: number;
}

export interface ConvArrays {
  x: NdArray;
  w: NdArray;
  b?: NdArray;
}

export function convArrays({ x, w, bias = true }: ConvCase): ConvArrays {
  const arrays = { x: random(x, 1), w: random(w, 2) };
  return bias ? { ...arrays, b: random(w.slice(0, 1), 3) } : arrays;
}

export const convAttributes = ({ group, strides, pads, dilations, autoPad }: ConvCase): Record<string, Attribute | undefined> => ({
  group,
  strides,
  pads,
  dilations,
  auto_pad: autoPad,
});

export const convNode = (config: ConvCase, { x, w, b }: ConvArrays): NodeCase => ({
  op: 'Conv',
  opset: config.opset,
  attributes: convAttributes(config),
  inputs: [x, w, b],
  constants: [1, 2],
});

const windowOf = ({ x, w, autoPad, pads, ...window }: ConvCase) => ({
  ...window,
  pads: autoPad ? resolvePads(autoPad, x.slice(2), w.slice(2), window.strides, window.dilations) : pads,
});

export const convReference = (config: ConvCase, arrays: ConvArrays): NdArray => conv({ ...windowOf(config), ...arrays });

/** Runs a convolution with constant and with fed weights against the reference. */
export function expectConv(variant: Variant, config: ConvCase): void {
  const arrays = convArrays(config);
  const node = { ...convNode(config, arrays), variant };
  expectNode(node, convReference(config, arrays), sumTolerance(sizeOf(config.w.slice(1))));
}

/** To the last bit: the order is kernel row, kernel column, channel, and padding counts as zeros. */
export function convFloat32(config: ConvCase, { x, w, b }: ConvArrays): NdArray {
  const { group = 1 } = config;
  const [vertical, horizontal] = windowAxes(x, w.dims.slice(2), windowOf(config));
  const [filters = 0, depth = 0] = w.dims;
  const channels = depth * group;
  const y = convReference(config, { x, w });
  let place = 0;
  for (let n = 0; n < (x.dims[0] ?? 0); n++) {
    for (let m = 0; m < filters; m++) {
      const first = Math.floor(m / (filters / group)) * depth;
      for (let i = 0; i < vertical.out; i++) {
        for (let j = 0; j < horizontal.out; j++) {
          y.data[place++] = partialSums(vertical.kernel * horizontal.kernel * depth, b?.data[m] ?? 0, (k) => {
            const c = k % depth;
            const q = Math.floor(k / depth) % horizontal.kernel;
            const p = Math.floor(k / depth / horizontal.kernel);
            const row = i * vertical.stride - vertical.begin + p * vertical.dilation;
            const column = j * horizontal.stride - horizontal.begin + q * horizontal.dilation;
            if (row < 0 || row >= vertical.size || column < 0 || column >= horizontal.size) return 0;
            const input = x.data[((n * channels + first + c) * vertical.size + row) * horizontal.size + column] ?? Number.NaN;
            return input * (w.data[((m * depth + c) * vertical.kernel + p) * horizontal.kernel + q] ?? Number.NaN);
          });
        }
      }
    }
  }
  return y;
}
