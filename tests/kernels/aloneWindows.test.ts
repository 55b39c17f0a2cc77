import { AveragePoolArg, DepthwiseConvArg, DepthwiseRingArg, NR, Op, WindowArg } from '../../assembly/opcodes.ts';
import type { Args } from '../../src/plan/place.ts';
import { array, at, averagePool, conv, maxPool, type NdArray, random } from '../reference/index.ts';
import { Alone, clamped, expectNear, HIGH, LOW, panels, range } from './alone.ts';
import { eachVariant, sumTolerance } from './run.ts';

/** One picture as kernels have it: pixels `stride` floats apart, NaN between them. */
function pixels({ dims, data }: NdArray, stride: number): Float32Array {
  const [, channels = 0, height = 0, width = 0] = dims;
  const size = height * width;
  const out = new Float32Array(size * stride).fill(Number.NaN);
  for (let c = 0; c < channels; c++) for (let i = 0; i < size; i++) out[i * stride + c] = at(data, c * size + i);
  return out;
}

eachVariant((variant) => {
  const kernels = new Alone(variant);
  beforeEach(() => kernels.clear());

  /** A window over a picture of some channels; strides and dilations are those of both axes. */
  interface Window {
    size: readonly [number, number];
    kernel: number;
    stride?: number;
    dilation?: number;
    pad?: number;
  }
  const windows: readonly Window[] = [
    { size: [1, 1], kernel: 1 },
    { size: [1, 7], kernel: 3, pad: 1 },
    { size: [5, 6], kernel: 3 },
    { size: [7, 5], kernel: 3, stride: 2, pad: 1 },
    { size: [9, 8], kernel: 3, dilation: 2, pad: 2 },
    { size: [8, 9], kernel: 5, stride: 2, pad: 2 },
  ];
  const channelCounts = [1, 3, 4, 5, 7, 8, 17];

  /** What row kernels read of an instruction. */
  function windowArgs({ size, kernel, stride = 1, dilation = 1, pad = 0 }: Window, channels: number, out: readonly number[]): Args {
    return {
      [WindowArg.Batch]: 1,
      [WindowArg.InHeight]: size[0],
      [WindowArg.InWidth]: size[1],
      [WindowArg.OutHeight]: at(out, 2),
      [WindowArg.OutWidth]: at(out, 3),
      [WindowArg.InPixelStride]: 4 * (channels + 1),
      [WindowArg.OutPixelStride]: 4 * (channels + 2),
      [WindowArg.KernelHeight]: kernel,
      [WindowArg.KernelWidth]: kernel,
      [WindowArg.StrideHeight]: stride,
      [WindowArg.StrideWidth]: stride,
      [WindowArg.PadTop]: pad,
      [WindowArg.PadLeft]: pad,
      [WindowArg.DilationHeight]: dilation,
      [WindowArg.DilationWidth]: dilation,
      [WindowArg.Channels]: channels,
    };
  }

  const optionsOf = ({ stride = 1, dilation = 1, pad = 0 }: Window) => ({
    strides: [stride, stride],
    dilations: [dilation, dilation],
    pads: [pad, pad, pad, pad],
  });

  function expectPixels(out: number, expected: NdArray, tolerance: number): void {
    const channels = at(expected.dims, 1);
    const whole = pixels(expected, channels + 2);
    expectNear(kernels.read(out, whole.length), [...whole], tolerance);
  }

  /** Output row by output row. */
  function expectRows(name: string, op: Op, window: Window, x: NdArray, expected: NdArray, args: Args, tolerance: number): void {
    const [, channels = 0, rows = 0, columns = 0] = expected.dims;
    const image = kernels.floats(pixels(x, channels + 1));
    const rowFloats = columns * (channels + 2);
    const out = kernels.room(rows * rowFloats);
    const pc = kernels.instruction(op, { ...windowArgs(window, channels, expected.dims), ...args });
    for (let oy = 0; oy < rows; oy++) kernels.call(name, pc, image, oy, out + 4 * oy * rowFloats);
    expectPixels(out, expected, tolerance);
  }

  test('dwconv, a row', () => {
    for (const window of windows) {
      for (const channels of channelCounts) {
        kernels.clear();
        const [x, b] = [random([1, channels, ...window.size], 1), random([channels], 2)];
        const w = random([channels, 1, window.kernel, window.kernel], 3);
        const sums = conv({ x, w, b, group: channels, ...optionsOf(window) });
        const args = {
          [DepthwiseConvArg.Weights]: weightsOf(w, b),
          [DepthwiseConvArg.Min]: { float: LOW },
          [DepthwiseConvArg.Max]: { float: HIGH },
        };
        const expected = array(sums.dims, sums.data.map(clamped));
        expectRows('f32_dwconv_row_c8', Op.DepthwiseConv, window, x, expected, args, sumTolerance(window.kernel ** 2));
      }
    }
  });

  test('dwconv, a ring of rows', () => {
    for (const window of windows) {
      const { kernel, size, stride = 1, dilation = 1, pad = 0 } = window;
      for (const channels of channelCounts) {
        kernels.clear();
        const [x, b] = [random([1, channels, ...size], 1), random([channels], 2)];
        const w = random([channels, 1, kernel, kernel], 3);
        const sums = conv({ x, w, b, group: channels, ...optionsOf(window) });
        const columns = at(sums.dims, 3);
        if (kernel < 3 || dilation > 1 || columns < (stride === 1 ? 4 : 3)) continue;
        const padded = (columns - 1) * stride + kernel;
        // Reads may run 60 bytes past the last channel.
        const out = kernels.room(at(sums.dims, 2) * columns * (channels + 2));
        kernels.run(Op.DepthwiseRing, {
          ...windowArgs(window, channels, sums.dims),
          [WindowArg.Input]: kernels.floats(pixels(x, channels + 1)),
          [WindowArg.Output]: out,
          [WindowArg.PadLeft]: pad,
          [DepthwiseConvArg.Weights]: weightsOf(w, b, 16),
          [DepthwiseRingArg.Ring]: kernels.room(kernel * padded * 16 + 16),
          [DepthwiseConvArg.Min]: { float: LOW },
          [DepthwiseConvArg.Max]: { float: HIGH },
        });
        expectPixels(out, array(sums.dims, sums.data.map(clamped)), sumTolerance(kernel ** 2));
      }
    }
  });

  /** Filters of one channel each, as panels of channels; of zeros up to a multiple. */
  function weightsOf(w: NdArray, b: NdArray, multiple = NR): number {
    const channels = at(w.dims, 0);
    const taps = w.data.length / channels;
    const byTap = range(taps).flatMap((tap) => range(channels).map((c) => at(w.data, c * taps + tap)));
    const packed = panels(channels, taps, byTap, b.data);
    const whole = Math.ceil(channels / multiple) * multiple * (taps + 1);
    return kernels.floats([...packed, ...new Array(whole - packed.length).fill(0)]);
  }

  test('maxpool and avgpool, a row', () => {
    for (const window of windows) {
      for (const channels of channelCounts) {
        const x = random([1, channels, ...window.size], 1);
        const options = { x, kernelShape: [window.kernel, window.kernel], ...optionsOf(window) };
        kernels.clear();
        expectRows('f32_maxpool_row_c4', Op.MaxPool, window, x, maxPool(options), {}, 0);
        for (const countIncludePad of [false, true]) {
          kernels.clear();
          const pad = window.pad ?? 0;
          const args = {
            [AveragePoolArg.CountIncludePad]: Number(countIncludePad),
            [AveragePoolArg.PadBottom]: pad,
            [AveragePoolArg.PadRight]: pad,
          };
          const expected = averagePool({ ...options, countIncludePad });
          expectRows('f32_avgpool_row_c4', Op.AveragePool, window, x, expected, args, sumTolerance(window.kernel ** 2));
        }
      }
    }
  });
});
