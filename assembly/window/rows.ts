// The loop over output rows that depthwise and transposed convolution and the pools share. The row kernels are called, not
// inlined: engines switch to a function's optimised code at a call.

import { f32_col2im_row_c4 } from '../conv/f32_col2im_c4';
import { f32_dwconv_row_c8 } from '../conv/f32_dwconv_c8';
import { arg } from '../math/simd.inline';
import { Op, WindowArg } from '../opcodes';
import { QuantizedOp } from '../opcodes-quantized';
import { f32_avgpool_row_c4 } from '../pool/f32_avgpool_c4';
import { f32_maxpool_row_c4 } from '../pool/f32_maxpool_c4';
import { u8_avgpool_row_c8 } from '../quantized/u8_avgpool_c8';
import { u8_maxpool_row_c16 } from '../quantized/u8_maxpool_c16';
import { mine, share } from '../threads.inline';

/** Runs the row kernel of the instruction at `pc` for every output row of every picture. */
export function windowRows(pc: usize): void {
  const op = load<i32>(pc);
  const batch = arg(pc, WindowArg.Batch);
  const outHeight = arg(pc, WindowArg.OutHeight);
  const rowBytes = <usize>arg(pc, WindowArg.OutWidth) * <usize>arg(pc, WindowArg.OutPixelStride);
  const imageBytes = <usize>arg(pc, WindowArg.InHeight) * <usize>arg(pc, WindowArg.InWidth) * <usize>arg(pc, WindowArg.InPixelStride);
  let image = <usize>arg(pc, WindowArg.Input);
  let output = <usize>arg(pc, WindowArg.Output);
  const elements = <f32>arg(pc, WindowArg.OutWidth) * <f32>arg(pc, WindowArg.Channels);
  share(batch * outHeight, elements * <f32>arg(pc, WindowArg.KernelHeight) * <f32>arg(pc, WindowArg.KernelWidth));
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      if (!mine()) {
        // Another thread computes it.
      } else if (op === Op.DepthwiseConv) f32_dwconv_row_c8(pc, image, oy, output);
      else if (op === Op.MaxPool) f32_maxpool_row_c4(pc, image, oy, output);
      else if (op === Op.AveragePool) f32_avgpool_row_c4(pc, image, oy, output);
      else if (PACK_QUANTIZED && op === QuantizedOp.MaxPool) u8_maxpool_row_c16(pc, image, oy, output);
      else if (PACK_QUANTIZED && op === QuantizedOp.AveragePool) u8_avgpool_row_c8(pc, image, oy, output);
      else if (!PACK_TRAINING || PACK_MORE) f32_col2im_row_c4(pc, image, oy, output);
      output += rowBytes;
    }
    image += imageBytes;
  }
}
