import { checkOptions, checkText, flagCheck, invalidInput, shown } from '../arguments.ts';
import { nodesFor } from '../compiler/compile.ts';
import type { OnnxOptions } from '../formats/onnx/writer.ts';
import type { Graph } from '../graph/graph.ts';
import { Tensor, type TypedArray } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import { createModel, initialDims, type LoadOptions, loadChecks, planSource } from '../load.ts';
import { kernelOf } from '../plan/instructions.ts';
import type { MemoryUse } from '../runtime/memory.ts';
import type { Binary, Model, ProfileRow } from '../runtime/model.ts';
import type { PlanSource } from '../runtime/ports.ts';
import { type Source, writeFile } from '../source.ts';
import { type Batches, batchesOf, checkedBatch, type Inputs, type Labels } from './batches.ts';
import { bound } from './bound.ts';
import { Core, type StepFeeds } from './core.ts';
import { type Example, exampleOf, usualLabels } from './examples.ts';
import { type EpochReport, type FitOptions, fitEpochs, type Learning } from './fit.ts';
import { repeated } from './losses.ts';
import { MEMORY_LIMIT, RATE, type TrainerOptions } from './options.ts';
import { numbersName, RANDOM, type Recipe, SCALE, slotName } from './recipe.ts';
import { type Evaluation, Means, type StepReport } from './report.ts';
import type { Position } from './saved.ts';
import { isRate } from './schedules.ts';
import { type State, statesOf } from './states.ts';
import { formatStates } from './summary.ts';
import { Turns } from './turns.ts';

/** What an update of gathered gradients is fed. */
const NOTHING: StepFeeds = { dims: new Map(), labels: { type: 'int32', dims: [] }, data: new Map() };

/**
 * What a trainer is made of.
 * @internal
 */
export interface Prepared extends Pick<Recipe, 'graph' | 'recompute'> {
  readonly options: TrainerOptions;
  readonly binary: Binary;
  /** @param learned the names of what learns */
  readonly warnings: (learned: readonly string[]) => readonly string[];
  /** Names of learned weights and of statistics, where layers say so. */
  readonly weights?: ReadonlySet<string> | undefined;
}

/**
 * A network that learns, in memory: what `trainer` gives.
 * @example
 * import { dense, flatten, input, model, relu } from 'lanewise/layers';
 * import { crossEntropy, sgd, trainer } from 'lanewise/train';
 *
 * const x = input([1, 8, 8]);
 * const net = model(x, dense(relu(dense(flatten(x), 32)), 10));
 * const t = await trainer(net, { loss: crossEntropy(), optimizer: sgd(), batch: 2 });
 * const { loss } = await t.step(new Float32Array(2 * 64).fill(0.5), [3, 7]);
 */
export class Trainer {
  /** Sentences about what will not go as one might expect; mostly none. */
  readonly warnings: readonly string[];
  /** How many threads run it. */
  readonly threads: number;
  readonly #graph: Graph;
  readonly #options: TrainerOptions;
  readonly #source: PlanSource;
  readonly #states: ReadonlyMap<string, State>;
  readonly #core: Core;
  /** What the loss depends on. */
  readonly #reached: ReadonlySet<string>;
  /** What shall learn, from the next call on. */
  #trained: ReadonlySet<string>;
  /** What learns in the call that has its turn. */
  #learning: ReadonlySet<string>;
  /** The updates of each weight that learns or has learned before, so that the optimizer keeps something for it. */
  readonly #updates = new Map<string, number>();
  #position: Position = { epoch: 0, batch: 0, step: 0, gathered: 0, batches: 0 };
  readonly #turns = new Turns();
  #fits = false;

