import type { Value } from '../graph/value.ts';
import { clip } from './ops/update.ts';
import type { Tape } from './tape.ts';

/** What clipping writes. */
export interface Clipped {
  /** float32 [1], of all gradients: min(1, max / (norm + 1e-6)). */
  readonly factor: Value;
  /** float32 []: the root of the sum of all squares, before clipping. */
  readonly norm: Value;
}

/**
 * Clipping by norm (Pascanu, Mikolov and Bengio 2012, "On the difficulty of training recurrent neural networks",
 * arXiv:1211.5063, algorithm 1), with the numbers of torch.nn.utils.clip_grad_norm_.
 * @param gradients of everything that learns, at least one
 * @param max the largest norm that is left as it is
 */
export function clipFactor(tape: Tape, gradients: readonly Value[], max: number): Clipped {
  const [factor, norm] = tape.all(clip, { inputs: gradients, attributes: { max }, outputs: 2 }) as [Value, Value];
  return { factor, norm };
}
