import type { Operator } from '../../operator.ts';
import { resizing } from '../../resample/resize.ts';
import type { ResizeAttributes } from '../../resample/resizeTable.ts';

/** ONNX Upsample, Resize's predecessor: nearest or linear by scales. */
export const upsample: Operator<ResizeAttributes> = {
  ...resizing,
  name: 'Upsample',
  since: 7,
  until: 9,
  inputs: [1, 2],
  constantInputs: [1],
  attributes(reader, opset) {
    const scales = opset < 9 ? reader.any('scales') : undefined;
    if (opset < 9 && !(Array.isArray(scales) && scales.every((scale) => typeof scale === 'number'))) {
      throw reader.invalid('scales', 'is not a list of numbers');
    }
    return {
      mode: reader.choice('mode', 'nearest', 'linear'),
      coordinates: 'asymmetric',
      rounding: 'floor',
      cubic: -0.75,
      excludeOutside: false,
      extrapolation: 0,
      antialias: false,
      axes: undefined,
      policy: 'stretch',
      ...(scales ? { scales: scales as readonly number[] } : {}),
      at: { roi: -1, scales: opset < 9 ? -1 : 1, sizes: -1 },
    };
  },
};
