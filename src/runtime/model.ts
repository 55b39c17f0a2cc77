import { checkAborted, unlessAborted } from '../abort.ts';
import { checkOptions, invalidInput, shown } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { outside } from '../graph/face.ts';
import { copyOf, formatDims, Tensor, type TypedArray } from '../graph/tensor.ts';
import { kernelOf } from '../plan/instructions.ts';
import type { Plan, Port, Step } from '../plan/plan.ts';
import type { AbortSignalLike, Disposing } from '../platform.ts';
import { Engine } from './engine.ts';
import { checkFeeds, copied, isTensor, tensorsOf } from './feeds.ts';
import type { MemoryUse, Runner } from './memory.ts';
import {
  checkFits,
  copyInto,
  type RunOptions,
  type RunSyncOptions,
  runChecks,
  runSyncChecks,
  type Wanted,
  wantedOf,
  withOneNaN,
} from './outputs.ts';
import type { Fed, Feed, Feeds, ModelInput, ModelOutput, Outputs, PlanSource } from './ports.ts';
import { type Held, type Request, type Running, recent } from './running.ts';
import type { Variant } from './wasm.ts';

export type { Feed, Feeds, ModelInput, ModelOutput, Outputs } from './ports.ts';

/** Without the option `outputs`. */
type All = { readonly outputs?: undefined };

/** One row of a profile. */
export interface ProfileRow {
  /** The name of the node, the last of those that the instruction does at once. */
  readonly node: string;
  /** The kernel that ran. */
  readonly kernel: string;
  /** Milliseconds. */
  readonly ms: number;
  /** Multiply-accumulates; 0 for what has none. */
  readonly macs: number;
}

/**
 * The binary that runs a model, and where: by default on this thread.
 * @internal
 */
export interface Binary {
  readonly module: WebAssembly.Module;
  readonly variant: Variant;
  readonly runner?: Runner | undefined;
}

/** Engines that have no Symbol.dispose get a method that nobody can call. */
const dispose: typeof Symbol.dispose = Symbol.dispose ?? Symbol();

// biome-ignore lint/correctness/noUnusedVariables: the class has it, and both have to.
export interface Model<N extends string = string> extends Disposing {}

