/** Numbers for layers that have no name of their own: counted per input while a network is written, later per model. */
export class Names {
  readonly #counts = new Map<string, number>();

  /** 'conv2d_1', 'conv2d_2'; the input is 'input' if it is the only one. */
  next(kind: string): string {
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return kind === 'input' && count === 1 ? kind : `${kind}_${count}`;
  }
}

/** A layer as its parameters and its model see it: it has a name. */
export interface NamedLayer {
  readonly name: string;
  /** Whether the name may still change: nobody chose it, and no model has it. */
  readonly unsettled: boolean;
  /** Gives it its final name, a free one of a model's numbers. */
  settle(taken: ReadonlySet<string>, names: Names): void;
}
