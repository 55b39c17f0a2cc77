import { AdamwNumber, SgdNumber } from '../../assembly/opcodes-training.ts';
import { checkOptions, flagCheck, invalidInput, type OptionChecks } from '../arguments.ts';
import { pow } from '../ops/exact.ts';
import { adamwStep, sgdStep } from './ops/update.ts';
import type { Optimizer } from './optimizer.ts';

/** Options of every optimizer. */
interface DecayOptions {
  /**
   * The factor of weight decay, from 0 on. PyTorch lets all weights decay. Here biases and the scales and shifts of norms do not,
   * because decay is there to keep a layer from relying on large weights: a bias multiplies nothing, and what a norm's scale
   * loses the next layer makes up for (He et al. 2018, "Bag of tricks for image classification with convolutional neural
   * networks", arXiv:1812.01187, section 3.1).
   */
  readonly weightDecay?: number;
  /** Whether biases and the scales and shifts of norms decay, too, as in PyTorch. Default false. */
  readonly decayAll?: boolean;
}

/** Options of `sgd`. */
export interface SgdOptions extends DecayOptions {
  /** How much of the last step's direction is kept, from 0 to below 1. Default 0. */
  readonly momentum?: number;
  /** Whether the momentum is applied once more, as a look ahead; it needs momentum and no dampening. Default false. */
  readonly nesterov?: boolean;
  /** How much of the gradient does not join the momentum, from 0 to 1; the first step's gradient joins whole. Default 0. */
  readonly dampening?: number;
}

/** Options of `adamw`. */
export interface AdamwOptions extends DecayOptions {
  /** How much of the average of gradients a step keeps, from 0 to below 1. Default 0.9. */
  readonly beta1?: number;
  /** How much of the average of their squares a step keeps, from 0 to below 1. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of that average, so that nothing is divided by 0; above 0. Default 1e-8. */
  readonly epsilon?: number;
}

const within = (least: number, most: number) => (value: unknown) => typeof value === 'number' && value >= least && value <= most;
const belowOne = ['a number from 0 to below 1', (value: unknown) => within(0, 1)(value) && value !== 1] as const;
const decayChecks = {
  weightDecay: ['a finite number from 0 on', within(0, Number.MAX_VALUE)],
  decayAll: flagCheck,
} satisfies OptionChecks<DecayOptions>;
const sgdChecks = {
  momentum: belowOne,
  nesterov: flagCheck,
  dampening: ['a number from 0 to 1', within(0, 1)],
  ...decayChecks,
} satisfies OptionChecks<SgdOptions>;
const adamwChecks = {
  beta1: belowOne,
  beta2: belowOne,
  // Below this it would be 0 in float32.
  epsilon: ['a finite number from 1e-38 on', within(1e-38, Number.MAX_VALUE)],
  ...decayChecks,
} satisfies OptionChecks<AdamwOptions>;

/**
 * Stochastic gradient descent, exactly as torch.optim.SGD has it (Sutskever, Martens, Dahl and Hinton 2013, "On the importance of
 * initialization and momentum in deep learning", in PyTorch's form, in which the rate multiplies the momentum). In each step, for
 * every weight w and its gradient g:
 *
 *     d = g + weightDecay · w
 *     b = momentum · b + (1 - dampening) · d      in the first step: b = d
 *     w = w - rate · b                            nesterov: rate · (d + momentum · b)
 *
 * Biases and the scales and shifts of norms do not decay unless `decayAll` is true.
 * @param options momentum, nesterov, dampening, weightDecay (default 0), decayAll
 * @throws LanewiseError INVALID_INPUT for unknown options and values that make no sense
 * @example
 * import { sgd } from 'lanewise/train';
 *
 * const optimizer = sgd({ momentum: 0.9, nesterov: true, weightDecay: 1e-4 });
 */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions('sgd', options, sgdChecks);
  const { momentum = 0, nesterov = false, dampening = 0, weightDecay = 0, decayAll = false } = options;
  if (nesterov && (momentum === 0 || dampening !== 0)) throw invalidInput('nesterov needs momentum above 0 and dampening 0');
  return {
    name: 'sgd',
    slots: momentum === 0 ? [] : ['momentum_buffer'],
    decaysAll: decayAll,
    size: SgdNumber.Count,
    numbers: (rate, step) => [rate, momentum, step === 1 ? 1 : 1 - dampening, weightDecay],
    update(tape, { weight, gradient, slots, decays }, numbers, factor) {
      const attributes = { nesterov, decays: decays && weightDecay > 0 };
      return tape.all(sgdStep, { inputs: [weight, gradient, numbers, factor, ...slots], attributes, outputs: 1 + slots.length });
    },
  };
}

/**
 * Adam with decoupled weight decay, exactly as torch.optim.AdamW has it (Loshchilov and Hutter 2017, "Decoupled weight decay
 * regularization", arXiv:1711.05101, algorithm 2; the rate multiplies the decay, too). In step t, for every weight w and its
 * gradient g:
 *
 *     w = w - rate · weightDecay · w
 *     m = beta1 · m + (1 - beta1) · g
 *     v = beta2 · v + (1 - beta2) · g²
 *     w = w - rate · m / (1 - beta1ᵗ) / (√(v / (1 - beta2ᵗ)) + epsilon)
 *
 * Biases and the scales and shifts of norms do not decay unless `decayAll` is true. With `weightDecay: 0` it is Adam.
 * @param options beta1, beta2, epsilon, weightDecay (default 0.01), decayAll
 * @throws LanewiseError INVALID_INPUT for unknown options and values that make no sense
 * @example
 * import { adamw } from 'lanewise/train';
 *
 * const optimizer = adamw({ weightDecay: 0.05 });
 */
export function adamw(options: AdamwOptions = {}): Optimizer {
  checkOptions('adamw', options, adamwChecks);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01, decayAll = false } = options;
  return {
    name: 'adamw',
    slots: ['exp_avg', 'exp_avg_sq'],
    decaysAll: decayAll,
    size: AdamwNumber.Count,
    numbers(rate, step) {
      const stepSize = rate / (1 - pow(beta1, step));
      const correction = 1 / Math.sqrt(1 - pow(beta2, step));
      return [rate, 1 - rate * weightDecay, beta1, 1 - beta1, beta2, 1 - beta2, stepSize, correction, epsilon];
    },
    update(tape, { weight, gradient, slots, decays }, numbers, factor) {
      return tape.all(adamwStep, { inputs: [weight, gradient, numbers, factor, ...slots], attributes: { decays }, outputs: 3 });
    },
  };
}
