// The norm of what squares were taken of, and the factor that brings it to Max at most, as torch.nn.utils.clip_grad_norm_ has
// it, in float64, in the order of the squares:
//
//   norm = √(Σ squares[i]), factor = min(1, max / (norm + 1e-6))
//
//   squares       Count float64
//   factor, norm  a float each
// NaN and infinities make the factor NaN and 0.

import { arg } from '../math/simd.inline';
import { ClipArg } from '../opcodes-training-updates';
import { mine, share } from '../threads.inline';

export function f32_clip(pc: usize): void {
  share(1, <f32>arg(pc, ClipArg.Count));
  if (mine()) f32_clip_sum(pc);
}

export function f32_clip_sum(pc: usize): void {
  const squares = <usize>arg(pc, ClipArg.Squares);
  const count = arg(pc, ClipArg.Count);
  let sum: f64 = 0;
  for (let i = 0; i < count; i++) sum += load<f64>(squares + ((<usize>i) << 3));
  const norm = Math.sqrt(sum);
  const most = <f64>load<f32>(pc + (ClipArg.Max << 2));
  store<f32>(<usize>arg(pc, ClipArg.Factor), <f32>min<f64>(1, most / (norm + 1e-6)));
  store<f32>(<usize>arg(pc, ClipArg.Norm), <f32>norm);
}
