// Where a model lies and runs: linear memory with the kernels on it. Types only. localMemory.ts implements it on this
// thread, teamMemory.ts shares it with workers, workerMemory.ts has it in a worker alone.

import type { DataType, Tensor, TypedArray } from '../graph/tensor.ts';
import type { Compute, Copy } from '../plan/plan.ts';

/**
 * Bytes of linear memory by what they hold; activations include the plan's own tables. `total` includes the program, and is
 * rounded to whole pages of 64 KiB.
 */
export interface MemoryUse {
  /** The weights, packed. */
  readonly weights: number;
  /** Values between layers, scratch space and the plan's tables. */
  readonly activations: number;
  /** All of it. */
  readonly total: number;
}

/**
 * Elements at a byte address.
 * @internal
 */
export interface Region {
  readonly type: DataType;
  readonly address: number;
  readonly length: number;
}

/**
 * Something to be written into memory, at any address.
 * @internal
 */
export type Content = Omit<Copy, 'to'>;

/**
 * The address of the threads' counters, which the workspaces of all threads but the first follow, and the bytes of each
 * workspace.
 * @internal
 */
export interface Workspaces {
  readonly address: number;
  readonly bytes: number;
}

/**
 * Memory that programs run in, wherever it is.
 * @internal
 */
export interface Memory {
  /** Pages of 64 KiB. */
  readonly pages: number;
  /** Whether its content is lost, so that it has to be created anew. */
  readonly lost: boolean;
  /** The counters and workspaces that the current program was written for. */
  workspaces: Workspaces;
  /** Whether the caller has views of it, which have to be empty after `grow`, unless the memory is shared. */
  lent?: boolean;
  /** What it consists of, if this thread can access it. */
  readonly buffer?: ArrayBufferLike;
  /** Grows to that many pages, if it has fewer. @throws RangeError if the engine refuses and can say so at once */
  grow(pages: number): void;
  write(address: number, content: Content): void;
  /** A copy of the elements, or the tensor's own, filled with them. */
  read(region: Region, into?: Tensor): Promise<TypedArray>;
  /** Lets this thread compute regions from others, between two stretches of a program. */
  compute(inputs: readonly (Region | undefined)[], outputs: readonly Region[], compute: Compute): void | Promise<void>;
  /** Runs instructions that prepare the memory, from one address to another. */
  call(from: number, to: number): void;
  /**
   * Runs a stretch of a program without blocking.
   * @param starts addresses of its instructions, and its end
   * @returns where it stopped
   */
  run(starts: readonly number[]): Promise<number>;
  /** Asks a run to end before one of its next instructions. */
  stop(): void;
  /** Releases what other threads hold of it; the rest is collected when nothing refers to it. */
  dispose(): void;
  /** This memory, if this thread can access it. @throws LanewiseError UNSUPPORTED if it cannot */
  near(): NearMemory;
}

/**
 * Memory that this thread can access directly, and wait for.
 * @internal
 */
export interface NearMemory extends Memory {
  /** A view; valid until the memory grows. */
  view(region: Region): TypedArray;
  compute(inputs: readonly (Region | undefined)[], outputs: readonly Region[], compute: Compute): void;
  /** Runs from one address to another and blocks. @returns where it stopped */
  runSync(from: number, to: number): number;
  /** As `run`, and blocks. @returns milliseconds of each instruction */
  time(starts: readonly number[]): number[];
}

/**
 * Where programs run: on this thread, on a team of workers, or in one worker with memory of its own.
 * @internal
 */
export interface Runner {
  /** The number of threads. */
  readonly count: number;
  /** Whether its memories are shared, which needs other binaries. */
  readonly shared: boolean;
  /** Bytes of counters and workspaces after the arena, if an instruction needs a workspace of `workspace` bytes. */
  workspaceBytes(bytes: number): number;
  /** @throws RangeError if the engine refuses; WebAssembly.LinkError if the module is for memory of the other kind */
  newMemory(module: WebAssembly.Module, pages: number): Memory;
}
