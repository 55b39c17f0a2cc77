// Where a model lies and runs: linear memory with the kernels on it. Types only. localMemory.ts has it on this thread, teamMemory.ts shares it with
// workers, workerMemory.ts has it in a worker alone.

import type { DataType, TypedArray } from '../graph/tensor.ts';
import type { Copy, Fill } from '../plan/plan.ts';

/** Bytes of linear memory by what they hold; activations include the plan's own tables. `total` adds the program and the rounding to whole pages of 64 KiB. */
export interface MemoryUse {
  readonly weights: number;
  readonly activations: number;
  readonly total: number;
}

/** Elements at a byte address. */
export interface Region {
  readonly type: DataType;
  readonly address: number;
  readonly length: number;
}

/** What is written into memory, wherever it goes. */
export type Content = Omit<Copy, 'to'>;

/** Where the threads' counters lie, and behind them the workspaces of all threads but the first, and the bytes of each. */
export interface Workspaces {
  readonly address: number;
  readonly bytes: number;
}

/** Memory that a program runs in, wherever it is. */
export interface Memory {
  /** Of 64 KiB. */
  readonly pages: number;
  /** Whether what it held is gone, so that it has to be made anew. */
  readonly lost: boolean;
  /** As the program that is written into it has them. */
  workspaces: Workspaces;
  /** To so many pages, where there are fewer. @throws RangeError where the engine refuses and can say so at once */
  grow(pages: number): void;
  write(address: number, content: Content): void;
  /** A copy. */
  read(region: Region): Promise<TypedArray>;
  /** Lets this thread compute regions from others, between two stretches of a program. */
  compute(inputs: readonly (Region | undefined)[], outputs: readonly Region[], fill: Fill): void | Promise<void>;
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
  /** Lets go of what others have of it; the rest goes as soon as nobody looks at it any more. */
  dispose(): void;
  /** Itself where this thread can look into it. @throws LanewiseError UNSUPPORTED where it cannot */
  near(): NearMemory;
}

/** Memory that this thread can look into, and wait for. */
export interface NearMemory extends Memory {
  /** Valid until the memory grows. */
  view(region: Region): TypedArray;
  compute(inputs: readonly (Region | undefined)[], outputs: readonly Region[], fill: Fill): void;
  /** Runs from one address to another and blocks. @returns where it stopped */
  runSync(from: number, to: number): number;
  /** As `run`, and blocks. @returns milliseconds of each instruction */
  time(starts: readonly number[]): number[];
}

/** Who runs programs: this thread, a team of workers, or one worker with memory of its own. */
export interface Runner {
  /** Threads. */
  readonly count: number;
  /** Whether its memories are shared, for which there are binaries of their own. */
  readonly shared: boolean;
  /** What threads have for themselves behind the arena, where an instruction needs so many bytes. */
  workspaceBytes(bytes: number): number;
  /** @throws RangeError where the engine refuses; WebAssembly.LinkError where the module is for memory of the other kind */
  newMemory(module: WebAssembly.Module, pages: number): Memory;
}
