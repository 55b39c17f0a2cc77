// The memory and the programs of a network that learns.

import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { TypedArray } from '../graph/tensor.ts';
import type { Value, ValueType } from '../graph/value.ts';
import type { Plan } from '../plan/plan.ts';
import { Engine } from '../runtime/engine.ts';
import type { MemoryUse } from '../runtime/memory.ts';
import type { Binary } from '../runtime/model.ts';
import { recent } from '../runtime/running.ts';
import { planInspection, planStates, planTraining, type TrainingPlan } from './plans.ts';
import { averageOf, gatheredOf, type Kind, LABELS, type Recipe, type Result, slotName } from './recipe.ts';
import { type State, zeroState } from './states.ts';

/** What a program is fed, by the names of its inputs, and the shapes that it is planned for. */
export interface StepFeeds {
  readonly dims: ReadonlyMap<string, readonly number[]>;
  readonly labels: ValueType;
  readonly data: ReadonlyMap<string, TypedArray>;
}

/** What a program gives: numbers by name. */
export type Results = Partial<Record<Result, number>>;

export class Core {
  readonly recipe: Recipe;
  readonly #engine: Engine;
  readonly #threaded: boolean;
  readonly #plans = new Map<string, TrainingPlan>();
  #states: Plan | undefined;
  #disposed = false;

  constructor(recipe: Recipe, { module, runner }: Binary) {
    this.recipe = recipe;
    this.#threaded = runner !== undefined;
    this.#engine = new Engine(module, runner);
  }

  get memory(): MemoryUse {
    return this.#engine.memory;
  }

  /** Makes the program of a kind the current one, so that its memory is known. */
  prepare(kind: Kind, fed: Omit<StepFeeds, 'data'>): void {
    this.#engine.use(this.#planFor(kind, fed).plan);
  }

  async run(kind: Kind, fed: StepFeeds): Promise<Results> {
    const { plan, results, target } = this.#planFor(kind, fed);
    this.#checkLabels(fed, target);
    await this.#execute(plan, fed.data);
    const values = await Promise.all(results.map((_, i) => this.#engine.read(plan.outputs[i] as Plan['outputs'][0])));
    return Object.fromEntries(results.map((name, i) => [name, Number(values[i]?.[0])]));
  }

  /** As `run` of a step, on this thread, but the states stay. @returns milliseconds of each instruction of its plan */
  profile(fed: StepFeeds): [Plan, number[]] {
    const { plan, target } = this.#planFor('step', fed);
    this.#checkLabels(fed, target);
    const states = this.#statesPlan().plan;
    this.#engine.use(states);
    const before = states.outputs.map((port) => this.#engine.readSync(port));
    this.#feed(plan, fed.data);
    const times = this.#engine.profile();
    this.#engine.use(states, true);
    for (const [i, port] of states.outputs.entries()) this.#engine.write(port, before[i] as TypedArray);
    return [plan, times];
  }

  /** The first node of the forward pass that makes a number that is not finite. */
  async firstNotFinite(fed: StepFeeds): Promise<string | undefined> {
    const { plan, nodes } = planInspection(this.recipe, fed.dims);
    await this.#execute(plan, fed.data);
    for (const [i, name] of nodes.entries()) {
      const data = (await this.#engine.read(plan.outputs[i] as Plan['outputs'][0])) as Float32Array;
      if (!data.every(Number.isFinite)) return name;
    }
    return undefined;
  }

  /** Copies of the states, by name: what learns, statistics, what optimizers keep. */
  async readStates(): Promise<Map<string, Value & { readonly data: Float32Array }>> {
    const { plan, values } = this.#statesPlan();
    this.#engine.use(plan, true);
    const data = await Promise.all(plan.outputs.map((port) => this.#engine.read(port)));
    return new Map(values.map((value, i) => [value.name, { ...value, data: data[i] as Float32Array }]));
  }

  /** Sets states by name; others stay. */
  writeStates(states: ReadonlyMap<string, Float32Array>): void {
    const { plan } = this.#statesPlan();
    this.#engine.use(plan, true);
    for (const port of plan.outputs) {
      const data = states.get(port.name);
      if (data) this.#engine.write(port, data);
    }
  }

  /** The states that there are now. */
  stateValues(): Value[] {
    const { states, keeps, optimizer, average, accumulates } = this.recipe;
    return [...states.values()].flatMap(({ value, learned }) => {
      const learns = keeps(value.name);
      return [
        value,
        ...(learns ? optimizer.slots.map((slot) => zeroState(slotName(slot, value.name), value.dims)) : []),
        ...(learns && accumulates ? [gatheredOf(value)] : []),
        ...(learned && average !== undefined ? [averageOf(value)] : []),
      ];
    });
  }

  /** Forgets the programs, because other weights learn now. @param frozen those that do no longer, whose gathered gradients would be old */
  retrain(frozen: readonly string[]): void {
    const old = this.recipe.accumulates ? frozen : [];
    if (old.length > 0) {
      const zeros = old.map((name) => gatheredOf((this.recipe.states.get(name) as State).value));
      this.writeStates(new Map(zeros.map(({ name, dims }) => [name, new Float32Array(product(dims))])));
    }
    this.#plans.clear();
    this.#states = undefined;
  }

  dispose(): void {
    this.#disposed = true;
    this.#engine.dispose();
  }

  #statesPlan(): { plan: Plan; values: Value[] } {
    const values = this.stateValues();
    this.#states ??= planStates(values, this.recipe.options);
    return { plan: this.#states, values };
  }

  #planFor(kind: Kind, { dims, labels }: Omit<StepFeeds, 'data'>): TrainingPlan {
    const key = JSON.stringify([kind, [...dims], labels.type, labels.dims]);
    return recent(this.#plans, key, () => planTraining(kind, this.recipe, dims, labels));
  }

  #checkLabels({ data }: StepFeeds, target: ValueType | undefined): void {
    const labels = data.get(LABELS) as ArrayLike<number> | undefined;
    if (target && labels) this.recipe.loss.checkLabels?.(labels, target);
  }

  #feed(plan: Plan, data: ReadonlyMap<string, TypedArray>): void {
    this.#engine.use(plan);
    for (const port of plan.inputs) this.#engine.write(port, data.get(port.name) as TypedArray);
  }

  async #execute(plan: Plan, data: ReadonlyMap<string, TypedArray>): Promise<void> {
    this.#feed(plan, data);
    if (this.#threaded) await this.#engine.runAsync();
    else this.#engine.run();
    if (this.#disposed) throw new LanewiseError('DISPOSED', 'the trainer was disposed of');
  }
}
