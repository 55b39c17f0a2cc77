import { OVERREAD, STATIC_BYTES } from '../../assembly/opcodes.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { arrayTypes, type DataType, type TypedArray } from '../graph/tensor.ts';
import type { Pointer } from '../ops/operator.ts';
import { isHost, type Plan, type Span, type Step, type Weight } from './plan.ts';
import { programBytes, writeProgram } from './program.ts';
import { instantiate, type Kernels } from './wasm.ts';

const PAGE = 65536;
const MOST_BYTES = 4 * 1024 ** 3 - PAGE;
const ALIGNMENT = 64;
const WEIGHTS_BASE = STATIC_BYTES;

const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** Bytes of linear memory by what they hold; activations include the plan's own tables. `total` adds the program and the rounding to whole pages of 64 KiB. */
export interface MemoryUse {
  readonly weights: number;
  readonly activations: number;
  readonly total: number;
}

/**
 * One model's memory and kernels. Memory holds, from its start: weights, program, the plan's constants, arena. Weights stay; the
 * rest belongs to the plan in use. It grows where a plan needs more than those before it.
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
  #constants = 0;
  #arena = 0;

  constructor(module: WebAssembly.Module) {
    this.#module = module;
  }

  get memory(): MemoryUse {
    const activations = this.#plan ? this.#plan.arenaBytes + bytesOfConstants(this.#plan) : 0;
    return { weights: this.#weightBytes, activations, total: this.#memory?.buffer.byteLength ?? 0 };
  }

  /** Makes `plan` the one that runs: its weights are loaded where they are not there yet, its own constants and its program are written. */
  use(plan: Plan): void {
    if (this.#plan === plan) return;
    const own = plan.weights.filter(({ buffer }) => buffer.region === 'plan');
    const weights = plan.weights.filter(({ buffer }) => buffer.region === 'weights');
    const missing = weights.filter(({ key }) => !this.#weights.has(key));
    const weightBytes = missing.reduce((sum, { buffer }) => sum + align(buffer.bytes), this.#weightBytes);
    const programBase = WEIGHTS_BASE + weightBytes;
    const constants = programBase + align(programBytes(plan.steps));
    const arena = constants + bytesOfConstants(plan);
    // May throw; nothing has changed by then.
    this.#reserve(arena + plan.arenaBytes + OVERREAD);
    this.#plan = undefined;
    this.#constants = constants;
    this.#arena = arena;
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
    this.#plan = plan;
  }

  /** Runs the whole plan, or steps `from` to `to`: one call for each stretch of instructions. */
  run(from = 0, to = this.#starts.length - 1): void {
    const steps = this.#plan?.steps ?? [];
    let start = from;
    for (let i = from; i < to; i++) {
      const step = steps[i];
      if (!step || !isHost(step)) continue;
      this.#execute(start, i);
      // Views made for this call alone: memory may have grown since the last.
      step.fill(
        step.inputs.map((span) => span && this.#span(span)),
        step.outputs.map((span) => this.#span(span)),
      );
      start = i + 1;
    }
    this.#execute(start, to);
  }

  /** The elements at a pointer: a view, valid until the next `use`. */
  view(pointer: Pointer, length: number): Float32Array;
  view(pointer: Pointer, length: number, type: DataType): TypedArray;
  view(pointer: Pointer, length: number, type: DataType = 'float32'): TypedArray {
    return new arrayTypes[type]((this.#memory as WebAssembly.Memory).buffer, this.#address(pointer), length);
  }

  #span({ pointer, dims, type }: Span): TypedArray {
    return this.view(pointer, product(dims), type);
  }

  #load({ load }: Weight, programBase: number): void {
    for (const { copies, instruction } of load()) {
      for (const { type, length, to, fill } of copies) fill(this.view(to, length, type));
      if (!instruction) continue;
      const [start = 0, end = 0] = this.#write([instruction], programBase);
      this.#call(start, end);
    }
  }

  #write(steps: readonly Step[], base: number): number[] {
    const words = new DataView((this.#memory as WebAssembly.Memory).buffer);
    return writeProgram(steps, words, base, (pointer) => this.#address(pointer));
  }

  /** Instructions `from` to `to`, by step. */
  #execute(from: number, to: number): void {
    if (from < to) this.#call(this.#starts[from] ?? 0, this.#starts[to] ?? 0);
  }

  #call(from: number, to: number): void {
    const stopped = (this.#kernels as Kernels).run(from, to) >>> 0;
    if (stopped !== to) throw new Error(`the program stopped at ${stopped} instead of ${to}: it holds no instruction there`);
  }

  #address({ buffer, offset }: Pointer): number {
    const base = { weights: WEIGHTS_BASE, plan: this.#constants, arena: this.#arena }[buffer.region];
    return base + buffer.offset + offset;
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

/** What a plan keeps beside its arena: tables, and constants that depend on the shapes of its inputs. */
const bytesOfConstants = ({ weights }: Plan): number =>
  weights.reduce((sum, { buffer }) => sum + (buffer.region === 'plan' ? align(buffer.bytes) : 0), 0);

const outOfMemory = (bytes: number, why: string, cause?: unknown): LanewiseError =>
  new LanewiseError('TOO_LARGE', `the model needs ${bytes.toLocaleString('en')} bytes of memory, ${why}`, { cause });
