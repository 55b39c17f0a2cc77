import { LanewiseError } from '../errors.ts';
import { arrayTypes, type Tensor, type TypedArray } from '../graph/tensor.ts';
import type { Compute } from '../plan/plan.ts';
import { checkEnd } from '../plan/program.ts';
import type { Content, NearMemory, Region, Runner, Workspaces } from './memory.ts';
import { copyInto } from './outputs.ts';
import { instantiate, type Kernels, PAGE } from './wasm.ts';

/** Memory on this thread, which also runs the programs. */
export class LocalMemory implements NearMemory {
  workspaces: Workspaces = { address: 0, bytes: 0 };
  lent = false;
  readonly lost = false;
  protected readonly memory: WebAssembly.Memory;
  readonly #kernels: Kernels;

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory) {
    this.memory = memory;
    this.#kernels = instantiate(module, memory);
  }

  get pages(): number {
    return this.buffer.byteLength / PAGE;
  }

  get buffer(): ArrayBufferLike {
    return this.memory.buffer;
  }

  near(): this {
    return this;
  }

  grow(pages: number): void {
    // Also by 0, which detaches the caller's views.
    if (this.lent || pages > this.pages) this.memory.grow(Math.max(0, pages - this.pages));
  }

  view({ type, address, length }: Region): TypedArray {
    return new arrayTypes[type](this.memory.buffer, address, length);
  }

  write(address: number, content: Content): void {
    const target = this.view({ type: content.type, address, length: content.length });
    content.fill(target);
    content.verify?.(this.#kernels.xxh32(target.byteOffset, target.byteLength), target as Uint8Array);
  }

  async read(region: Region, into?: Tensor): Promise<TypedArray> {
    return copyInto(into, this.view(region));
  }

  compute(inputs: readonly (Region | undefined)[], outputs: readonly Region[], compute: Compute): void {
    // The views are made for this call only, because memory may have grown since the last.
    compute(
      inputs.map((region) => region && this.view(region)),
      outputs.map((region) => this.view(region)),
    );
  }

  call(from: number, to: number): void {
    checkEnd(this.#enter(from, to), to);
  }

  runSync(from: number, to: number): number {
    return this.#enter(from, to);
  }

  async run(starts: readonly number[]): Promise<number> {
    return this.runSync(starts[0] as number, starts.at(-1) as number);
  }

  time(starts: readonly number[]): number[] {
    return starts.slice(1).map((end, i) => {
      const begun = performance.now();
      this.call(starts[i] as number, end);
      return performance.now() - begun;
    });
  }

  stop(): void {}

  dispose(): void {
    this.grow(0);
  }

  /** For this thread alone. */
  #enter(from: number, to: number): number {
    try {
      return this.#kernels.run(from, to) >>> 0;
    } catch (cause) {
      // The compiled model was changed, because what the compiler writes stays inside its memory.
      throw new LanewiseError('INVALID_FILE', `the program is damaged: ${(cause as Error).message}`, { cause });
    }
  }
}

/** The runner of this thread. */
export const thisThread: Runner = {
  count: 1,
  shared: false,
  workspaceBytes: () => 0,
  newMemory: (module, pages) => new LocalMemory(module, new WebAssembly.Memory({ initial: pages })),
};
