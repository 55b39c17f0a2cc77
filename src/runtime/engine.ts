import { COUNTER_SHIFT, OVERREAD, STATIC_BYTES } from '../../assembly/opcodes.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { arrayTypes, type DataType, type TypedArray } from '../graph/tensor.ts';
import type { Pointer } from '../plan/place.ts';
import { type Copy, type HostStep, type Instruction, isHost, type Plan, type Resident, type Span, type Step } from '../plan/plan.ts';
import { checkEnd, programBytes, writeProgram } from '../plan/program.ts';
import type { Job, Team } from './team.ts';
import { hasWideTile, instantiate, type Kernels, MOST_PAGES } from './wasm.ts';
import type { WorkerMemory } from './workerMemory.ts';

const PAGE = 65536;
const MOST_BYTES = MOST_PAGES * PAGE;
const ALIGNMENT = 64;
const COUNTER_BYTES = 1 << COUNTER_SHIFT;
const WEIGHTS_BASE = STATIC_BYTES;

/** To whole lines of a cache. @internal */
export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Bytes of linear memory by what they hold; activations include the plan's own tables. `total` adds the program and the rounding to whole pages of 64 KiB. */
export interface MemoryUse {
  readonly weights: number;
  readonly activations: number;
  readonly total: number;
}

/** A stretch of instructions, steps `from` to `to`, or one of the host's. @internal */
export interface Part {
  readonly from: number;
  readonly to: number;
  readonly host?: HostStep;
}

/** Who runs a program. @internal */
export interface Threads {
  readonly team: Team;
  readonly count: number;
  /** Where memory cannot be shared: gives engine `id` one that is a worker's own. */
  readonly openRemote?: (id: number, module: WebAssembly.Module, pages: number) => WorkerMemory;
}

let engines = 0;
/** Lets the workers go of models that nobody disposed of. */
const forgotten = new FinalizationRegistry((close: () => void) => close());

/**
 * One model's memory and kernels. Memory holds, from its start: weights, program, the plan's constants, arena. Weights stay; the
 * rest belongs to the plan in use. It grows where a plan needs more than those before it.
 * @internal
 */
export class Engine {
  readonly #module: WebAssembly.Module;
  #pages = 0;
  readonly #weights = new Map<string, number>();
  #weightBytes = 0;
  #memory: WebAssembly.Memory | undefined;
  #kernels: Kernels | undefined;
  #plan: Plan | undefined;
  #activations = 0;
  #starts: readonly number[] = [];
  #constants = 0;
  #arena = 0;
  #workspaces = 0;
  #stopping = false;
  readonly #threads: Threads | undefined;
  /** Where a worker has the memory: that memory, from the first `use` on. */
  #remote: WorkerMemory | undefined;
  readonly #id = ++engines;
  readonly #wide = hasWideTile();

  /** @param threads where workers run it; of a binary for shared memory unless that is remote */
  constructor(module: WebAssembly.Module, threads?: Threads) {
    this.#module = module;
    this.#threads = threads;
    const id = this.#id;
    if (threads) forgotten.register(this, () => threads.team.close(id));
  }

