// The rarer ways to resize.

import type { Value } from '../../../graph/value.ts';
import { emitCopy, shifted } from '../../emit.ts';
import type { Lowering, Node } from '../../operator.ts';
import type { ResizeAttributes } from '../../resample/resizeTable.ts';
import { type Coordinates, coordinates, f32, type ResizedAxis, type resampling } from '../../resample/resizeTable.ts';

function place(
  { from, to, scale, ratio, roi: [begin, end] }: ResizedAxis,
  i: number,
  mode: Coordinates,
  at: (row: number) => number,
): number {
  if (mode === 'tf_half_pixel_for_nn') return at(i + 0.5);
  if (mode === 'half_pixel_symmetric') {
    // half_pixel's place, shifted: whole rows lose some of the input's length, half of it at each end.
    if (!ratio) return f32(f32((from / 2) * f32(1 - f32(to / f32(scale * from)))) + (i + 0.5) / scale - 0.5);
    const [longer, shorter] = ratio;
    return ((from * longer - to * shorter) / 2 + (i + 0.5) * shorter) / longer - 0.5;
  }
  // tf_crop_and_resize.
  const last = from - 1;
  const size = f32(end - begin);
  if (from === to && begin === 0 && size === 1) return i;
  return to > 1 ? f32(f32(begin * last) + f32(f32(f32(i * size) * last) / (to - 1))) : f32(0.5 * f32(begin + end) * last);
}

const cubic =
  (a: number) =>
  (d: number): number =>
    d < 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;

/** Rows whose place lies outside the picture get the extrapolation value. */
function fillOutside(node: Node<ResizeAttributes>, axes: readonly ResizedAxis[], y: Value, lowering: Lowering): void {
  const { pointer, strides } = lowering.define(y);
  const value = lowering.table(Float32Array.of(node.attributes.extrapolation));
  axes.forEach((axis, a) => {
    let start = 0;
    for (let i = 0; i <= axis.to; i++) {
      const at = coordinates(axis, i, node.attributes.coordinates);
      if (i < axis.to && !(at >= 0 && at <= axis.from - 1)) continue;
      // The rows since `start` are outside.
      const sizes = y.dims.map((size, other) => (other === a ? i - start : size));
      emitCopy(lowering, 4, shifted(pointer, start * (strides[a] as number)), value, {
        sizes,
        strides: [[...strides], sizes.map(() => 0)],
      });
      start = i + 1;
    }
  });
}

export const rareResampling: Required<typeof resampling> = {
  place,
  cubic,
  common: (policy, sizes) => [...sizes].sort(([a, b], [c, d]) => (policy === 'not_larger' ? a * d - c * b : c * b - a * d))[0],
  fillOutside,
};
