// The threads that run programs: workers, started once when they are first needed and shared by all models. Every thread
// runs the same program over the model's memory; assembly/threads.inline.ts explains how they share it.

import { COUNTER_SHIFT, TeamWord } from '../../assembly/opcodes.ts';
import { LanewiseError } from '../errors.ts';
import type { Answer, AnswerTo, Listener, Member, OwnMessage, Question, Refused, Stopped, Timing } from './messages.ts';
import { startWebWorker } from './webWorker.ts';

/** A stretch of a program, for a team. */
export interface Stretch {
  /** The memory's id: see newId. */
  readonly memoryId: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  readonly from: number;
  readonly to: number;
  /**
   * The address of the threads' counters, which the workspaces of all threads but the first follow, and the bytes of each
   * workspace.
   */
  readonly workspaces: number;
  readonly workspaceBytes: number;
  readonly timing?: Timing;
}

/** Starts a worker. */
export type Start = (listener: Listener) => Member;

/** A memory's words, for Atomics. */
const wordsOf = (memory: WebAssembly.Memory) => new Int32Array(memory.buffer, 0, 16);

/**
 * How long a blocking wait goes on without progress of any thread, in milliseconds, if it cannot be known whether a worker
 * has ended.
 */
const PATIENCE = 20_000;

/** Milliseconds after which a blocking wait checks again. */
const LOOK = 50;

/** The first thread's word once the program has run; any other but 0: a thread has failed. */
const RAN = 1;

/** @internal */
export class Team {
  readonly #start: Start;
  #members: Member[] = [];
  readonly #pending = new Map<number, { readonly resolve: (answer: Answer) => void; readonly reject: (why: string) => void }>();
  #lastJob = 0;
  #lastMemory = 0;
  /** Makes the workers release memories that nobody disposed of. */
  readonly #collected = new FinalizationRegistry((memoryId: number) => this.close(memoryId));
  #generation = 0;
  /** Whether workers of a team that failed are still ending. */
  #ending: Promise<unknown> | undefined;

  constructor(start: Start) {
    this.#start = start;
  }

  static #shared: Team | undefined;

  /** The team of this process or page; without workers so far. */
  static async shared(): Promise<Team> {
    const start = await findStart();
    Team.#shared ??= new Team(start);
    return Team.#shared;
  }

  /** How many teams have failed. Memories that were their workers' own are lost. */
  get generation(): number {
    return this.#generation;
  }

  /** An id by which workers know a memory. It is released once `memory` has been collected. */
  newId(memory: object): number {
    const id = ++this.#lastMemory;
    this.#collected.register(memory, id);
    return id;
  }