  get memory(): MemoryUse {
    return { weights: this.#weightBytes, activations: this.#plan ? this.#activations : 0, total: this.#pages * PAGE };
  }

  /**
   * Makes `plan` the one that runs: its weights are loaded where they are not there yet, its own constants and its program are written.
   * @param inRun whether it belongs to the run of the one before it: the larger counts as the memory that the run takes
   */
  use(plan: Plan, inRun = false): void {
    if (this.#remote?.lost) this.#forget();
    if (this.#plan === plan) return;
    const own = plan.residents.filter(({ buffer }) => buffer.region === 'plan');
    const weights = plan.residents.filter(({ buffer }) => buffer.region === 'weights');
    const missing = weights.filter(({ key }) => !this.#weights.has(key));
    const weightBytes = missing.reduce((sum, { buffer }) => sum + align(buffer.bytes), this.#weightBytes);
    const programBase = WEIGHTS_BASE + weightBytes;
    const constants = programBase + align(programBytes(plan.steps));
    const arena = constants + bytesOfConstants(plan);
    // May throw; nothing has changed by then.
    const workspaces = align(arena + plan.arenaBytes + OVERREAD);
    this.#reserve(workspaces + this.#workspaceBytes(plan));
    this.#plan = undefined;
    this.#constants = constants;
    this.#arena = arena;
    this.#workspaces = workspaces;
    for (const { key, buffer } of weights) buffer.offset = this.#weights.get(key) ?? 0;
    for (const weight of missing) {
      weight.buffer.offset = this.#weightBytes;
      this.#load(weight, programBase);
      // Only now: what cannot be loaded is tried again by the next run.
      this.#weights.set(weight.key, weight.buffer.offset);
      this.#weightBytes += align(weight.buffer.bytes);
    }
    let offset = 0;
    for (const weight of own) {
      weight.buffer.offset = offset;
      offset += align(weight.buffer.bytes);
      this.#load(weight, programBase);
    }
    this.#starts = this.#write(plan.steps, programBase);
    const activations = plan.arenaBytes + bytesOfConstants(plan) + this.#workspaceBytes(plan);
    this.#activations = inRun ? Math.max(this.#activations, activations) : activations;
    this.#plan = plan;
  }

  /** Loads a weight of the plan in use again, and says so before each instruction: for who writes a compiled model. The program is gone then. */
  reload(weight: Resident, before: (instruction: Instruction) => void): void {
    this.#load(weight, WEIGHTS_BASE + this.#weightBytes, before);
  }

  /** Runs the whole plan, or steps `first` to `last`, and blocks until it is done. @throws LanewiseError UNSUPPORTED where a worker has the memory */
  run(first?: number, last?: number): void {
    this.#checkNear();
    for (const { from, to } of this.#stretches(first, last)) {
      const [start, end] = this.#addresses(from, to);
      checkEnd(this.#threads ? this.#threads.team.runSync(this.#job(this.#threads, start, end)) : this.#call(start, end), end);
    }
  }

  /** As `run`. @returns milliseconds of each step */
  profile(): number[] {
    this.#checkNear();
    const times: number[] = [];
    let start = performance.now();
    for (const { from, to } of this.#stretches()) {
      // What the host did before this stretch.
      while (times.length < from) times.push(performance.now() - start);
      times.push(...(this.#threads ? this.#timeOnTeam(this.#threads, from, to) : this.#timeSteps(from, to)));
      start = performance.now();
    }
    while (times.length < this.#starts.length - 1) times.push(performance.now() - start);
    return times;
  }

  #checkNear(): void {
    if (this.#threads?.openRemote) {
      throw new LanewiseError('UNSUPPORTED', 'the model is in a worker whose memory is not shared: use run(), which does not block');
    }
  }

  #timeSteps(from: number, to: number): number[] {
    return Array.from({ length: to - from }, (_, i) => {
      const [start, end] = this.#addresses(from + i, from + i + 1);
      const begun = performance.now();
      checkEnd(this.#call(start, end), end);
      return performance.now() - begun;
    });
  }

  #timeOnTeam(threads: Threads, from: number, to: number): number[] {
    const [start, end] = this.#addresses(from, to);
    const times = new SharedArrayBuffer(8 * (to - from));
    const marks = this.#starts.slice(from + 1, to + 1);
    checkEnd(threads.team.runSync({ ...this.#job(threads, start, end), marks, times }), end);
    return [...new Float64Array(times)].map((time, i, all) => time - (all[i - 1] ?? 0));
  }

  /** Runs the whole plan in workers. @returns false where `stop` ended it */
  async runOnTeam(): Promise<boolean> {
    if (this.#remote) return this.#runRemotely(this.#remote);
    const threads = this.#threads as Threads;
    for (const { from, to } of this.#stretches()) {
      if (this.#stopping) return false;
      const [start, end] = this.#addresses(from, to);
      const stopped = await threads.team.run(this.#job(threads, start, end));
      if (this.#stopping) return false;
      checkEnd(stopped, end);
    }
    return !this.#stopping;
  }

  async #runRemotely(remote: WorkerMemory): Promise<boolean> {
    try {
      await remote.runParts(this, this.#starts, this.#parts(), () => this.#stopping);
      return !this.#stopping;
    } catch (error) {
      // What the engine refused is asked for anew by the next run.
      if (error instanceof LanewiseError && error.code === 'TOO_LARGE') this.#forget();
      throw error;
    }
  }

  /** As if nothing had been loaded. */
  #forget(): void {
    this.#remote = undefined;
    this.#threads?.team.close(this.#id);
    this.#pages = 0;
    this.#plan = undefined;
    this.#weights.clear();
    this.#weightBytes = 0;
  }

  /** Ends the run on the team before its next instruction. */
  stop(): void {
    this.#stopping = true;
    this.#remote?.stop();
    if (this.#memory) this.#threads?.team.stop(this.#memory);
  }

  /** The memory goes as soon as nobody looks at it any more. */
  dispose(): void {
    this.stop();
    this.#threads?.team.close(this.#id);
  }

  /** Stretches of instructions, steps `from` to `to`; the host's steps run in between. */
  *#stretches(first?: number, last?: number): Generator<Part> {
    for (const part of this.#parts(first, last)) {
      // Views made for this call alone: memory may have grown since the last.
      part.host?.fill(
        part.host.inputs.map((span) => span && this.#span(span)),
        part.host.outputs.map((span) => this.#span(span)),
      );
      if (!part.host) yield part;
    }
  }

  *#parts(first = 0, last = this.#starts.length - 1): Generator<Part> {
    this.#stopping = false;
    let from = first;
    for (let i = first; i < last; i++) {
      const step = this.#plan?.steps[i];
      if (!step || !isHost(step)) continue;
      if (from < i) yield { from, to: i };
      yield { from: i, to: i + 1, host: step };
      from = i + 1;
    }
    if (from < last) yield { from, to: last };
  }

  #addresses(from: number, to: number): [number, number] {
    return [this.#starts[from] ?? 0, this.#starts[to] ?? 0];
  }

  #job({ count }: Threads, from: number, to: number): Job {
    return {
      model: this.#id,
      module: this.#module,
      memory: this.#memory as WebAssembly.Memory,
      threads: count,
      from,
      to,
      workspaces: this.#workspaces,
      workspaceBytes: align(this.#plan?.workspaceBytes ?? 0),
    };
  }

  /** The elements at a pointer: a view, valid until the next `use`. */
  view(pointer: Pointer, length: number): Float32Array;
  view(pointer: Pointer, length: number, type: DataType): TypedArray;
  view(pointer: Pointer, length: number, type: DataType = 'float32'): TypedArray {
    return new arrayTypes[type]((this.#memory as WebAssembly.Memory).buffer, this.addressOf(pointer), length);
  }

  write({ type, pointer, dims }: Span, data: TypedArray): void {
    this.#put({ type, length: product(dims), to: pointer, fill: (target) => target.set(data as never) });
  }

  /** A copy. */
  readSync({ pointer, dims, type }: Span): TypedArray {
    return this.view(pointer, product(dims), type).slice();
  }

  /** As `readSync`, of any memory. */
  async read(span: Span): Promise<TypedArray> {
    if (!this.#remote) return this.readSync(span);
    const length = product(span.dims);
    const ArrayType = arrayTypes[span.type];
    return new ArrayType(await this.#remote.read(this.addressOf(span.pointer), length * ArrayType.BYTES_PER_ELEMENT));
  }

  #put({ type, length, to, fill, verify }: Copy): void {
    const target = this.#remote ? new arrayTypes[type](length) : this.view(to, length, type);
    fill(target);
    verify?.(this.#remote ? undefined : this.#kernels?.xxh32(target.byteOffset, target.byteLength), target as Uint8Array);
    this.#remote?.write(this.addressOf(to), target.buffer as ArrayBuffer);
  }

  #span({ pointer, dims, type }: Span): TypedArray {
    return this.view(pointer, product(dims), type);
  }

  #load({ load }: Resident, programBase: number, before?: (instruction: Instruction) => void): void {
    for (const { copies, instruction } of load()) {
      for (const copy of copies) this.#put(copy);
      if (!instruction) continue;
      before?.(instruction);
      const [start = 0, end = 0] = this.#write([instruction], programBase);
      if (this.#remote) this.#remote.call(start, end);
      else checkEnd(this.#call(start, end), end);
    }
  }

  #write(steps: readonly Step[], base: number): number[] {
    const words = new DataView(this.#remote ? new ArrayBuffer(programBytes(steps)) : (this.#memory as WebAssembly.Memory).buffer);
    const starts = writeProgram(steps, words, base, (pointer) => this.addressOf(pointer), this.#remote ? base : 0, this.#wide);
    this.#remote?.write(base, words.buffer as ArrayBuffer);
    return starts;
  }

  /** On this thread alone. */
  #call(from: number, to: number): number {
    try {
      return (this.#kernels as Kernels).run(from, to) >>> 0;
    } catch (cause) {
      // A compiled model that was changed: what the compiler writes stays inside its memory.
      throw new LanewiseError('INVALID_FILE', `the program is damaged: ${(cause as Error).message}`, { cause });
    }
  }

  /** What threads have for themselves beside the arena. */
  #workspaceBytes({ workspaceBytes }: Plan): number {
    return this.#threads && !this.#threads.openRemote
      ? this.#threads.count * COUNTER_BYTES + (this.#threads.count - 1) * align(workspaceBytes)
      : 0;
  }

  /** Where a pointer of the plan in use points. */
  addressOf({ buffer, offset }: Pointer): number {
    const base = { weights: WEIGHTS_BASE, plan: this.#constants, arena: this.#arena }[buffer.region];
    return base + buffer.offset + offset;
  }

  #reserve(bytes: number): void {
    if (bytes > MOST_BYTES) throw outOfMemory(bytes, 'more than WebAssembly can address');
    const pages = Math.ceil(bytes / PAGE);
    try {
      if (this.#threads?.openRemote) {
        if (this.#remote && pages > this.#pages) this.#remote.grow(pages);
        this.#remote ??= this.#threads.openRemote(this.#id, this.#module, pages);
        this.#pages = Math.max(pages, this.#pages);
        return;
      }
      if (!this.#memory) {
        this.#memory = this.#threads ? this.#threads.team.newMemory(pages) : new WebAssembly.Memory({ initial: pages });
        this.#kernels = instantiate(this.#module, this.#memory);
      } else {
        const more = pages - this.#memory.buffer.byteLength / PAGE;
        if (more > 0) this.#memory.grow(more);
      }
      this.#pages = this.#memory.buffer.byteLength / PAGE;
    } catch (cause) {
      if (cause instanceof WebAssembly.LinkError) {
        const kind = this.#threads && !this.#threads.openRemote ? '-threads.wasm' : '.wasm';
        throw new LanewiseError(
          'INVALID_INPUT',
          `option wasm takes a module compiled from lanewise/wasm/strict${kind} or relaxed${kind}: ${cause.message}`,
          { cause },
        );
      }
      if (cause instanceof RangeError) throw outOfMemory(bytes, 'which the engine refuses', cause);
      throw cause;
    }
  }
}

/** What a plan keeps beside its arena: tables, and constants that depend on the shapes of its inputs. */
const bytesOfConstants = ({ residents }: Plan): number =>
  residents.reduce((sum, { buffer }) => sum + (buffer.region === 'plan' ? align(buffer.bytes) : 0), 0);

const outOfMemory = (bytes: number, why: string, cause?: unknown): LanewiseError =>
  new LanewiseError('TOO_LARGE', `the model needs ${bytes.toLocaleString('en')} bytes of memory, ${why}`, { cause });
