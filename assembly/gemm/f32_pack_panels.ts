// Weights into panels of NR = 8 columns, as the GEMM and the depthwise kernels read them.
//
//   source  element (group, column, i0, i1, i2) at group * GroupStride + column * ColumnStride + i0 * Stride0 + ...
//   bias    element (group, column) at (group * Columns + column) * BiasStride
//   output  [group][ceil(Columns / 8)] panels, each 8 biases, then [Depth0 * Depth1 * Depth2][8] weights
// Columns past the end are zeros. Weights are multiplied by Alpha, biases by Beta.

import { arg } from '../math/simd.inline';
import { NR, PackArg } from '../opcodes';

export function f32_pack_panels(pc: usize): void {
  const groups = arg(pc, PackArg.Groups);
  const columns = arg(pc, PackArg.Columns);
  const groupStride = (<usize>arg(pc, PackArg.GroupStride)) << 2;
  const columnStride = (<usize>arg(pc, PackArg.ColumnStride)) << 2;
  const biasStride = (<usize>arg(pc, PackArg.BiasStride)) << 2;
  const beta = load<f32>(pc + (PackArg.Beta << 2));
  let source = <usize>arg(pc, PackArg.Source);
  let bias = <usize>arg(pc, PackArg.Bias);
  let output = <usize>arg(pc, PackArg.Output);
  for (let g = 0; g < groups; g++) {
    for (let n = 0; n < columns; n += NR) {
      const count = min(NR, columns - n);
      for (let j = 0; j < NR; j++) {
        const there = bias !== 0 && j < count;
        store<f32>(output + (j << 2), there ? beta * load<f32>(bias) : 0);
        if (there) bias += biasStride;
      }
      output = packPanel(pc, source + <usize>n * columnStride, columnStride, count, output + (NR << 2));
    }
    source += groupStride;
  }
}

function packPanel(pc: usize, source: usize, columnStride: usize, count: i32, output: usize): usize {
  const depth0 = arg(pc, PackArg.Depth0);
  const depth1 = arg(pc, PackArg.Depth1);
  const depth2 = arg(pc, PackArg.Depth2);
  const stride0 = (<usize>arg(pc, PackArg.Stride0)) << 2;
  const stride1 = (<usize>arg(pc, PackArg.Stride1)) << 2;
  const stride2 = (<usize>arg(pc, PackArg.Stride2)) << 2;
  const alpha = load<f32>(pc + (PackArg.Alpha << 2));
  for (let i0 = 0; i0 < depth0; i0++) {
    for (let i1 = 0; i1 < depth1; i1++) {
      let row = source + <usize>i0 * stride0 + <usize>i1 * stride1;
      for (let i2 = 0; i2 < depth2; i2++) {
        let p = row;
        for (let j = 0; j < count; j++) {
          store<f32>(output + (j << 2), alpha * load<f32>(p));
          p += columnStride;
        }
        for (let j = count; j < NR; j++) store<f32>(output + (j << 2), 0);
        output += NR << 2;
        row += stride2;
      }
    }
  }
  return output;
}
