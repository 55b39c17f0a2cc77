// Losses that compare X with a target T element by element, and their gradients. The functions are in elementLoss.inline.ts.
//
//   input, target, output  Count floats without gaps; output may be input
//   sums      three float64 for each part of LOSS_PART elements: the sum of the loss, 0, and for BinaryCrossEntropy how many
//             elements are above 0 where the target is above ½
//   gradient  float32 [1]; the output is the derivative times Scale times that
// Terms are float32, their sums float64: four, for elements 4 apart, added in the order (0 + 2) + (1 + 3). Reads may run 12
// bytes past the end.

import { arg } from '../math/simd.inline';
import { ElementLossArg, ElementLossKind, LOSS_PART } from '../opcodes-training';
import { mine, share } from '../threads.inline';
import { add, derive } from './elementLoss.inline';

export function f32_element_loss(pc: usize): void {
  const count = arg(pc, ElementLossArg.Count);
  share((count + LOSS_PART - 1) / LOSS_PART, <f32>min(LOSS_PART, count) * 4);
  let sums = <usize>arg(pc, ElementLossArg.Sums);
  for (let i = 0; i < count; i += LOSS_PART) {
    if (mine()) f32_element_loss_rows(pc, i, min(LOSS_PART, count - i), sums);
    sums += 24;
  }
}

/** `count` elements from `from` on. */
export function f32_element_loss_rows(pc: usize, from: i32, count: i32, sums: usize): void {
  switch (arg(pc, ElementLossArg.Kind)) {
    case ElementLossKind.BinaryCrossEntropy:
      add(ElementLossKind.BinaryCrossEntropy, pc, from, count, sums);
      break;
    case ElementLossKind.Squared:
      add(ElementLossKind.Squared, pc, from, count, sums);
      break;
    case ElementLossKind.Absolute:
      add(ElementLossKind.Absolute, pc, from, count, sums);
      break;
    default:
      add(ElementLossKind.SmoothAbsolute, pc, from, count, sums);
  }
}

export function f32_element_loss_gradient(pc: usize): void {
  const count = arg(pc, ElementLossArg.Count);
  share((count + LOSS_PART - 1) / LOSS_PART, <f32>min(LOSS_PART, count) * 4);
  for (let i = 0; i < count; i += LOSS_PART) if (mine()) f32_element_loss_gradient_rows(pc, i, min(LOSS_PART, count - i));
}

/** `count` elements from `from` on. */
export function f32_element_loss_gradient_rows(pc: usize, from: i32, count: i32): void {
  switch (arg(pc, ElementLossArg.Kind)) {
    case ElementLossKind.BinaryCrossEntropy:
      derive(ElementLossKind.BinaryCrossEntropy, pc, from, count);
      break;
    case ElementLossKind.Squared:
      derive(ElementLossKind.Squared, pc, from, count);
      break;
    case ElementLossKind.Absolute:
      derive(ElementLossKind.Absolute, pc, from, count);
      break;
    default:
      derive(ElementLossKind.SmoothAbsolute, pc, from, count);
  }
}
