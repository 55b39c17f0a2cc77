import { array, at, type NdArray } from './array.ts';
import type { ConvOptions } from './conv.ts';
import { windowAxes } from './spatial.ts';

/** The gradients of `conv` for its output's gradient `dy`: every product of the convolution gives to an input and to a weight. */
export function convGradients({ x, w, group = 1, ...window }: ConvOptions, dy: NdArray): { dx: NdArray; dw: NdArray } {
  const [channels, filters, groupChannels] = [at(x.dims, 1), at(w.dims, 0), at(w.dims, 1)];
  const [vertical, horizontal] = windowAxes(x, w.dims.slice(2), window);
  const [dx, dw] = [array(x.dims), array(w.dims)];
  let place = 0;
  for (let n = 0; n < at(x.dims, 0); n++) {
    for (let m = 0; m < filters; m++) {
      const firstChannel = Math.floor(m / (filters / group)) * groupChannels;
      for (let i = 0; i < vertical.out; i++) {
        for (let j = 0; j < horizontal.out; j++) {
          const gradient = at(dy.data, place++);
          for (let c = 0; c < groupChannels; c++) {
            for (let p = 0; p < vertical.kernel; p++) {
              for (let q = 0; q < horizontal.kernel; q++) {
                const row = i * vertical.stride - vertical.begin + p * vertical.dilation;
                const column = j * horizontal.stride - horizontal.begin + q * horizontal.dilation;
                if (row < 0 || row >= vertical.size || column < 0 || column >= horizontal.size) continue;
                const input = ((n * channels + firstChannel + c) * vertical.size + row) * horizontal.size + column;
                const weight = ((m * groupChannels + c) * vertical.kernel + p) * horizontal.kernel + q;
                dx.data[input] = at(dx.data, input) + gradient * at(w.data, weight);
                dw.data[weight] = at(dw.data, weight) + gradient * at(x.data, input);
              }
            }
          }
        }
      }
    }
  }
  return { dx, dw };
}
