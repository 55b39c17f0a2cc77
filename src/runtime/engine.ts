import type { DataType, Tensor, TypedArray } from '../graph/tensor.ts';
import type { Pointer } from '../plan/place.ts';
import { type HostStep, type Instruction, isHost, type Plan, type Resident, type Span } from '../plan/plan.ts';
import { checkEnd } from '../plan/program.ts';
import { Loader } from './loader.ts';
import type { Memory, MemoryUse, Runner } from './memory.ts';
import { copyInto, withOneNaN } from './outputs.ts';

/** A stretch of instructions, steps `from` to `to`, or one host step. */
interface Section {
  readonly from: number;
  readonly to: number;
  readonly host?: HostStep;
}

/**
 * Runs and times one model's plans in its memory.
 * @internal
 */
export class Engine {
  /** Outputs that the caller has views of: in memory, too, all their NaNs are one. */
  readonly viewed = new Set<Span>();
  readonly #loader: Loader;
  #stopping = false;

  /** @param runner default: this thread; the module has to be for its kind of memory */
  constructor(module: WebAssembly.Module, runner?: Runner) {
    this.#loader = new Loader(module, runner);
  }

  get memory(): MemoryUse {
    return this.#loader.use;
  }

  /** The current plan. */
  get plan(): Plan | undefined {
    return this.#loader.plan;
  }

  /**
   * Makes `plan` the current one.
   * @param inRun whether it belongs to the same run as the one before it
   * @throws LanewiseError TOO_LARGE; INVALID_INPUT if the module is the wrong one
   */
  use(plan: Plan, inRun = false): void {
    this.#loader.load(plan, inRun);
  }

  /**
   * Loads a resident of the current plan again, and calls `before` before each instruction: for the writer of compiled
   * models. The program is overwritten.
   */
  reload(weight: Resident, before: (instruction: Instruction) => void): void {
    this.#loader.reload(weight, before);
  }

  /**
   * Runs the whole plan, or steps `first` to `last`, and blocks until it is done. @throws LanewiseError UNSUPPORTED where a
   * worker has the memory
   */
  run(first?: number, last?: number): void {
    const memory = this.#memory.near();
    for (const { from, to, host } of this.#sections(first, last)) {
      const end = this.#loader.starts[to] as number;
      if (host) memory.compute(...this.#faces(host));
      else checkEnd(memory.runSync(this.#loader.starts[from] as number, end), end);
    }
  }

  /** As `run`. @returns milliseconds of each step */
  profile(): number[] {
    const memory = this.#memory.near();
    const times: number[] = [];
    for (const { from, to, host } of this.#sections()) {
      const begun = performance.now();
      if (host) memory.compute(...this.#faces(host));
      times.push(...(host ? [performance.now() - begun] : memory.time(this.#loader.starts.slice(from, to + 1))));
    }
    return times;
  }

  /** Runs the whole plan without blocking, or until `stop` ends it. */
  async runAsync(): Promise<void> {
    for (const { from, to, host } of this.#sections()) {
      const end = this.#loader.starts[to] as number;
      const stopped = await (host ? this.#memory.compute(...this.#faces(host)) : this.#memory.run(this.#loader.starts.slice(from, to + 1)));
      if (this.#stopping) return;
      checkEnd(stopped ?? end, end);
    }
  }

  /** Ends `runAsync` before its next instruction. */
  stop(): void {
    this.#stopping = true;
    this.#loader.memory?.stop();
  }

  dispose(): void {
    this.stop();
    this.#loader.memory?.dispose();
  }

  /** The address of a pointer in the current plan. */
  addressOf(pointer: Pointer): number {
    return this.#loader.addressOf(pointer);
  }

  /** The elements at a pointer: a view, valid until the next `use`. */
  view(pointer: Pointer, length: number): Float32Array;
  view(pointer: Pointer, length: number, type: DataType): TypedArray;
  view(pointer: Pointer, length: number, type: DataType = 'float32'): TypedArray {
    return this.#memory.near().view({ type, address: this.addressOf(pointer), length });
  }

  /** As `view`, in memory that this thread can access. */
  viewOf(span: Span): TypedArray {
    return this.#memory.near().view(this.#loader.regionOf(span));
  }

  /** As `viewOf`, for the caller to keep: empty as soon as another plan is in use, unless the memory is shared. */
  lend(span: Span): TypedArray {
    this.#memory.near().lent = true;
    return this.viewOf(span);
  }

  write(span: Span, data: TypedArray): void {
    const { type, address, length } = this.#loader.regionOf(span);
    // An empty array may have been transferred.
    if (length > 0) this.#memory.write(address, { type, length, fill: (target) => target.set(data as never) });
  }

  /** Whether the tensor lies in this memory, but not in its place in a plan. */
  holds({ data }: Tensor, plan: Plan, span: Span): boolean {
    const memory = this.#loader.memory;
    return !!memory?.lent && data.buffer === memory.buffer && (plan !== this.plan || data.byteOffset !== this.addressOf(span.pointer));
  }

  /** A copy of the elements, or the tensor's own, filled with them. */
  readSync(span: Span, into?: Tensor): TypedArray {
    this.#settle(span);
    return copyInto(into, this.viewOf(span));
  }

  /** As `readSync`, for any memory. */
  read(span: Span, into?: Tensor): Promise<TypedArray> {
    this.#settle(span);
    return this.#memory.read(this.#loader.regionOf(span), into);
  }

  #settle(span: Span): void {
    if (this.viewed.has(span)) withOneNaN(this.viewOf(span));
  }

  /** There is a memory once a plan is in use. */
  get #memory(): Memory {
    return this.#loader.memory as Memory;
  }

  *#sections(first = 0, last = this.#loader.starts.length - 1): Generator<Section> {
    this.#stopping = false;
    let from = first;
    for (let i = first; i < last; i++) {
      const step = this.#loader.plan?.steps[i];
      if (!step || !isHost(step)) continue;
      if (from < i) yield { from, to: i };
      yield { from: i, to: i + 1, host: step };
      from = i + 1;
    }
    if (from < last) yield { from, to: last };
  }

  #faces({ inputs, outputs, compute }: HostStep): Parameters<Memory['compute']> {
    return [inputs.map((span) => span && this.#loader.regionOf(span)), outputs.map((span) => this.#loader.regionOf(span)), compute];
  }
}
