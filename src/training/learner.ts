import type { Value } from '../graph/value.ts';
import { mul } from '../ops/elementwise/binary.ts';
import type { Node } from '../ops/operator.ts';
import { clipFactor } from './clip.ts';
import { differentiate } from './differentiate.ts';
import { endUnlessFinite } from './ops/endUnlessFinite.ts';
import { accumulate, assign, average as averageOp, clear } from './ops/update.ts';
import { averageOf, gatheredOf, type Kind, numbersName, type Recipe, type Result, SCALE, slotName } from './recipe.ts';
import { filled } from './rules/shaping.ts';
import { type State, zeroState } from './states.ts';
import { Tape } from './tape.ts';

/** Collects the nodes of a program, in execution order. */
export class Learner {
  readonly nodes: Node[] = [];
  /** States under the names that they have once they are written: nothing else reads them, so that they have to be outputs. */
  readonly written: Value[] = [];
  readonly results: [Result, Value][] = [];
  readonly scale: Value = { name: SCALE, type: 'float32', dims: [1] };
  /** What the optimizer reads in a step, by how many updates were missed. */
  readonly numbers = new Map<number, Value>();
  readonly #recipe: Recipe;

  constructor(recipe: Recipe) {
    this.#recipe = recipe;
  }

  forward(nodes: readonly Node[], target: Value, labels: Value): void {
    const { loss, correct } = this.#write('loss', (tape) => this.#recipe.loss.write(tape, target, labels), nodes);
    this.results.push(['loss', loss]);
    if (correct) this.results.push(['correct', correct]);
  }

  /** The backward pass, and what follows it. @param statistics what running statistics become */
  backward(kind: Kind, statistics: ReadonlyMap<Value, Value>): void {
    const [[, loss]] = this.results as [[Result, Value]];
    const learning = this.#learning();
    const { nodes, gradients } = differentiate(
      this.nodes,
      new Map([[loss, filled(1)]]),
      learning.map(({ value }) => value),
    );
    const kept = this.results.map(([, value]) => value);
    this.nodes.push(...(this.#recipe.recompute?.(this.nodes, nodes, kept) ?? nodes));
    // What follows writes states: not if the loss is no number.
    this.results[0] = ['loss', this.#write('loss', (tape) => tape.add(endUnlessFinite, [loss], {}))];
    for (const [state, made] of statistics) this.#writeState(state, (tape) => [tape.add(assign, [state, made], {})]);
    const made = learning.flatMap((state): [State, Value][] => {
      const gradient = gradients.get(state.value);
      return gradient ? [[state, gradient]] : [];
    });
    if (kind === 'step') this.#update(made);
    else
      for (const [{ value }, gradient] of made)
        this.#writeState(value, (tape) => [tape.add(accumulate, [gatheredOf(value), gradient, this.scale], {})]);
  }

  /** The update from gathered gradients, which are then 0 again. */
  updateGathered(): void {
    this.#update(
      this.#learning().map((state) => [
        state,
        this.#write(state.value.name, (tape) => tape.add(mul, [gatheredOf(state.value), this.scale], {})),
      ]),
    );
    for (const { value } of this.#learning()) this.#writeState(value, (tape) => [tape.add(clear, [gatheredOf(value)], {})]);
  }

  #update(gradients: readonly (readonly [State, Value])[]): void {
    const { optimizer, clip, average } = this.#recipe;
    let factor: Value | undefined;
    if (clip !== undefined && gradients.length > 0) {
      const clipped = this.#write('clip', (tape) =>
        clipFactor(
          tape,
          gradients.map(([, gradient]) => gradient),
          clip,
        ),
      );
      factor = clipped.factor;
      this.results.push(['norm', clipped.norm]);
    }
    for (const [{ value, decays }, gradient] of gradients) {
      const slots = optimizer.slots.map((slot) => zeroState(slotName(slot, value.name), value.dims));
      this.#writeState(value, (tape) => {
        const states = optimizer.update(
          tape,
          { weight: value, gradient, slots, decays: decays || optimizer.decaysAll },
          this.#numbersOf(value.name),
          factor,
        );
        return average === undefined
          ? states
          : [...states, tape.add(averageOp, [averageOf(value), states[0], filled(1 - average, [1])], {})];
      });
    }
  }

  #numbersOf(state: string): Value {
    const missed = this.#recipe.missed(state);
    const numbers = this.numbers.get(missed) ?? { name: numbersName(missed), type: 'float32', dims: [this.#recipe.optimizer.size] };
    this.numbers.set(missed, numbers);
    return numbers;
  }

  #learning(): State[] {
    const { states, trains } = this.#recipe;
    return [...states.values()].filter(({ learned, value }) => learned && trains(value.name));
  }

  #write<T>(name: string, write: (tape: Tape) => T, before: readonly Node[] = []): T {
    const tape = new Tape(new Set());
    tape.begin(name);
    const made = write(tape);
    this.nodes.push(...before, ...tape.nodes);
    return made;
  }

  #writeState({ name }: Value, write: (tape: Tape) => readonly Value[]): void {
    this.written.push(...this.#write(name, write));
  }
}