  /** @internal */
  constructor({ graph, options, binary, warnings, recompute, weights }: Prepared) {
    const { batch = 32, memoryLimit = MEMORY_LIMIT, operators, winograd, inputShapes, output = graph.outputs[0]?.name ?? '' } = options;
    if (!graph.outputs.some(({ name }) => name === output)) {
      throw invalidInput(`the network has no output '${output}'; it has ${graph.outputs.map(({ name }) => `'${name}'`).join(', ')}`);
    }
    const dims = initialDims(graph, { inputShapes }, batch);
    if (!dims) throw invalidInput('the network leaves dimensions of its inputs open: say their shapes in the option inputShapes');
    this.#graph = graph;
    this.#options = options;
    this.threads = binary.runner?.count ?? 1;
    this.#source = planSource(graph, { operators, inputShapes });
    const { network, names } = bound(graph, output, { dims, operators, memoryLimit });
    this.#states = statesOf(network.nodes, weights);
    const recipe: Recipe = {
      ...options,
      graph,
      output,
      recompute,
      states: this.#states,
      accumulates: (options.accumulate ?? 1) > 1,
      trains: (name) => this.#learning.has(name),
      keeps: (name) => this.#updates.has(name),
      missed: (name) => this.#missed(name),
      options: { operators, memoryLimit, winograd, threads: this.threads },
    };
    const target = network.outputs[names.indexOf(output)] as Value;
    this.#reached = new Set(nodesFor([target], network.nodes).flatMap(({ inputs }) => inputs.map((value) => value?.name ?? '')));
    this.#trained = this.#named(options.train ?? [''], 'option train');
    this.#learning = this.#learn(this.#learns());
    this.#core = new Core(recipe, binary);
    const twice = repeated(options.loss, network.nodes, target);
    const learned = [...this.#states].filter(([, state]) => state.learned).map(([name]) => name);
    this.warnings = [...warnings(learned), ...(twice ? [twice] : [])];
    const labels = usualLabels(options.loss, target);
    if (recipe.accumulates) this.#core.prepare('update', NOTHING);
    if (labels) this.#core.prepare(recipe.accumulates ? 'gather' : 'step', { dims, labels });
  }

  /** Bytes of linear memory, known before the first step: `weights` has what stays between steps, optimizer and all. */
  get memory(): MemoryUse {
    return this.#core.memory;
  }

  /** How far it is: epochs and steps that are done, and batches of the epoch that has begun. */
  get position(): { readonly epoch: number; readonly batch: number; readonly step: number } {
    const { epoch, batch, step } = this.#position;
    return { epoch, batch, step };
  }

  /**
   * One step: forward, backward, update, in one call into WebAssembly; with threads this thread stays free. With `accumulate` every
   * so many steps update, by the mean of all their examples. If the loss is no finite number, nothing is updated.
   * @param inputs tensors by name; for a network of one input that tensor, or its elements
   * @param labels classes, whole numbers, or a Tensor as the loss takes it
   * @param rate the learning rate. Default: the option `rate`
   * @throws LanewiseError INVALID_INPUT for inputs and labels that do not fit; DISPOSED; WORKER_FAILED
   * @example
   * const { loss, accuracy } = await t.step({ input: pictures }, [3, 8, 8, 0]);
   */
  async step(inputs: Inputs, labels: Labels, rate = this.#options.rate ?? RATE): Promise<StepReport> {
    if (!isRate(rate)) throw invalidInput(`step takes a rate, a number from 0 on, got ${shown(rate)}`);
    const { data, ...fed } = this.#fed(inputs, labels);
    // Copies, because callers may fill their arrays anew while the step waits for its turn.
    const own = { ...fed, data: new Map([...data].map(([name, numbers]) => [name, numbers.slice()])) };
    return this.#turns.take(() => this.#step(own, rate));
  }

  /**
   * Loss and accuracy as in inference: batch-norms take their running statistics, dropout drops nothing; averaged weights if the
   * option `average` is set.
   * @param batches as `fit` takes them
   * @throws LanewiseError as `step`; INVALID_INPUT if there are no batches
   * @example
   * const { loss, accuracy } = await t.evaluate([[pictures, [3, 8, 8, 0]]]);
   */
  async evaluate(batches: Batches): Promise<Evaluation> {
    const means = new Means();
    let count = 0;
    for await (const batch of batchesOf(batches, 0)) {
      count++;
      const fed = this.#fed(...checkedBatch(batch));
      const { loss = Number.NaN, correct } = await this.#turns.take(() => this.#core.run('evaluate', fed));
      means.add({ loss, ...(correct !== undefined && { accuracy: correct / fed.answers }) }, fed);
    }
    if (count === 0) throw invalidInput('evaluate got no batches');
    return means.result;
  }

  /**
   * Learns for some epochs, from where the trainer is: after `resume` or an abort it goes on with the next batch, and gives the same
   * bits as without.
   * @param batches a list of [inputs, labels], or a function that gives one for an epoch, such as `inBatches`
   * @param options epochs in all, schedule, validation, who is told, a signal
   * @returns a report of each epoch
   * @throws LanewiseError NOT_FINITE if the loss is NaN or infinite, naming the step and the layer; ABORTED; as `step`; and what
   *   batches, `onStep` and `onEpoch` throw
   * @example
   * const reports = await t.fit(batches, { epochs: 30, schedule: cosine(0.1, { warmup: 2 }), validation: tests });
   */
  async fit(batches: Batches, options: FitOptions): Promise<EpochReport[]> {
    this.#turns.check();
    if (this.#fits) throw invalidInput('fit is running: await it before the next');
    this.#fits = true;
    try {
      return await fitEpochs(this.#forFit(), this.#position, batches, options);
    } finally {
      this.#fits = false;
    }
  }

  /**
   * What stays between steps, by name: weights, statistics, what the optimizer keeps, averages.
   * @internal
   */
  async states(): Promise<Map<string, { readonly dims: readonly number[]; readonly data: Float32Array }>> {
    return this.#turns.take(() => this.#core.readStates());
  }

  /**
   * The weights as they are now, by name, statistics included; averaged ones if the option `average` is set.
   * @param options `average: false` gives those that learn
   * @example
   * await network.loadWeights(await t.weights());
   */
  async weights(options: { readonly average?: boolean } = {}): Promise<Map<string, Tensor<'float32'>>> {
    checkOptions('weights', options, { average: flagCheck });
    const { average = true } = options;
    const states = await this.states();
    return new Map(
      [...this.#states].map(([name, { value, learned }]) => {
        const { data } = ((average && learned && states.get(slotName('average', name))) || states.get(name)) as { data: Float32Array };
        return [name, new Tensor('float32', data, value.dims)];
      }),
    );
  }

  /**
   * The trained network as a model that runs.
   * @param options those of `load`, except those about files
   * @throws LanewiseError as `load` does
   * @example
   * const model = await t.model({ threads: 'auto' });
   */
  async model(options: Omit<LoadOptions, 'externalData' | 'onProgress'> = {}): Promise<Model> {
    checkOptions('model', options, loadChecks);
    const operators = [...new Set([...(this.#options.operators ?? []), ...(options.operators ?? [])])];
    return createModel(await this.#trainedGraph(), { ...options, operators });
  }

  /**
   * The trained network as an ONNX file.
   * @param options float16 weights, the producer's name
   * @throws LanewiseError INVALID_INPUT for options that make no sense; TOO_LARGE
   * @example
   * const file = await t.toONNX();
   * const model = await load(file);
   */
  async toONNX(options: OnnxOptions = {}): Promise<Uint8Array> {
    const { writeOnnx } = await import('../formats/onnx/writer.ts');
    return writeOnnx(await this.#trainedGraph(), options);
  }

  /**
   * Everything that goes on from here needs, as a safetensors file: weights under their names, what the optimizer keeps, averages,
   * the position.
   * @param path to write it there, in Node
   * @example
   * const file = await t.save();
   * const later = await trainer(network, { loss, optimizer, resume: file });
   */
  async save(path?: string): Promise<Uint8Array> {
    if (path !== undefined) checkText('the path of save', path);
    const { saved } = await import('./saved.ts');
    const bytes = saved(await this.states(), this.#position, this.#updates);
    if (path !== undefined) await writeFile(path, bytes);
    return bytes;
  }

  /**
   * Goes on from a file that `save` wrote.
   * @throws LanewiseError INVALID_INPUT if it does not fit the network and the optimizer; the errors of reading files
   * @internal
   */
  async restore(source: Source): Promise<void> {
    const { openSaved } = await import('./saved.ts');
    const { states, position, updates } = await openSaved(source, (names) => {
      // What is frozen now may have learned before.
      for (const name of this.#reached)
        if (this.#options.optimizer.slots.some((slot) => names.has(slotName(slot, name)))) this.#updates.set(name, 0);
      return this.#core.stateValues();
    });
    await this.#turns.take(async () => {
      this.#core.writeStates(states);
      this.#core.retrain([...this.#updates.keys()].filter((name) => !this.#learning.has(name)));
    });
    Object.assign(this.#position, position);
    for (const name of this.#updates.keys()) this.#updates.set(name, updates.get(name) ?? position.step);
  }

  /**
   * What learns stops to: its gradients are not computed any more. Statistics of batch-norms run on.
   * @param prefixes beginnings of names, as `summary` lists them
   * @throws LanewiseError INVALID_INPUT if nothing has that name
   * @example
   * t.freeze('features.'); // transfer learning: the classifier alone learns
   */
  freeze(...prefixes: readonly string[]): void {
    const frozen = this.#named(prefixes, 'freeze');
    this.#retrain(new Set([...this.#trained].filter((name) => !frozen.has(name))));
  }

  /**
   * The opposite of `freeze`.
   * @param prefixes beginnings of names
   * @throws LanewiseError INVALID_INPUT if nothing has that name
   * @example
   * t.unfreeze('features.'); // fine-tuning: all of it learns
   */
  unfreeze(...prefixes: readonly string[]): void {
    this.#retrain(new Set([...this.#trained, ...this.#named(prefixes, 'unfreeze')]));
  }

  /**
   * A table of what learns: names, shapes, numbers, and what is frozen.
   * @example
   * console.log(t.summary());
   */
  summary(): string {
    return formatStates([...this.#states.values()], this.#learns());
  }

  /**
   * Runs one step on this thread, instruction by instruction, and times each. Nothing learns by it.
   * @param inputs as for `step`
   * @param labels as for `step`
   * @returns a row of each instruction: the layer, the kernel, milliseconds, multiply-accumulates
   * @throws LanewiseError UNSUPPORTED if a worker has the memory; INVALID_INPUT while another call runs; as `step`
   * @example
   * const rows = t.profile(pictures, [3, 8, 8, 0]);
   */
  profile(inputs: Inputs, labels: Labels): ProfileRow[] {
    if (this.#turns.busy) throw invalidInput('the trainer is running: await what was called before');
    const [plan, times] = this.#core.profile(this.#numbers(this.#fed(inputs, labels), 0));
    return plan.steps.map((step, i) => ({ node: step.node, kernel: kernelOf(step), ms: times[i] as number, macs: step.macs ?? 0 }));
  }

  /**
   * Releases the memory. Later calls throw DISPOSED.
   * @example
   * t.dispose();
   */
  dispose(): void {
    this.#turns.end();
    this.#core.dispose();
  }

  async #trainedGraph(): Promise<Graph> {
    const { withWeights } = await import('./trained.ts');
    return withWeights(this.#graph, await this.weights());
  }

  /** This trainer, as `fit` sees it. */
  #forFit(): Learning {
    const { rate = RATE } = this.#options;
    return {
      rate,
      evaluate: (batches) => this.evaluate(batches),
      learn: async (inputs, labels, rate) => {
        const fed = this.#fed(inputs, labels);
        return [await this.#turns.take(() => this.#step(fed, rate)), fed];
      },
      flush: async (rate) => {
        const { gathered } = this.#position;
        if (gathered > 0) await this.#turns.take(() => this.#update(rate));
      },
      blame: async (inputs, labels) => {
        const fed = this.#fed(inputs, labels);
        const { blame } = await import('./blame.ts');
        return blame(fed, await this.states(), () => this.#turns.take(() => this.#core.firstNotFinite(this.#numbers(fed, 0))));
      },
    };
  }

  async #step(fed: Example, rate: number): Promise<StepReport> {
    const position = this.#position;
    const { accumulate = 1 } = this.#options;
    const results = await this.#core.run(accumulate > 1 ? 'gather' : 'step', this.#numbers(fed, rate, fed.examples));
    if (Number.isFinite(results.loss)) {
      if (accumulate > 1) {
        position.gathered += fed.examples;
        position.batches++;
        if (position.batches >= accumulate) await this.#update(rate);
      } else this.#count();
    }
    const { loss = Number.NaN, correct, norm } = results;
    return { loss, ...(correct !== undefined && { accuracy: correct / fed.answers }), ...(norm !== undefined && { norm }) };
  }

  /** Updates by the gathered gradients: their mean over all examples. */
  async #update(rate: number): Promise<void> {
    const position = this.#position;
    await this.#core.run('update', this.#numbers(NOTHING, rate, 1 / position.gathered));
    Object.assign(position, { gathered: 0, batches: 0 });
    this.#count();
  }

  /** Counts an update. */
  #count(): void {
    this.#position.step++;
    for (const name of this.#learning) this.#updates.set(name, (this.#updates.get(name) ?? 0) + 1);
  }

  /** Updates that a weight was frozen for. */
  #missed(name: string): number {
    return this.#position.step - (this.#updates.get(name) ?? 0);
  }

  /** With what the programs are fed beside the batch. */
  #numbers(fed: StepFeeds, rate: number, scale = 1): StepFeeds {
    const { seed = 0, optimizer, accumulate = 1 } = this.#options;
    const { step, batches } = this.#position;
    const halves = (value: number) => [value | 0, Math.floor(value / 2 ** 32) | 0];
    return {
      ...fed,
      data: new Map<string, TypedArray>([
        ...fed.data,
        [RANDOM, Int32Array.from([...halves(seed), ...halves(step * accumulate + batches)])],
        ...[...new Set([...this.#learning].map((name) => this.#missed(name)))].map((missed): [string, TypedArray] => [
          numbersName(missed),
          Float32Array.from(optimizer.numbers(rate, step - missed + 1)),
        ]),
        [SCALE, Float32Array.of(scale)],
      ]),
    };
  }

  #fed(inputs: Inputs, labels: Labels): Example {
    this.#turns.check();
    return exampleOf(this.#source, this.#options.loss, inputs, labels);
  }

  #named(prefixes: readonly string[], what: string): Set<string> {
    const names = [...this.#states].filter(([, { learned }]) => learned).map(([name]) => name);
    if (names.length === 0) throw invalidInput('the network has no weights, so that nothing learns');
    for (const prefix of prefixes) {
      if (typeof prefix !== 'string' || !names.some((name) => name.startsWith(prefix))) {
        throw invalidInput(`${what}: no weight has a name that begins with ${shown(prefix)}; the first is ${shown(names[0])}`);
      }
    }
    return new Set(names.filter((name) => prefixes.some((prefix) => name.startsWith(prefix))));
  }

  #retrain(trained: ReadonlySet<string>): void {
    this.#turns.check();
    this.#trained = trained;
    const learning = this.#learns();
    // Calls before are not concerned.
    const retrain = async () => {
      this.#core.retrain([...this.#learning].filter((name) => !learning.has(name)));
      this.#learning = this.#learn(learning);
    };
    this.#turns.take(retrain).catch(() => {});
  }

  /** Lets the optimizer keep something for them. */
  #learn(names: ReadonlySet<string>): ReadonlySet<string> {
    for (const name of names) this.#updates.set(name, this.#updates.get(name) ?? 0);
    return names;
  }

  #learns(): Set<string> {
    return new Set([...this.#trained].filter((name) => this.#reached.has(name)));
  }
}
