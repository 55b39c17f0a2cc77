import { OVERREAD, STATIC_BYTES } from '../../assembly/opcodes.ts';
import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { packOf } from '../plan/packs.ts';
import { align, type Pointer } from '../plan/place.ts';
import type { Instruction, Plan, Resident, Span, Step } from '../plan/plan.ts';
import { programBytes, writeProgram } from '../plan/program.ts';
import { thisThread } from './localMemory.ts';
import type { Memory, MemoryUse, Region, Runner } from './memory.ts';
import { checkPack, hasWideTile, MOST_PAGES, PAGE } from './wasm.ts';

/**
 * Puts plans into a model's memory, which holds, from its start: the binary's tables, weights, program, the plan's
 * constants, arena, then the threads' counters and workspaces. Weights stay; the rest belongs to the current plan. It grows
 * when a plan needs more than those before it.
 * @internal
 */
export class Loader {
  /** Exists from the first plan on. */
  memory: Memory | undefined;
  /** The current plan. */
  plan: Plan | undefined;
  /** The addresses of its steps and of its end. */
  starts: readonly number[] = [];
  readonly #module: WebAssembly.Module;
  readonly #runner: Runner;
  readonly #wide = hasWideTile();
  /** Offsets of the weights that are in memory, by their keys. */
  readonly #weights = new Map<string, number>();
  #weightBytes = 0;
  #activations = 0;
  /** Where regions begin. */
  #bases = { weights: STATIC_BYTES, program: 0, plan: 0, arena: 0 };

  constructor(module: WebAssembly.Module, runner = thisThread) {
    this.#module = module;
    this.#runner = runner;
  }

  get use(): MemoryUse {
    return { weights: this.#weightBytes, activations: this.plan ? this.#activations : 0, total: (this.memory?.pages ?? 0) * PAGE };
  }

  /**
   * Makes `plan` the current one: loads its weights that are not in memory yet, and writes its constants and program.
   * @param inRun whether it belongs to the same run as the one before it: the larger one then counts as the run's memory
   */
  load(plan: Plan, inRun: boolean): void {
    if (this.memory?.lost) this.#reset();
    if (this.plan === plan) return;
    const own = plan.residents.filter(({ buffer }) => buffer.region === 'plan');
    const weights = plan.residents.filter(({ buffer }) => buffer.region === 'weights');
    const missing = weights.filter(({ key }) => !this.#weights.has(key));
    const ownBytes = bytesOf(own);
    checkPack(this.#module, packOf(plan.steps), this.#runner.shared ? 'strict-threads' : 'strict');
    // This may throw; nothing has changed by then.
    const workspaceBytes = this.#layOut(plan, this.#weightBytes + bytesOf(missing), ownBytes);
    this.plan = undefined;
    for (const { key, buffer } of weights) buffer.offset = this.#weights.get(key) ?? buffer.offset;
    for (const weight of missing) {
      weight.buffer.offset = this.#weightBytes;
      this.reload(weight);
      // Only now, so that the next run tries again what could not be loaded.
      this.#weights.set(weight.key, weight.buffer.offset);
      this.#weightBytes += align(weight.buffer.bytes);
    }
    let offset = 0;
    for (const constant of own) {
      constant.buffer.offset = offset;
      offset += align(constant.buffer.bytes);
      this.reload(constant);
    }
    this.starts = this.#write(plan.steps);
    const activations = plan.arenaBytes + ownBytes + workspaceBytes;
    this.#activations = inRun ? Math.max(this.#activations, activations) : activations;
    this.plan = plan;
  }

  /**
   * Loads the plan's residents.
   * @param before is called before each instruction that does so, for the writer of compiled models. The plan's program is
   *   overwritten
   */
  reload({ load }: Resident, before?: (instruction: Instruction) => void): void {
    for (const { copies, instruction } of load()) {
      for (const copy of copies) this.memory?.write(this.addressOf(copy.to), copy);
      if (!instruction) continue;
      before?.(instruction);
      const [start = 0, end = 0] = this.#write([instruction]);
      this.memory?.call(start, end);
    }
  }

  /** The address of a pointer in the current plan. */
  addressOf({ buffer, offset }: Pointer): number {
    return this.#bases[buffer.region] + buffer.offset + offset;
  }

  regionOf({ type, dims, pointer }: Span): Region {
    return { type, address: this.addressOf(pointer), length: product(dims) };
  }

  /** Decides where everything lies, once there is room. @returns where the threads' counters and workspaces are */
  #layOut({ steps, arenaBytes, workspaceBytes }: Plan, weightBytes: number, ownBytes: number): number {
    const program = STATIC_BYTES + weightBytes;
    const plan = program + align(programBytes(steps));
    const arena = plan + ownBytes;
    const workspaces = { address: align(arena + arenaBytes + OVERREAD), bytes: align(workspaceBytes) };
    const bytes = this.#runner.workspaceBytes(workspaces.bytes);
    this.#reserve(workspaces.address + bytes).workspaces = workspaces;
    this.#bases = { weights: STATIC_BYTES, program, plan, arena };
    return bytes;
  }

  /** Writes instructions in the program's place. @returns the address of each and of the end */
  #write(steps: readonly Step[]): readonly number[] {
    const { program } = this.#bases;
    let starts: readonly number[] = [];
    const fill = ({ buffer, byteOffset, byteLength }: { buffer: ArrayBufferLike; byteOffset: number; byteLength: number }) => {
      const words = new DataView(buffer, byteOffset, byteLength);
      starts = writeProgram(steps, words, program, (pointer) => this.addressOf(pointer), this.#wide);
    };
    this.memory?.write(program, { type: 'uint8', length: programBytes(steps), fill });
    return starts;
  }

  /** Resets the state, as if nothing had been loaded. */
  #reset(): void {
    this.memory?.dispose();
    this.memory = undefined;
    this.plan = undefined;
    this.#weights.clear();
    this.#weightBytes = 0;
  }

  #reserve(bytes: number): Memory {
    if (bytes > MOST_PAGES * PAGE) throw outOfMemory(bytes, 'more than WebAssembly can address');
    const pages = Math.ceil(bytes / PAGE);
    try {
      this.memory ??= this.#runner.newMemory(this.#module, pages);
      this.memory.grow(pages);
      return this.memory;
    } catch (cause) {
      if (cause instanceof WebAssembly.LinkError) {
        const kind = this.#runner.shared ? '-threads.wasm' : '.wasm';
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

const bytesOf = (residents: readonly Resident[]): number => residents.reduce((sum, { buffer }) => sum + align(buffer.bytes), 0);

const outOfMemory = (bytes: number, why: string, cause?: unknown): LanewiseError =>
  new LanewiseError('TOO_LARGE', `the model needs ${bytes.toLocaleString('en')} bytes of memory, ${why}`, { cause });
