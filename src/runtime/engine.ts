import { OVERREAD } from '../../assembly/opcodes.ts';
import { LanewiseError } from '../errors.ts';
import type { Pointer } from '../ops/operator.ts';
import type { Instruction, Plan, Weight } from './plan.ts';
import { programBytes, writeProgram } from './program.ts';
import { instantiate, type Kernels } from './wasm.ts';

const PAGE = 65536;
const MOST_BYTES = 4 * 1024 ** 3 - PAGE;
const ALIGNMENT = 64;
/** Address 0 means absent. */
const WEIGHTS_BASE = ALIGNMENT;

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Bytes of linear memory by what they hold. `total` adds the program and the rounding to whole pages of 64 KiB. */
export interface MemoryUse {
  readonly weights: number;
  readonly activations: number;
  readonly total: number;
}

/**
 * One model's memory and kernels. Memory holds, from its start: weights, program, arena. Weights stay; the rest belongs to the plan in
 * use. It grows where a plan needs more than those before it.
 * @internal
 */
export class Engine {
  readonly #module: WebAssembly.Module;
  readonly #weights = new Map<string, number>();
  #weightBytes = 0;
  #memory: WebAssembly.Memory | undefined;
  #kernels: Kernels | undefined;
  #plan: Plan | undefined;
  #starts: readonly number[] = [];
  #arena = 0;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  get memory(): MemoryUse {
    return { weights: this.#weightBytes, activations: this.#plan?.arenaBytes ?? 0, total: this.#memory?.buffer.byteLength ?? 0 };
  }

  /** Makes `plan` the one that runs: its weights are loaded where they are not there yet, its program is written. */
  use(plan: Plan): void {
    if (this.#plan === plan) return;
    const missing = plan.weights.filter(({ key }) => !this.#weights.has(key));
    const weightBytes = missing.reduce((sum, { buffer }) => sum + align(buffer.bytes), this.#weightBytes);
    const programBase = WEIGHTS_BASE + weightBytes;
    const arena = programBase + align(programBytes(plan.instructions));
    // May throw; nothing has changed by then.
    this.#reserve(arena + plan.arenaBytes + OVERREAD);
    this.#plan = undefined;
    this.#arena = arena;
    for (const { key, buffer } of plan.weights) buffer.offset = this.#weights.get(key) ?? 0;
    for (const weight of missing) {
      weight.buffer.offset = this.#weightBytes;
      this.#load(weight, programBase);
      // Only now: what cannot be loaded is tried again by the next run.
      this.#weights.set(weight.key, weight.buffer.offset);
      this.#weightBytes += align(weight.buffer.bytes);
    }
    this.#starts = this.#write(plan.instructions, programBase);
    this.#plan = plan;
  }

  /** Runs the whole plan, or instructions `from` to `to`. */
  run(from = 0, to = this.#starts.length - 1): void {
    this.#execute(this.#starts[from] ?? 0, this.#starts[to] ?? 0);
  }

  /** The floats at a pointer: a view, valid until the next `use`. */
  view(pointer: Pointer, length: number): Float32Array {
    return new Float32Array((this.#memory as WebAssembly.Memory).buffer, this.#address(pointer), length);
  }

  #load({ load }: Weight, programBase: number): void {
    for (const { copies, instruction } of load()) {
      for (const { data, to } of copies) this.view(to, data.length).set(data);
      if (!instruction) continue;
      const [start = 0, end = 0] = this.#write([instruction], programBase);
      this.#execute(start, end);
    }
  }

  #write(instructions: readonly Instruction[], base: number): number[] {
    const words = new DataView((this.#memory as WebAssembly.Memory).buffer);
    return writeProgram(instructions, words, base, (pointer) => this.#address(pointer));
  }

  #execute(from: number, to: number): void {
    const stopped = (this.#kernels as Kernels).run(from, to) >>> 0;
    if (stopped !== to) throw new Error(`the program stopped at ${stopped} instead of ${to}: it holds no instruction there`);
  }

  #address({ buffer, offset }: Pointer): number {
    return (buffer.region === 'weights' ? WEIGHTS_BASE : this.#arena) + buffer.offset + offset;
  }

  #reserve(bytes: number): void {
    if (bytes > MOST_BYTES) throw outOfMemory(bytes, 'more than WebAssembly can address');
    const pages = Math.ceil(bytes / PAGE);
    try {
      if (!this.#memory) {
        this.#memory = new WebAssembly.Memory({ initial: pages });
        this.#kernels = instantiate(this.#module, this.#memory);
      } else {
        const more = pages - this.#memory.buffer.byteLength / PAGE;
        if (more > 0) this.#memory.grow(more);
      }
    } catch (cause) {
      if (cause instanceof RangeError) throw outOfMemory(bytes, 'which the engine refuses', cause);
      throw cause;
    }
  }
}

const outOfMemory = (bytes: number, why: string, cause?: unknown): LanewiseError =>
  new LanewiseError('TOO_LARGE', `the model needs ${bytes.toLocaleString('en')} bytes of memory, ${why}`, { cause });
