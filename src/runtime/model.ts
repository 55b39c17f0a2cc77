import { checkAborted, unlessAborted } from '../abort.ts';
import { checkOptions, isOptions, shown, signalCheck } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { checkDims } from '../graph/dims.ts';
import { inside, insideType, outside } from '../graph/face.ts';
import type { Dim } from '../graph/graph.ts';
import { formatDims, Tensor, type TensorType, type TypedArray } from '../graph/tensor.ts';
import { Engine, type MemoryUse, type Threads } from './engine.ts';
import { kernelOf, type Plan, type Step } from './plan.ts';
import type { Variant } from './wasm.ts';

/** Tensors by the names of a model's inputs. */
export type Feeds = Readonly<Record<string, Tensor>>;

/** What goes into a model. A dimension that the caller chooses is a name, '' where it has none. */
export interface ModelInput {
  readonly name: string;
  /** As the file says. What is float16 here, or float64 of a model that runs in float32 (`warnings`), takes float32 tensors as well, as they are. */
  readonly type: TensorType;
  readonly dims: readonly Dim[];
}

/** What comes out of a model; without dimensions where its file leaves them out. */
export interface ModelOutput {
  readonly name: string;
  readonly type: TensorType;
  readonly dims?: readonly Dim[];
}

/** Tensors by the names of a model's outputs. */
export type Outputs = Record<string, Tensor>;

/**
 * Where plans come from: the compiler.
 * @internal
 */
export interface PlanSource {
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  /** What is to be said of the model though it runs. */
  readonly warnings?: readonly string[];
  /** Whether inputs and outputs of float64 are float32 inside. */
  readonly narrow: boolean;
  /** The inputs whose elements the plan depends on. */
  readonly shapingInputs: ReadonlySet<string>;
  /** The inputs that nothing reads: they may be left out. */
  readonly unreadInputs: ReadonlySet<string>;
  plan(dims: ReadonlyMap<string, readonly number[]>, values: ReadonlyMap<string, Tensor>): Plan;
}

/** One row of a profile. */
export interface ProfileRow {
  readonly node: string;
  readonly kernel: string;
  readonly ms: number;
  readonly macs: number;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * The binary that runs a model, and who runs it: this thread where nobody is named.
 * @internal
 */
export interface Binary {
  readonly module: WebAssembly.Module;
  readonly variant: Variant;
  readonly threads?: Threads | undefined;
}

/** Plans kept for input shapes seen before. */
const MOST_PLANS = 8;

/** A network in memory, ready to run. */
export class Model {
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  /** What is to be known of the model though it runs, in a sentence each; mostly nothing. */
  readonly warnings: readonly string[];
  /** Which binary runs it. */
  readonly variant: Variant;
  /** How many threads run it. */
  readonly threads: number;
  readonly #source: PlanSource;
  readonly #plans = new Map<string, Plan>();
  #engine: Engine | undefined;
  /** While a run is on, which a custom operator could interrupt by another. */
  #running = false;
  /** The last of the runs on the team that were asked for: they take turns. It never fails. */
  #last: Promise<void> | undefined;
  readonly #onTeam: boolean;

  /**
   * @param dims the shapes to plan for at once, where all are known; else the first run does
   * @internal
   */
  constructor(source: PlanSource, { module, variant, threads }: Binary, dims: ReadonlyMap<string, readonly number[]> | undefined) {
    this.#source = source;
    this.inputs = source.inputs;
    this.outputs = source.outputs;
    this.warnings = source.warnings ?? [];
    this.variant = variant;
    this.threads = threads?.count ?? 1;
    this.#onTeam = threads !== undefined;
    this.#engine = new Engine(module, threads);
    if (dims && source.shapingInputs.size === 0) this.#engine.use(this.#planOf(dims, new Map()));
  }

  /** Bytes of linear memory, exact, known before the first run where the input shapes are. */
  get memory(): MemoryUse {
    return this.#alive().memory;
  }