  /** Runs a stretch. @returns where it stopped. Stretches run in the order in which they are given */
  async run(stretch: Stretch): Promise<number> {
    while (this.#ending) await this.#ending;
    return (await this.#answer<Stopped>(this.#post(stretch))).stopped;
  }

  /** Sends a message about a memory of its own to the first worker: see workerMemory.ts. */
  tell(message: OwnMessage, transfer?: ArrayBuffer[]): void {
    if (this.#members.length === 0) this.#addWorker();
    const [first] = this.#members;
    first?.opened.add(message.memoryId);
    first?.post(message, transfer);
  }

  /** As `tell`. @returns the answer */
  ask<Q extends Question>(question: Q): Promise<AnswerTo<Q> | Refused> {
    const id = ++this.#lastJob;
    this.tell({ ...question, id });
    return this.#answer(id);
  }

  async #answer<A extends Answer>(id: number): Promise<A> {
    const [first] = this.#members;
    try {
      return await new Promise<A>((resolve, reject) => {
        this.#pending.set(id, { resolve: resolve as (answer: Answer) => void, reject });
        first?.hold(true);
      });
    } catch (why) {
      // Made here, where its stack leads to the caller.
      throw workerFailed(why as string);
    } finally {
      this.#pending.delete(id);
      if (this.#pending.size === 0) first?.hold(false);
    }
  }

  /** As `run`, and blocks. @throws LanewiseError UNSUPPORTED on a page's main thread, which may not wait */
  runSync(stretch: Stretch): number {
    if (this.#ending)
      throw new LanewiseError('WORKER_FAILED', 'a worker has failed, and others have not ended yet: use run(), which waits for them');
    const words = wordsOf(stretch.memory);
    const at = TeamWord.Done / 4;
    Atomics.store(words, at, 0);
    this.#post(stretch);
    let seen = 0;
    let since = performance.now();
    while (Atomics.load(words, at) === 0) {
      if (this.#someEnded()) throw this.#fail('it ended');
      try {
        Atomics.wait(words, at, 0, LOOK);
      } catch (cause) {
        throw new LanewiseError('UNSUPPORTED', "a page's main thread may not wait for others: use run() instead of runSync()", { cause });
      }
      const turn = Atomics.load(words, TeamWord.Turn / 4);
      if (turn !== seen) since = performance.now();
      seen = turn;
      if (performance.now() - since > PATIENCE) throw this.#fail('no thread has got on');
    }
    if (Atomics.load(words, at) !== RAN) throw this.#fail('it has thrown');
    return Atomics.load(words, at + 1) >>> 0;
  }

  /** Asks the run on a memory to end before its next instruction. */
  stop(memory: WebAssembly.Memory): void {
    Atomics.store(wordsOf(memory), TeamWord.Stop / 4, 1);
  }

  /** Releases a memory. */
  close(memoryId: number): void {
    for (const member of this.#members) if (member.opened.delete(memoryId)) member.post({ kind: 'close', memoryId });
  }

  #post({ module, memory, timing, ...rest }: Stretch): number {
    const id = ++this.#lastJob;
    const { memoryId, threads } = rest;
    const words = wordsOf(memory);
    // Threads that died may have left other numbers; otherwise these are zeros.
    Atomics.store(words, TeamWord.Arrived / 4, 0);
    new Int32Array(memory.buffer, rest.workspaces, (threads << COUNTER_SHIFT) / 4).fill(0);
    Atomics.store(words, TeamWord.Stop / 4, 0);
    while (this.#members.length < threads) this.#addWorker();
    for (const [index, member] of this.#members.slice(0, threads).entries()) {
      if (!member.opened.has(memoryId)) member.post({ kind: 'open', memoryId, module, memory });
      member.opened.add(memoryId);
      const job = { ...rest, id, index, doneWord: TeamWord.Done / 4 };
      member.post(timing ? { ...job, ...timing, kind: 'timedJob' } : { ...job, kind: 'job' });
    }
    return id;
  }

  /** Every answer checks this too, because whether a worker has ended is known only if it was checked while it ran. */
  #someEnded(): boolean {
    return this.#members.some((member) => member.ended());
  }

  #addWorker(): void {
    const member = this.#start({
      answer: (answer) => {
        this.#someEnded();
        if (answer.kind === 'failed') this.#fail(answer.why);
        else this.#pending.get(answer.id)?.resolve(answer);
      },
      dead: (why) => {
        if (this.#members.includes(member)) this.#fail(why);
      },
    });
    this.#members.push(member);
  }

  /** A team cannot go on without one of its threads: all runs fail, and the next one gets new workers. */
  #fail(why: string): LanewiseError {
    const members = this.#members;
    this.#members = [];
    this.#generation++;
    const ending = Promise.allSettled(members.map((member) => member.terminate())).then(() => {
      if (this.#ending === ending) this.#ending = undefined;
    });
    this.#ending = ending;
    for (const { reject } of this.#pending.values()) reject(why);
    this.#pending.clear();
    return workerFailed(why);
  }
}

const workerFailed = (why: string) => new LanewiseError('WORKER_FAILED', `a worker that ran the model failed: ${why}`);

/** Node's own kind of workers. */
export const nodeWorkers = () => globalThis.process?.getBuiltinModule?.('node:worker_threads');

/** How a worker of the kind that this platform has is started. */
export async function findStart(): Promise<Start> {
  // Deno and Bun have both kinds, and only Node's lets a program end while a worker waits. Under Node, Emscripten's modules
  // make Node's kind global.
  const node = nodeWorkers();
  const web = typeof Worker === 'function' && (Worker as unknown) !== node?.Worker && !('Deno' in globalThis || 'Bun' in globalThis);
  if (web || !node) return startWebWorker;
  // From its text, because beside a bundle, and in an executable, there is no worker.js, or one that is not ours.
  const { default: text } = await import('../../build/worker-text.js');
  return (listener) => startNodeWorker(node, text, listener);
}

function startNodeWorker(threads: NonNullable<ReturnType<typeof nodeWorkers>>, text: string, { answer, dead }: Listener): Member {
  // The process' options, such as --input-type, may not suit it.
  const worker = new threads.Worker(text, { eval: true, execArgv: [] });
  // Node shows this if the event loop is measured, from the first check on: it becomes -1 when the worker ends, long before
  // the event can be received here. Deno has nothing like it, and Bun's says on the console that it does nothing.
  const ended = () => !('Bun' in globalThis) && (worker.performance?.eventLoopUtilization?.().idle ?? 0) < 0;
  worker.on('message', answer);
  worker.on('error', (error) => dead(error.message));
  worker.on('exit', (code) => dead(`it ended (exit code ${code})`));
  worker.unref();
  return {
    opened: new Set(),
    post: (message, transfer) => worker.postMessage(message, transfer ?? []),
    hold: (held) => void (held ? worker.ref() : worker.unref()),
    terminate: () => worker.terminate(),
    ended,
  };
}
