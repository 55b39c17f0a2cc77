import { array, at, type NdArray } from './array.ts';
import { outputDims, type WindowOptions, windowAxes } from './spatial.ts';

export interface ConvOptions extends WindowOptions {
  /** [N, C, L] or [N, C, H, W]. */
  x: NdArray;
  /** [M, C / group, ...kernel]: M filters. */
  w: NdArray;
  /** [M], added to every output of a filter. */
  b?: NdArray;
  /** Channels and filters are split into this many parts, and a filter sees its own part's channels alone. 1 where left out. */
  group?: number;
}

/**
 * ONNX Conv: y[n, m, i, j] = b[m] + the sum over c, p, q of w[m, c, p, q] * x[n, c, i * stride - begin + p * dilation, ...].
 * Padding counts as zeros. For auto_pad, give resolvePads' result as pads.
 */
export function conv({ x, w, b, group = 1, ...window }: ConvOptions): NdArray {
  const batch = at(x.dims, 0);
  const channels = at(x.dims, 1);
  const filters = at(w.dims, 0);
  const groupChannels = at(w.dims, 1);
  const groupFilters = filters / group;
  if (channels !== groupChannels * group) throw new Error(`w is for ${groupChannels} x ${group} channels, x has ${channels}`);
  if (!Number.isInteger(groupFilters)) throw new Error(`${filters} filters do not divide into ${group} groups`);
  if (b && b.data.length !== filters) throw new Error(`b has ${b.data.length} elements for ${filters} filters`);

  const axes = windowAxes(x, w.dims.slice(2), window);
  const [vertical, horizontal] = axes;
  const y = array(outputDims(x, filters, axes));
  let place = 0;
  for (let n = 0; n < batch; n++) {
    for (let m = 0; m < filters; m++) {
      const firstChannel = Math.floor(m / groupFilters) * groupChannels;
      for (let i = 0; i < vertical.out; i++) {
        for (let j = 0; j < horizontal.out; j++) {
          let sum = b ? at(b.data, m) : 0;
          for (let c = 0; c < groupChannels; c++) {
            for (let p = 0; p < vertical.kernel; p++) {
              for (let q = 0; q < horizontal.kernel; q++) {
                const row = i * vertical.stride - vertical.begin + p * vertical.dilation;
                const column = j * horizontal.stride - horizontal.begin + q * horizontal.dilation;
                if (row < 0 || row >= vertical.size || column < 0 || column >= horizontal.size) continue;
                const input = ((n * channels + firstChannel + c) * vertical.size + row) * horizontal.size + column;
                const weight = ((m * groupChannels + c) * vertical.kernel + p) * horizontal.kernel + q;
                sum += at(x.data, input) * at(w.data, weight);
              }
            }
          }
          y.data[place++] = sum;
        }
      }
    }
  }
  return y;
}
