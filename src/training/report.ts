/** What `evaluate` gives: means over all examples. */
export interface Evaluation {
  /** The mean over the examples; of a step: before its update. */
  readonly loss: number;
  /** The share of labels that the network gets right, where the loss defines that. */
  readonly accuracy?: number;
}

/** What a step gives. */
export interface StepReport extends Evaluation {
  /** The norm of all gradients together before clipping, if the option `clip` is set. */
  readonly norm?: number;
}

/**
 * How many a mean is over.
 * @internal
 */
export interface Counted {
  readonly examples: number;
  /** One for an example, or for each of its pixels. */
  readonly answers: number;
}

/**
 * Means over batches of different sizes.
 * @internal
 */
export class Means {
  #loss = 0;
  #examples = 0;
  #correct = 0;
  #answers = 0;

  add({ loss, accuracy }: Evaluation, { examples, answers }: Counted): void {
    this.#loss += loss * examples;
    this.#examples += examples;
    if (accuracy === undefined) return;
    this.#correct += accuracy * answers;
    this.#answers += answers;
  }

  /** NaN of nothing. */
  get result(): Evaluation {
    return { loss: this.#loss / this.#examples, ...(this.#answers > 0 && { accuracy: this.#correct / this.#answers }) };
  }
}
