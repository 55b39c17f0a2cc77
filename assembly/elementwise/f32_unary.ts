// Y[p][c] = f(X[p][c]), f by its Kind (UnaryKind in opcodes.ts), with two parameters Alpha and Beta where f has any.
//
//   input, output  Pixels rows of Channels floats, InPixelStride and OutPixelStride bytes apart; output may be input
// A tensor without gaps is one row. Reads may run 12 bytes past a row. The vector functions are right to a few units in the
// last place (tests/kernels/functions.test.ts has each one's error); sin and cos take each lane through a scalar function,
// which reduces large arguments.

import { arg } from '../math/simd.inline';
import { UnaryArg, UnaryKind } from '../opcodes';
import { mine, share } from '../threads.inline';
import { loop } from './unary.inline';

/** Elements per call: short enough for the engine to move to its optimised code early. */
const BLOCK: i32 = 4096;

export function f32_unary(pc: usize): void {
  const pixels = arg(pc, UnaryArg.Pixels);
  const channels = arg(pc, UnaryArg.Channels);
  let input = <usize>arg(pc, UnaryArg.Input);
  let output = <usize>arg(pc, UnaryArg.Output);
  share(pixels * ((channels + BLOCK - 1) / BLOCK), <f32>min(BLOCK, channels) * 4);
  for (let m = 0; m < pixels; m++) {
    for (let c = 0; c < channels; c += BLOCK) {
      if (mine()) f32_unary_row(pc, min(BLOCK, channels - c), input + ((<usize>c) << 2), output + ((<usize>c) << 2));
    }
    input += <usize>arg(pc, UnaryArg.InPixelStride);
    output += <usize>arg(pc, UnaryArg.OutPixelStride);
  }
}

/**
 * Computes `count` elements. Each kind has a loop of its own, because a choice inside the loop would cost as much as the
 * cheap functions.
 */
export function f32_unary_row(pc: usize, count: i32, input: usize, output: usize): void {
  switch (arg(pc, UnaryArg.Kind)) {
    case UnaryKind.LeakyRelu:
      loop(UnaryKind.LeakyRelu, pc, count, input, output);
      break;
    case UnaryKind.Elu:
      if (PACK_MORE) loop(UnaryKind.Elu, pc, count, input, output);
      break;
    case UnaryKind.Celu:
      if (PACK_MORE) loop(UnaryKind.Celu, pc, count, input, output);
      break;
    case UnaryKind.Sigmoid:
      loop(UnaryKind.Sigmoid, pc, count, input, output);
      break;
    case UnaryKind.HardSigmoid:
      loop(UnaryKind.HardSigmoid, pc, count, input, output);
      break;
    case UnaryKind.HardSwish:
      loop(UnaryKind.HardSwish, pc, count, input, output);
      break;
    case UnaryKind.Silu:
      loop(UnaryKind.Silu, pc, count, input, output);
      break;
    case UnaryKind.Tanh:
      loop(UnaryKind.Tanh, pc, count, input, output);
      break;
    case UnaryKind.Softplus:
      if (PACK_MORE) loop(UnaryKind.Softplus, pc, count, input, output);
      break;
    case UnaryKind.Softsign:
      if (PACK_MORE) loop(UnaryKind.Softsign, pc, count, input, output);
      break;
    case UnaryKind.Mish:
      if (PACK_MORE) loop(UnaryKind.Mish, pc, count, input, output);
      break;
    case UnaryKind.Gelu:
      if (PACK_MORE) loop(UnaryKind.Gelu, pc, count, input, output);
      break;
    case UnaryKind.GeluTanh:
      if (PACK_MORE) loop(UnaryKind.GeluTanh, pc, count, input, output);
      break;
    case UnaryKind.Erf:
      if (PACK_MORE) loop(UnaryKind.Erf, pc, count, input, output);
      break;
    case UnaryKind.ThresholdedRelu:
      if (PACK_MORE) loop(UnaryKind.ThresholdedRelu, pc, count, input, output);
      break;
    case UnaryKind.Abs:
      loop(UnaryKind.Abs, pc, count, input, output);
      break;
    case UnaryKind.Neg:
      loop(UnaryKind.Neg, pc, count, input, output);
      break;
    case UnaryKind.Exp:
      if (PACK_MORE) loop(UnaryKind.Exp, pc, count, input, output);
      break;
    case UnaryKind.Log:
      if (PACK_MORE) loop(UnaryKind.Log, pc, count, input, output);
      break;
    case UnaryKind.Sqrt:
      loop(UnaryKind.Sqrt, pc, count, input, output);
      break;
    case UnaryKind.Reciprocal:
      loop(UnaryKind.Reciprocal, pc, count, input, output);
      break;
    case UnaryKind.Floor:
      if (PACK_MORE) loop(UnaryKind.Floor, pc, count, input, output);
      break;
    case UnaryKind.Ceil:
      if (PACK_MORE) loop(UnaryKind.Ceil, pc, count, input, output);
      break;
    case UnaryKind.Round:
      if (PACK_MORE) loop(UnaryKind.Round, pc, count, input, output);
      break;
    case UnaryKind.Sign:
      if (PACK_MORE) loop(UnaryKind.Sign, pc, count, input, output);
      break;
    case UnaryKind.Sin:
      if (PACK_MORE) loop(UnaryKind.Sin, pc, count, input, output);
      break;
    case UnaryKind.Cos:
      if (PACK_MORE) loop(UnaryKind.Cos, pc, count, input, output);
      break;
    case UnaryKind.Scale:
      loop(UnaryKind.Scale, pc, count, input, output);
      break;
  }
}
