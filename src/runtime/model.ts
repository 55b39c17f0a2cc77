import { checkAborted, unlessAborted } from '../abort.ts';
import { checkOptions, isOptions, shown, signalCheck } from '../arguments.ts';
import { LanewiseError } from '../errors.ts';
import { checkDims } from '../graph/dims.ts';
import { inside, insideType, outside } from '../graph/face.ts';
import type { Dim } from '../graph/graph.ts';
import { copyOf, formatDims, Tensor, type TensorType, type TypedArray } from '../graph/tensor.ts';
import { kernelOf } from '../plan/instructions.ts';
import type { Late, Plan, Step } from '../plan/plan.ts';
import type { AbortSignalLike, Disposing } from '../platform.ts';
import { Engine } from './engine.ts';
import type { MemoryUse, Runner } from './memory.ts';
import { type Held, type Request, type Running, recent } from './running.ts';
import type { Variant } from './wasm.ts';

/** Tensors by the names of a model's inputs. Sequences are lists of tensors; an empty optional is null, or left out. */
export type Feeds<T extends Held = Tensor> = Readonly<Record<string, T>>;

/** An input of a model. A dimension that the caller chooses is a name, '' if it has none. */
export interface ModelInput {
  /** Its name in the file. */
  readonly name: string;
  /**
   * The type in the file. Inputs that are float16 here, or float64 in a model that runs in float32 (`warnings`), accept
   * float32 tensors as well.
   */
  readonly type: TensorType;
  /** Its shape; dimensions that the caller chooses have names. */
  readonly dims: readonly Dim[];
  /** Set if the input is no tensor. */
  readonly list?: 'sequence' | 'optional' | undefined;
}

/** An output of a model; without dimensions if its file omits them. */
export interface ModelOutput {
  /** Its name in the file. */
  readonly name: string;
  /** The type in the file. */
  readonly type: TensorType;
  /** Its shape; dimensions that depend on the inputs have names. */
  readonly dims?: readonly Dim[];
  /** Set if the output is no tensor. */
  readonly list?: 'sequence' | 'optional' | undefined;
}

/** Tensors by the names of a model's outputs. The few models that give sequences say so: `run<readonly Tensor[]>(feeds)`. */
export type Outputs<T extends Held = Tensor> = Record<string, T>;

/**
 * Makes plans: the compiler.
 * @internal
 */
export interface PlanSource {
  readonly inputs: readonly ModelInput[];
  readonly outputs: readonly ModelOutput[];
  /** Warnings about the model. */
  readonly warnings?: readonly string[];
  /** Whether inputs and outputs of float64 are float32 inside. */
  readonly narrow: boolean;
  /** The inputs whose elements the plan depends on. */
  readonly shapingInputs: ReadonlySet<string>;
  /** The inputs that nothing reads; they may be left out. */
  readonly unreadInputs: ReadonlySet<string>;
  plan(dims: ReadonlyMap<string, readonly number[]>, values: ReadonlyMap<string, Tensor>): Plan;
  /** Runs the nodes that wait for a run. `values` has the feeds and the results of the plan before them; theirs are added. */
  finish?(late: Late, values: Map<string, Held>): Running<void>;
}

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