/**
 * A network in memory, ready to run: what `load` and `compile` give. `using model = await load(...)` disposes of it at the
 * end of the block. `N`: the names of its outputs, where they are known.
 * @example
 * import { load } from 'lanewise';
 *
 * const model = await load('model.onnx', { threads: 'auto' });
 * for (const { name, type, dims } of model.inputs) console.log(name, type, dims);
 * console.log(model.memory.total, model.warnings);
 *
 * const named = await load<'output'>('model.onnx');
 * const { output } = await named.run(new Float32Array(3 * 32 * 32)); // a Tensor, also under noUncheckedIndexedAccess
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: it has what the interface says, for which TypeScript's lib may have no name.
export class Model<N extends string = string> {
  /** Names, types and shapes of what `run` takes. */
  readonly inputs: readonly ModelInput[];
  /** Names, types and shapes of what `run` gives. */
  readonly outputs: readonly ModelOutput[];
  /** Warnings about the model, a sentence each; mostly none. */
  readonly warnings: readonly string[];
  /** Which binary runs it. */
  readonly variant: Variant;
  /** How many threads run it. */
  readonly threads: number;
  readonly #source: PlanSource;
  readonly #plans = new Map<string, Plan>();
  #engine: Engine | undefined;
  /** Set during a run, which a custom operator could interrupt by another. */
  #running = false;
  /** The last of the runs on the team that were requested: they take turns. It never rejects. */
  #last: Promise<void> | undefined;
  readonly #onTeam: boolean;

  /**
   * @param dims the shapes to plan for at once, if all are known; else the first run plans
   * @internal
   */
  constructor(source: PlanSource, { module, variant, runner }: Binary, dims: ReadonlyMap<string, readonly number[]> | undefined) {
    this.#source = source;
    this.inputs = source.inputs;
    this.outputs = source.outputs;
    this.warnings = source.warnings ?? [];
    this.variant = variant;
    this.threads = runner?.count ?? 1;
    this.#onTeam = runner !== undefined;
    this.#engine = new Engine(module, runner);
    if (dims && source.shapingInputs.size === 0) this.#engine.use(this.#planOf(dims, new Map()));
  }

  /**
   * Bytes of linear memory, exact, known before the first run if the input shapes are. If only a run tells what else runs:
   * what the last one took.
   */
  get memory(): MemoryUse {
    return this.#alive().memory;
  }

  /**
   * Runs the network. With threads this thread stays free, and runs that are requested meanwhile wait for their turn;
   * without, it blocks.
   * @param feeds a tensor for each input, row-major in ONNX's order of dimensions (NCHW); they are read before this returns.
   *   If the shape of an input is known but for the batch, its elements are enough; a model of one input also takes them alone
   * @param options `signal` ends the run; `outputs` says which outputs to give, and what to fill with them
   * @returns a tensor for each output; they are the caller's
   * @throws LanewiseError INVALID_INPUT; TOO_LARGE; DISPOSED, also if the model is disposed of meanwhile; UNSUPPORTED if the
   *   model cannot run at these shapes; OPERATOR_FAILED if a custom operator throws; ABORTED; WORKER_FAILED; for new input
   *   shapes FILE_NOT_FOUND and INVALID_FILE if the model's file, which is read again, is gone or has changed
   * @example
   * const { logits } = await model.run({ input: new Tensor(pixels, [1, 3, 224, 224]) });
   * const { mask } = await model.run({ input: pixels }, { outputs: ['mask'] }); // computes no other output
   */
  run<T extends Held = Tensor>(feeds: Fed, options?: RunOptions<N> & All): Promise<Outputs<T, N>>;
  run<K extends N>(feeds: Fed, options: RunOptions<K>): Promise<Outputs<Tensor, K>>;
  run<T extends Held>(feeds: Fed, options: RunOptions<N>): Promise<Outputs<T, N>>;
  // ReturnType sees the last overload.
  run(feeds: Fed, options?: RunOptions<N>): Promise<Outputs<Tensor, N>>;
  async run(feeds: Fed, options: RunOptions = {}): Promise<Outputs> {
    checkOptions('run', options, runChecks);
    const { signal, outputs } = options;
    checkAborted(signal);
    if (!this.#onTeam) return this.runSync(feeds, { outputs: outputs as readonly N[] });
    this.#alive();
    const wanted = wantedOf(outputs, this.outputs);
    const before = this.#last;
    // Late nodes read them later.
    const checked = before || this.#source.finish ? copied(this.#check(feeds)) : this.#check(feeds);
    let end = () => {};
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    const last = Promise.allSettled([before, ended]).then(() => {
      if (this.#last === last) this.#last = undefined;
    });
    this.#last = last;
    let begun = false;
    try {
      if (before) await unlessAborted(before, signal);
      begun = true;
      // Nobody else waits for it, and it is awaited: else stacks of its errors would not lead to the caller.
      return await this.#runOnTeam(checked, wanted, signal);
    } finally {
      end();
      // At once, because the caller may go on before `last` ends.
      if (begun && this.#last === last) this.#last = undefined;
    }
  }

  /** As `run`, and blocks until it is done. */
  runSync<T extends Held = Tensor>(feeds: Fed, options?: RunSyncOptions<N> & All): Outputs<T, N>;
  runSync<K extends N>(feeds: Fed, options: RunSyncOptions<K>): Outputs<Tensor, K>;
  runSync<T extends Held>(feeds: Fed, options: RunSyncOptions<N>): Outputs<T, N>;
  runSync(feeds: Fed, options?: RunSyncOptions<N>): Outputs<Tensor, N>;
  runSync(feeds: Fed, options?: RunSyncOptions): Outputs {
    if (options !== undefined) checkOptions('runSync', options, runSyncChecks);
    return this.#run(feeds, (engine) => engine.run(), wantedOf(options?.outputs, this.outputs));
  }

  /**
   * Says that models have `run`.
   * @deprecated `await model.run({ input: tensor })`
   * @throws LanewiseError UNSUPPORTED
   */
  predict(): never {
    throw new LanewiseError(
      'UNSUPPORTED',
      `models have no predict(): const outputs = await model.run({ ${this.inputs[0]?.name}: tensor })`,
    );
  }

  /**
   * The place of an input, or of a float32 output, in the model's memory: fill it or read it there, without a copy. A view
   * belongs to the plan of the last run (before it, of the shapes that `load` was given): as soon as the model runs for inputs
   * of other shapes, or for other outputs, or is disposed of, its `data` throws, and arrays that were taken from it before are
   * empty (where threads share the memory, they no longer show the view: take `data` anew). An input has to be filled before
   * every run, because a run uses its place; an output is there until an input is filled or the next run begins.
   * @returns an input in the type that the model computes in: float32 for float16
   * @throws LanewiseError INVALID_INPUT for other names and types, before a first run if the shapes are open, and during a
   *   run; UNSUPPORTED if a worker has the memory; DISPOSED
   * @example
   * const input = model.view('input');
   * const logits = model.view('logits');
   * toTensor(picture, imagenet, { into: input });
   * model.runSync({ input }, { outputs: { logits } }); // copies neither
   */
  view(name: string): Tensor {
    const engine = this.#idle();
    // With control flow, the current plan is one of many.
    const plan = this.#source.finish ? undefined : engine.plan;
    const own = (ports: readonly Port[] | undefined) => ports?.find((port) => port.name === name);
    const float = this.outputs.some((output) => output.name === name && output.type === 'float32');
    const port = own(plan?.inputs) ?? (float ? own(plan?.outputs) : undefined);
    if (!port) {
      throw invalidInput(
        `the model has no view of ${shown(name)}: inputs and float32 outputs of the last run have one, except in models with control flow, or shapes that only a run tells`,
      );
    }
    const data = () => {
      if (this.#alive().plan !== plan) {
        throw invalidInput(`the view of '${name}' is of a run with other shapes or outputs: take it anew, after a run with these`);
      }
      return engine.lend(port);
    };
    if (plan?.outputs.includes(port)) {
      engine.viewed.add(port);
      withOneNaN(data());
    }
    const view = new Tensor(port.type, data() as never, port.dims);
    return Object.defineProperty(view, 'data', { get: data });
  }

  /** Runs the network step by step and times each. */
  profile(feeds: Feeds<Feed>): ProfileRow[] {
    const rows: ProfileRow[] = [];
    this.timeSteps(feeds, (step, ms) => {
      rows.push({ node: step.node, kernel: kernelOf(step), ms, macs: step.macs ?? 0 });
    });
    return rows;
  }

  /**
   * As `profile`, with what the plan knows of each step. Steps that a loop runs many times have one time.
   * @internal
   */
  timeSteps(feeds: Feeds<Feed>, each: (step: Step, ms: number) => void): void {
    const times = new Map<Step, number>();
    this.#run(feeds, (engine, plan) => {
      for (const [i, ms] of engine.profile().entries()) times.set(plan.steps[i] as Step, (times.get(plan.steps[i] as Step) ?? 0) + ms);
    });
    for (const [step, ms] of times) each(step, ms);
  }

  /**
   * Releases the memory. Later calls throw DISPOSED, and so do runs that threads have not finished; a run on this thread (a
   * custom operator may call this) finishes.
   */
  dispose(): void {
    this.#engine?.dispose();
    this.#engine = undefined;
    this.#plans.clear();
  }

  /** @internal */
  [dispose](): void {
    this.dispose();
  }

  #run(feeds: Fed, execute: (engine: Engine, plan: Plan) => void, wanted?: Wanted): Outputs {
    const engine = this.#idle();
    this.#running = true;
    try {
      const next = this.#begin(this.#check(feeds), wanted);
      let asked = next([]);
      for (let first = true; !asked.done; first = false) {
        const { plan, feeds, into } = asked.value;
        prepare(engine, plan, feeds, first);
        execute(engine, plan);
        asked = next(plan.outputs.map((port, i) => engine.readSync(port, into?.[i])));
      }
      return asked.value;
    } finally {
      this.#running = false;
    }
  }

  #idle(): Engine {
    const engine = this.#alive();
    if (this.#running) throw invalidInput('the model is running: its operators cannot run it again');
    if (this.#last) throw invalidInput('the model is running: await what run() gives first');
    return engine;
  }

  async #runOnTeam(checked: ReadonlyMap<string, Held>, wanted: Wanted | undefined, signal: AbortSignalLike | undefined): Promise<Outputs> {
    checkAborted(signal);
    const next = this.#begin(checked, wanted);
    let asked = next([]);
    for (let first = true; !asked.done; first = false) {
      checkAborted(signal);
      const engine = this.#alive();
      const { plan, feeds, into } = asked.value;
      prepare(engine, plan, feeds, first);
      const stop = () => engine.stop();
      signal?.addEventListener('abort', stop);
      let data: TypedArray[];
      try {
        await engine.runAsync();
        checkAborted(signal);
        this.#alive();
        data = await Promise.all(plan.outputs.map((port, i) => engine.read(port, into?.[i])));
      } catch (error) {
        // Errors due to disposal say so.
        this.#alive();
        throw error;
      } finally {
        signal?.removeEventListener('abort', stop);
      }
      this.#alive();
      asked = next(data);
    }
    return asked.value;
  }

  /** A run, program by program, wherever they run. */
  #begin(
    checked: ReadonlyMap<string, Held>,
    wanted: Wanted | undefined,
  ): (data: readonly TypedArray[]) => IteratorResult<Request, Outputs> {
    const programs = this.#programs(checked, wanted);
    return (data) => this.#blamingInputs(checked, () => programs.next(data));
  }

  *#programs(checked: ReadonlyMap<string, Held>, wanted: Wanted | undefined): Running<Outputs> {
    const plan = this.#planFor(tensorsOf(checked), wanted);
    const into =
      wanted &&
      plan.outputs.map((port) => {
        const target = wanted.get(port.name);
        if (target) checkFits(port.name, target, port.dims);
        // Not where late nodes read it, to which the caller may write meanwhile, nor in the place of what is yet to be read.
        return target?.type !== port.type || plan.late || this.#alive().holds(target, plan, port) ? undefined : target;
      });
    const data = yield { plan, feeds: plan.inputs.map(({ name }) => checked.get(name) as Tensor), into };
    const values = new Map<string, Held>(checked);
    plan.outputs.forEach(({ name, dims, type }, i) => void values.set(name, new Tensor(type, data[i] as never, dims)));
    if (plan.late) yield* this.#source.finish?.(plan.late, values) ?? [];
    const outputs = wanted ? this.outputs.filter(({ name }) => wanted.has(name)) : this.outputs;
    return Object.fromEntries(
      outputs.map(({ name, type }) => {
        const own = (tensor: Tensor) => {
          withOneNaN(tensor.data as TypedArray);
          return outside(tensor, type, this.#source.narrow);
        };
        const held = values.get(name) as Held;
        const made = (held && (isTensor(held) ? own(held) : held.map(own))) as Tensor;
        const target = wanted?.get(name);
        if (!target) return [name, made];
        if (!into?.includes(target)) {
          checkFits(name, target, made.dims, made.type);
          copyInto(target, made.data as TypedArray);
        }
        return [name, target];
      }),
    );
  }

  /** If a model that was fine so far fails, its inputs are to blame. */
  #blamingInputs<T>(values: ReadonlyMap<string, Held>, action: () => T): T {
    try {
      return action();
    } catch (cause) {
      if (!(cause instanceof LanewiseError) || cause.code !== 'INVALID_MODEL') throw cause;
      const shapes = [...tensorsOf(values)].map(([name, { dims }]) => `'${name}' ${formatDims(dims)}`).join(', ');
      throw new LanewiseError('INVALID_INPUT', `the model does not take inputs of these shapes (${shapes}): ${cause.message}`, { cause });
    }
  }

  #alive(): Engine {
    if (!this.#engine) throw new LanewiseError('DISPOSED', 'the model was disposed of');
    return this.#engine;
  }

  #check(fed: Fed): Map<string, Held> {
    return checkFeeds(fed, this.inputs, this.#source.unreadInputs, this.#source.narrow);
  }

  #planFor(tensors: ReadonlyMap<string, Tensor>, wanted?: Wanted): Plan {
    const dims = new Map([...tensors].map(([name, tensor]) => [name, tensor.dims]));
    // Copied, because the plan outlives the call.
    const shaping = [...tensors].filter(([name]) => this.#source.shapingInputs.has(name));
    const values = new Map(shaping.map(([name, tensor]) => [name, copyOf(tensor)]));
    return this.#planOf(dims, values, wanted && wanted.size < this.outputs.length ? wanted : undefined);
  }

  #planOf(dims: ReadonlyMap<string, readonly number[]>, values: ReadonlyMap<string, Tensor>, wanted?: Wanted): Plan {
    const shapes = [...dims].map(([name, list]) => `${name}:${list}`).join(';');
    const set = wanted ? this.outputs.map(({ name }) => Number(wanted.has(name))).join('') : '';
    const key = `${set}|${shapes}|${[...values].map(([name, { data }]) => `${name}:${data}`).join(';')}`;
    return recent(this.#plans, key, () => this.#source.plan(dims, values, wanted && new Set(wanted.keys())));
  }
}

/** @param first whether it is the run's first */
function prepare(engine: Engine, plan: Plan, feeds: readonly Tensor[], first: boolean): void {
  // A view elsewhere in the memory would be lost before it is read.
  const own = feeds.map((feed, i) => (engine.holds(feed, plan, plan.inputs[i] as Port) ? copyOf(feed) : feed));
  engine.use(plan, !first);
  plan.inputs.forEach((port, i) => void engine.write(port, (own[i] as Tensor).data));
}