  /**
   * Runs the network. With threads it leaves this thread free, and runs that are asked for meanwhile wait for their turn; without, it blocks.
   * @param feeds a tensor for each input, row-major in ONNX's order of dimensions (NCHW); they are read before this returns
   * @param options.signal ends the run: with threads between two instructions, without before it begins
   * @returns a tensor for each output; they are the caller's
   * @throws LanewiseError INVALID_INPUT; TOO_LARGE; DISPOSED, also where the model is disposed of meanwhile; UNSUPPORTED where the model
   *   cannot run at these shapes; OPERATOR_FAILED where a custom operator throws; ABORTED; WORKER_FAILED; for input shapes that are new,
   *   FILE_NOT_FOUND and INVALID_FILE where the model's file, which is read again, is gone or has changed
   */
  async run(feeds: Feeds, options: RunOptions = {}): Promise<Outputs> {
    checkOptions('run', options, { signal: signalCheck });
    const { signal } = options;
    checkAborted(signal);
    if (!this.#onTeam) return this.runSync(feeds);
    this.#alive();
    const before = this.#last;
    const checked = before ? copied(this.#check(feeds)) : this.#check(feeds);
    const running = this.#runOnTeam(before, checked, signal);
    const last = Promise.allSettled([before, running]).then(() => {
      if (this.#last === last) this.#last = undefined;
    });
    this.#last = last;
    return running;
  }

  /** As `run`, and blocks until it is done. */
  runSync(feeds: Feeds): Outputs {
    return this.#run(feeds, (engine) => engine.run());
  }

  /** Runs the network step by step and times each. */
  profile(feeds: Feeds): ProfileRow[] {
    const rows: ProfileRow[] = [];
    this.timeSteps(feeds, (step, ms) => {
      rows.push({ node: step.node, kernel: kernelOf(step), ms, macs: step.macs ?? 0 });
    });
    return rows;
  }

  /**
   * As `profile`, with what the plan knows of each step.
   * @internal
   */
  timeSteps(feeds: Feeds, each: (step: Step, ms: number) => void): void {
    this.#run(feeds, (engine, plan) => {
      for (const [i, ms] of engine.profile().entries()) each(plan.steps[i] as Step, ms);
    });
  }

  /**
   * Drops the memory. Whatever is called afterwards throws DISPOSED, and so do runs that threads have not finished; a run on this thread (a custom
   * operator may call this) is finished.
   */
  dispose(): void {
    this.#engine?.dispose();
    this.#engine = undefined;
    this.#plans.clear();
  }

  #run(feeds: Feeds, execute: (engine: Engine, plan: Plan) => void): Outputs {
    const engine = this.#alive();
    if (this.#running) throw new LanewiseError('INVALID_INPUT', 'the model is running: its operators cannot run it again');
    if (this.#last) throw new LanewiseError('INVALID_INPUT', 'the model is running: await what run() gives first');
    this.#running = true;
    try {
      return this.#outputs(engine, feeds, execute);
    } finally {
      this.#running = false;
    }
  }

  async #runOnTeam(
    before: Promise<void> | undefined,
    checked: ReadonlyMap<string, Tensor>,
    signal: AbortSignal | undefined,
  ): Promise<Outputs> {
    if (before) await unlessAborted(before, signal);
    checkAborted(signal);
    const engine = this.#alive();
    const plan = this.#prepare(engine, checked);
    const stop = () => engine.stop();
    signal?.addEventListener('abort', stop);
    let data: TypedArray[];
    try {
      await engine.runOnTeam();
      checkAborted(signal);
      this.#alive();
      data = await Promise.all(plan.outputs.map((port) => engine.read(port)));
    } catch (error) {
      // What fails for that reason says so.
      this.#alive();
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
    }
    this.#alive();
    return this.#assemble(plan, checked, data);
  }

  #outputs(engine: Engine, feeds: Feeds, execute: (engine: Engine, plan: Plan) => void): Outputs {
    const checked = this.#check(feeds);
    const plan = this.#prepare(engine, checked);
    execute(engine, plan);
    return this.#assemble(
      plan,
      checked,
      plan.outputs.map((port) => engine.readSync(port)),
    );
  }

