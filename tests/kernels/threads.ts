// Who runs the plans of tests: memory that is full of NaN and used again, for fresh memory is what costs most, and threads that are woken without a message.

import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import { COUNTER_SHIFT, STATIC_BYTES } from '../../assembly/opcodes.ts';
import { Engine } from '../../src/runtime/engine.ts';
import { LocalMemory } from '../../src/runtime/localMemory.ts';
import type { Runner as EngineRunner, Workspaces } from '../../src/runtime/memory.ts';

/** A quiet NaN that no kernel computes; a number like any other to whole numbers. */
export const CANARY = 0x7fc5a5a5;

const PAGE = 65536;
/** Memories of more pages are used again only by the very next plan. */
const SMALL = 64;
/** Milliseconds without an answer after which threads count as hanging. */
const PATIENCE = 60_000;

/** What threads tell each other, by place in an Int32Array. */
const Word = { Job: 0, Done: 1, Slot: 2, Threads: 3, Workspaces: 4, WorkspaceBytes: 5, From: 6, To: 7, Stopped: 8, Failed: 9, Words: 10 };

/** What the threads run. */
interface Job {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly workspaces: Workspaces;
  readonly from: number;
  readonly to: number;
}

interface Thread {
  readonly worker: Worker;
  readonly port: MessagePort;
}

/** Runs plans on one thread, this one, or on several. */
export class Runner implements EngineRunner {
  readonly count: number;
  readonly shared: boolean;
  readonly #memories = new Map<number, WebAssembly.Memory>();
  #large: WebAssembly.Memory | undefined;
  readonly #slots = new Map<WebAssembly.Memory, Map<WebAssembly.Module, number>>();
  #slot = 0;
  readonly #words = new Int32Array(new SharedArrayBuffer(4 * Word.Words));
  #members: Thread[] = [];
  #last: Job | undefined;

  /** @param threads 1, or more with binaries whose memory is shared */
  constructor(threads: number) {
    this.count = threads;
    this.shared = threads > 1;
  }

  /** An engine in memory full of NaN, which it has until the next one is asked for. */
  engine(module: WebAssembly.Module): Engine {
    this.#last = undefined;
    return new Engine(module, this);
  }

  workspaceBytes(bytes: number): number {
    return this.shared ? (this.count << COUNTER_SHIFT) + (this.count - 1) * bytes : 0;
  }

  newMemory(module: WebAssembly.Module, pages: number): LocalMemory {
    const memory = this.#freshMemory(pages);
    return this.shared ? new ThreadsMemory(module, memory, (job) => this.#runOnThreads(job)) : new LocalMemory(module, memory);
  }

  /** Exactly so many pages, so that what reads behind them traps. */
  #freshMemory(pages: number): WebAssembly.Memory {
    const known = pages <= SMALL ? this.#memories.get(pages) : this.#large;
    const fits = known?.buffer.byteLength === pages * PAGE;
    const memory =
      known && fits ? known : new WebAssembly.Memory(this.shared ? { initial: pages, maximum: pages, shared: true } : { initial: pages });
    if (pages <= SMALL) this.#memories.set(pages, memory);
    else if (memory !== this.#large) {
      const forgotten = this.#large && this.#slots.get(this.#large);
      for (const { port } of this.#members) for (const slot of forgotten?.values() ?? []) port.postMessage({ slot });
      if (this.#large) this.#slots.delete(this.#large);
      this.#large = memory;
    }
    const words = new Uint32Array(memory.buffer);
    words.fill(0, 0, STATIC_BYTES / 4);
    words.fill(CANARY, STATIC_BYTES / 4);
    return memory;
  }

  /** Where the threads of the last run had their counters and workspaces, and the words by which they meet: from, to. */
  own(): (readonly [number, number])[] {
    if (!this.#last) return [];
    const { address, bytes } = this.#last.workspaces;
    return [
      [0, 64],
      [address, address + this.workspaceBytes(bytes)],
    ];
  }

  /** Ends the threads; the next run starts others. */
  async end(): Promise<void> {
    const members = this.#members;
    this.#members = [];
    await Promise.all(members.map(({ worker }) => worker.terminate()));
  }

  #runOnThreads(job: Job): number {
    const { memory, module, from, to, workspaces } = job;
    this.#last = job;
    const words = this.#words;
    while (this.#members.length < this.count) this.#start();
    const slots = this.#slots.get(memory) ?? new Map<WebAssembly.Module, number>();
    this.#slots.set(memory, slots);
    const slot = slots.get(module) ?? ++this.#slot;
    if (!slots.has(module)) for (const { port } of this.#members) port.postMessage({ slot, module, memory });
    slots.set(module, slot);
    words.set([0, slot, this.count, workspaces.address, workspaces.bytes, from, to], Word.Done);
    new Int32Array(memory.buffer, workspaces.address, (this.count << COUNTER_SHIFT) / 4).fill(0);
    Atomics.add(words, Word.Job, 1);
    Atomics.notify(words, Word.Job);
    for (let done = 0; done !== this.count; done = Atomics.load(words, Word.Done)) {
      const hangs = Atomics.wait(words, Word.Done, done, PATIENCE) === 'timed-out';
      if (!hangs && Atomics.load(words, Word.Failed) === 0) continue;
      const why = this.#members.flatMap(({ port }) => receiveMessageOnPort(port)?.message ?? []);
      words[Word.Failed] = 0;
      this.#slots.clear();
      void this.end();
      throw new Error(hangs ? 'the threads hang' : `a thread has thrown: ${why.join('; ')}`);
    }
    return (words[Word.Stopped] as number) >>> 0;
  }

  #start(): void {
    const { port1, port2 } = new MessageChannel();
    const workerData = { index: this.#members.length, words: this.#words, port: port2, job: this.#words[Word.Job], Word };
    const worker = new Worker(new URL('./thread.mjs', import.meta.url), { workerData, transferList: [port2], execArgv: [] });
    port1.unref();
    worker.unref();
    this.#members.push({ worker, port: port1 });
  }
}

/** Memory that is packed on this thread, and run on all. */
class ThreadsMemory extends LocalMemory {
  readonly #module: WebAssembly.Module;
  readonly #run: (job: Job) => number;

  constructor(module: WebAssembly.Module, memory: WebAssembly.Memory, run: (job: Job) => number) {
    super(module, memory);
    this.#module = module;
    this.#run = run;
  }

  override runSync(from: number, to: number): number {
    return this.#run({ module: this.#module, memory: this.memory, workspaces: this.workspaces, from, to });
  }
}
