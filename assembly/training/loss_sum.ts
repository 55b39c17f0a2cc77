// The sums of a loss's parts (f32_cross_entropy, f32_element_loss), added in their order.
//
//   sums    Parts times three float64: loss, weight, how many are right
//   loss    float32 [1]: the first sum over Divisor, or over the second sum if that is 0
//   correct, total  float32 [1]: the third sum, and what the first was divided by; either may be absent

import { arg } from '../math/simd.inline';
import { LossSumArg } from '../opcodes-training';
import { mine, share } from '../threads.inline';

export function loss_sum(pc: usize): void {
  share(1, 0);
  if (mine()) loss_sum_parts(pc);
}

export function loss_sum_parts(pc: usize): void {
  let at = <usize>arg(pc, LossSumArg.Sums);
  let loss: f64 = 0;
  let weight: f64 = 0;
  let right: f64 = 0;
  for (let i = 0; i < arg(pc, LossSumArg.Parts); i++) {
    loss += load<f64>(at);
    weight += load<f64>(at, 8);
    right += load<f64>(at, 16);
    at += 24;
  }
  const divisor = reinterpret<f32>(arg(pc, LossSumArg.Divisor));
  const total = divisor === 0 ? weight : <f64>divisor;
  store<f32>(<usize>arg(pc, LossSumArg.Loss), <f32>(loss / total));
  if (arg(pc, LossSumArg.Correct)) store<f32>(<usize>arg(pc, LossSumArg.Correct), <f32>right);
  if (arg(pc, LossSumArg.Total)) store<f32>(<usize>arg(pc, LossSumArg.Total), <f32>total);
}