  /** Plans, and writes the inputs. */
  #prepare(engine: Engine, checked: ReadonlyMap<string, Tensor>): Plan {
    const plan = this.#blamingInputs(checked, () => this.#planFor(checked));
    engine.use(plan);
    for (const port of plan.inputs) engine.write(port, checked.get(port.name)?.data as TypedArray);
    return plan;
  }

  /** @param data of the plan's outputs */
  #assemble(plan: Plan, checked: ReadonlyMap<string, Tensor>, data: readonly TypedArray[]): Outputs {
    let tensors: ReadonlyMap<string, Tensor> = new Map(
      plan.outputs.map(({ name, dims, type }, i) => [name, new Tensor(type, withOneNaN(data[i] as TypedArray) as never, dims)]),
    );
    if (plan.tail) tensors = this.#blamingInputs(checked, () => plan.tail?.(new Map([...checked, ...tensors])) ?? tensors);
    const { narrow } = this.#source;
    return Object.fromEntries(this.outputs.map(({ name, type }) => [name, outside(tensors.get(name) as Tensor, type, narrow)]));
  }

  /** Where a model that was fine so far is not, its inputs are to blame. */
  #blamingInputs<T>(tensors: ReadonlyMap<string, Tensor>, action: () => T): T {
    try {
      return action();
    } catch (cause) {
      if (!(cause instanceof LanewiseError) || cause.code !== 'INVALID_MODEL') throw cause;
      const shapes = [...tensors].map(([name, { dims }]) => `'${name}' ${formatDims(dims)}`).join(', ');
      throw new LanewiseError('INVALID_INPUT', `the model does not take inputs of these shapes (${shapes}): ${cause.message}`, { cause });
    }
  }

  #alive(): Engine {
    if (!this.#engine) throw new LanewiseError('DISPOSED', 'the model was disposed of');
    return this.#engine;
  }

  /** The tensors of the inputs that something reads. */
  #check(feeds: Feeds): Map<string, Tensor> {
    if (!isOptions(feeds) || feeds instanceof Tensor) {
      const got = isOptions(feeds) ? 'a Tensor' : shown(feeds);
      throw new LanewiseError('INVALID_INPUT', `run takes an object of tensors by input name (${this.#inputNames()}), got ${got}`);
    }
    for (const name of Object.keys(feeds)) {
      if (!this.inputs.some((input) => input.name === name)) {
        throw new LanewiseError('INVALID_INPUT', `the model has no input '${name}'; it has ${this.#inputNames()}`);
      }
    }
    const tensors = new Map<string, Tensor>();
    const { narrow } = this.#source;
    for (const input of this.inputs) {
      if (this.#source.unreadInputs.has(input.name)) continue;
      const tensor = Object.hasOwn(feeds, input.name) ? feeds[input.name] : undefined;
      if (!tensor) throw new LanewiseError('INVALID_INPUT', `input '${input.name}' is missing; the model takes ${this.#inputNames()}`);
      // What is float32 inside takes that, too.
      if (tensor.type !== input.type && (tensor.type !== 'float32' || insideType(input.type, narrow) !== tensor.type)) {
        const got = typeof tensor.type === 'string' ? `a tensor of ${tensor.type}` : 'no Tensor';
        throw new LanewiseError('INVALID_INPUT', `input '${input.name}' takes ${input.type}, got ${got}`);
      }
      checkDims(input.name, input.dims, tensor.dims);
      // Looked at again: a caller may have made the object by hand.
      tensors.set(input.name, inside(new Tensor(tensor.type, tensor.data, tensor.dims), narrow));
    }
    return tensors;
  }

  #inputNames(): string {
    return this.inputs.map(({ name, type, dims }) => `'${name}' ${type} ${formatDims(dims.map((dim) => dim || '?'))}`).join(', ');
  }

  #planFor(tensors: ReadonlyMap<string, Tensor>): Plan {
    const dims = new Map([...tensors].map(([name, tensor]) => [name, tensor.dims]));
    // Copies, for the plan outlives the call.
    const shaping = [...tensors].filter(([name]) => this.#source.shapingInputs.has(name));
    const values = new Map(shaping.map(([name, { type, data, dims }]) => [name, new Tensor(type, data.slice() as never, dims)]));
    return this.#planOf(dims, values);
  }

  #planOf(dims: ReadonlyMap<string, readonly number[]>, values: ReadonlyMap<string, Tensor>): Plan {
    const shapes = [...dims].map(([name, list]) => `${name}:${list}`).join(';');
    const key = `${shapes}|${[...values].map(([name, { data }]) => `${name}:${data}`).join(';')}`;
    const plan = this.#plans.get(key) ?? this.#source.plan(dims, values);
    // The newest stands last; the oldest goes.
    this.#plans.delete(key);
    this.#plans.set(key, plan);
    for (const oldest of this.#plans.keys()) {
      if (this.#plans.size <= MOST_PLANS) break;
      this.#plans.delete(oldest);
    }
    return plan;
  }
}

/** The caller may write to its arrays while a run waits for its turn. */
const copied = (tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> =>
  new Map([...tensors].map(([name, { type, data, dims }]) => [name, new Tensor(type, data.slice() as never, dims)]));

/**
 * Makes every NaN the positive quiet one without a payload. Sign and payload of those that arithmetic makes are left to the machine (WebAssembly
 * specification, 4.3.3), and differ between x86 and ARM.
 */
function withOneNaN<T extends TypedArray>(data: T): T {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return data;
  const bits = data instanceof Float32Array ? [0x7fc00000] : [0, 0x7ff80000];
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length * bits.length);
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) words.set(bits, i * bits.length);
  return data;
}