export interface RunOptions {
  readonly signal?: AbortSignalLike | undefined;
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

export interface Model extends Disposing {}

/**
 * A network in memory, ready to run: what `load` and `compile` give. `using model = await load(...)` disposes of it at the
 * end of the block.
 * @example
 * import { load } from 'lanewise';
 *
 * const model = await load('model.onnx', { threads: 'auto' });
 * for (const { name, type, dims } of model.inputs) console.log(name, type, dims);
 * console.log(model.memory.total, model.warnings);
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: it has what the interface says, for which TypeScript's lib may have no name.
export class Model {
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
   * @param feeds a tensor for each input, row-major in ONNX's order of dimensions (NCHW); they are read before this returns
   * @param options.signal ends the run: with threads between two instructions, else before it begins
   * @returns a tensor for each output; they are the caller's
   * @throws LanewiseError INVALID_INPUT; TOO_LARGE; DISPOSED, also if the model is disposed of meanwhile; UNSUPPORTED if the
   *   model
   *   cannot run at these shapes; OPERATOR_FAILED if a custom operator throws; ABORTED; WORKER_FAILED; for new input shapes
   *   FILE_NOT_FOUND and INVALID_FILE if the model's file, which is read again, is gone or has changed
   */
  run<T extends Held = Tensor>(feeds: Feeds<Held>, options?: RunOptions): Promise<Outputs<T>>;
  // ReturnType sees the last overload.
  run(feeds: Feeds<Held>, options?: RunOptions): Promise<Outputs>;
  async run(feeds: Feeds<Held>, options: RunOptions = {}): Promise<Outputs> {
    checkOptions('run', options, { signal: signalCheck });
    const { signal } = options;
    checkAborted(signal);
    if (!this.#onTeam) return this.runSync(feeds);
    this.#alive();
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
    try {
      // Nobody else waits for it, and it is awaited: else stacks of its errors would not lead to the caller.
      return await this.#runOnTeam(before, checked, signal);
    } finally {
      end();
    }
  }

  /** As `run`, and blocks until it is done. */
  runSync<T extends Held = Tensor>(feeds: Feeds<Held>): Outputs<T>;
  runSync(feeds: Feeds<Held>): Outputs;
  runSync(feeds: Feeds<Held>): Outputs {
    return this.#run(feeds, (engine) => engine.run());
  }

  /** Runs the network step by step and times each. */
  profile(feeds: Feeds<Held>): ProfileRow[] {
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
  timeSteps(feeds: Feeds<Held>, each: (step: Step, ms: number) => void): void {
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

  #run(feeds: Feeds<Held>, execute: (engine: Engine, plan: Plan) => void): Outputs {
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
    checked: ReadonlyMap<string, Held>,
    signal: AbortSignalLike | undefined,
  ): Promise<Outputs> {
    if (before) await unlessAborted(before, signal);
    checkAborted(signal);
    const next = this.#begin(checked);
    let asked = next([]);
    for (let first = true; !asked.done; first = false) {
      checkAborted(signal);
      const engine = this.#alive();
      const { plan, feeds } = asked.value;
      prepare(engine, plan, feeds, first);
      const stop = () => engine.stop();
      signal?.addEventListener('abort', stop);
      let data: TypedArray[];
      try {
        await engine.runAsync();
        checkAborted(signal);
        this.#alive();
        data = await Promise.all(plan.outputs.map((port) => engine.read(port)));
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

  #outputs(engine: Engine, feeds: Feeds<Held>, execute: (engine: Engine, plan: Plan) => void): Outputs {
    const checked = this.#check(feeds);
    const next = this.#begin(checked);
    let asked = next([]);
    for (let first = true; !asked.done; first = false) {
      const { plan, feeds } = asked.value;
      prepare(engine, plan, feeds, first);
      execute(engine, plan);
      asked = next(plan.outputs.map((port) => engine.readSync(port)));
    }
    return asked.value;
  }

  /** A run, program by program, wherever they run. */
  #begin(checked: ReadonlyMap<string, Held>): (data: readonly TypedArray[]) => IteratorResult<Request, Outputs> {
    const programs = this.#programs(checked);
    return (data) => this.#blamingInputs(checked, () => programs.next(data));
  }

  *#programs(checked: ReadonlyMap<string, Held>): Running<Outputs> {
    const plan = this.#planFor(tensorsOf(checked));
    const data = yield { plan, feeds: plan.inputs.map(({ name }) => checked.get(name) as Tensor) };
    const values = new Map<string, Held>(checked);
    plan.outputs.forEach(({ name, dims, type }, i) => void values.set(name, new Tensor(type, data[i] as never, dims)));
    if (plan.late) yield* this.#source.finish?.(plan.late, values) ?? [];
    return Object.fromEntries(
      this.outputs.map(({ name, type }) => {
        const own = (tensor: Tensor) => {
          withOneNaN(tensor.data as TypedArray);
          return outside(tensor, type, this.#source.narrow);
        };
        const held = values.get(name) as Held;
        return [name, (held && (isTensor(held) ? own(held) : held.map(own))) as Tensor];
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

  /** The tensors of the inputs that something reads. */
  #check(feeds: Feeds<Held>): Map<string, Held> {
    if (!isOptions(feeds) || feeds instanceof Tensor) {
      const got = isOptions(feeds) ? 'a Tensor' : shown(feeds);
      throw new LanewiseError('INVALID_INPUT', `run takes an object of tensors by input name (${this.#inputNames()}), got ${got}`);
    }
    for (const name of Object.keys(feeds)) {
      if (!this.inputs.some((input) => input.name === name)) {
        throw new LanewiseError('INVALID_INPUT', `the model has no input '${name}'; it has ${this.#inputNames()}`);
      }
    }
    const values = new Map<string, Held>();
    for (const input of this.inputs) {
      if (this.#source.unreadInputs.has(input.name)) continue;
      const { name, list } = input;
      const held = (Object.hasOwn(feeds, name) ? feeds[name] : undefined) ?? null;
      const one = (tensor: Tensor) => this.#checked(tensor, input);
      if (list && (list === 'sequence' || !isTensor(held))) {
        if (!isListed(held, list)) throw new LanewiseError('INVALID_INPUT', `input '${name}' takes a list of tensors, got ${shown(held)}`);
        values.set(name, held?.map(one) ?? null);
      } else if (held) values.set(name, one(held as Tensor));
      else throw new LanewiseError('INVALID_INPUT', `input '${name}' is missing; the model takes ${this.#inputNames()}`);
    }
    return values;
  }

  /** A tensor of the input's type, converted to the type inside. */
  #checked(tensor: Tensor, { name, type, dims, list }: ModelInput): Tensor {
    const { narrow } = this.#source;
    // Inputs that are float32 inside accept float32, too.
    if (tensor.type !== type && (tensor.type !== 'float32' || insideType(type, narrow) !== tensor.type)) {
      const got = typeof tensor.type === 'string' ? `a tensor of ${tensor.type}` : 'no Tensor';
      throw new LanewiseError('INVALID_INPUT', `input '${name}' takes ${type}, got ${got}`);
    }
    if (!list) checkDims(name, dims, tensor.dims);
    // Checked again, because a caller may have made the object by hand.
    return inside(new Tensor(tensor.type, tensor.data, tensor.dims), narrow);
  }

  #inputNames(): string {
    return this.inputs.map(({ name, type, dims }) => `'${name}' ${type} ${formatDims(dims.map((dim) => dim || '?'))}`).join(', ');
  }

  #planFor(tensors: ReadonlyMap<string, Tensor>): Plan {
    const dims = new Map([...tensors].map(([name, tensor]) => [name, tensor.dims]));
    // Copied, because the plan outlives the call.
    const shaping = [...tensors].filter(([name]) => this.#source.shapingInputs.has(name));
    const values = new Map(shaping.map(([name, tensor]) => [name, copyOf(tensor)]));
    return this.#planOf(dims, values);
  }

  #planOf(dims: ReadonlyMap<string, readonly number[]>, values: ReadonlyMap<string, Tensor>): Plan {
    const shapes = [...dims].map(([name, list]) => `${name}:${list}`).join(';');
    const key = `${shapes}|${[...values].map(([name, { data }]) => `${name}:${data}`).join(';')}`;
    return recent(this.#plans, key, () => this.#source.plan(dims, values));
  }
}

/** @param first whether it is the run's first */
function prepare(engine: Engine, plan: Plan, feeds: readonly Tensor[], first: boolean): void {
  engine.use(plan, !first);
  plan.inputs.forEach((port, i) => void engine.write(port, (feeds[i] as Tensor).data));
}

/** The caller may write to its arrays while a run waits for its turn. */
const copied = (values: ReadonlyMap<string, Held>): Map<string, Held> => {
  return new Map([...values].map(([name, held]) => [name, held && (isTensor(held) ? copyOf(held) : held.map(copyOf))]));
};

const isTensor = (held: Held | undefined): held is Tensor => held instanceof Tensor;

const tensorsOf = (values: ReadonlyMap<string, Held>): Map<string, Tensor> =>
  new Map([...values].filter((entry): entry is [string, Tensor] => isTensor(entry[1])));

/** Whether a feed is a sequence, or an optional with a sequence or nothing. */
const isListed = (held: Held, list: 'sequence' | 'optional'): held is readonly Tensor[] | null =>
  Array.isArray(held) ? held.every(isTensor) : !held && list === 'optional';

/**
 * Makes every NaN the positive quiet one without a payload. The sign and payload of NaNs from arithmetic depend on the
 * machine (WebAssembly specification, 4.3.3), and differ between x86 and ARM.
 */
function withOneNaN<T extends TypedArray>(data: T): T {
  if (!(data instanceof Float32Array || data instanceof Float64Array)) return data;
  const bits = data instanceof Float32Array ? [0x7fc00000] : [0, 0x7ff80000];
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length * bits.length);
  for (let i = 0; i < data.length; i++) if (Number.isNaN(data[i])) words.set(bits, i * bits.length);
  return data;
}
