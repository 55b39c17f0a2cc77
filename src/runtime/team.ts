// The threads that run programs: workers, started once when they are first needed and shared by all models. Every thread runs the same
// program over the model's memory; assembly/threads.inline.ts tells how they share it.

import { COUNTER_SHIFT, TeamWord } from '../../assembly/opcodes.ts';
import { LanewiseError } from '../errors.ts';
import { MOST_PAGES } from './wasm.ts';
import { startWebWorker } from './webWorker.ts';

/** A stretch of a program, for a team. */
export interface Job {
  /** Whose memory: a number for each. */
  readonly model: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly threads: number;
  readonly from: number;
  readonly to: number;
  /** Where the threads' counters lie, and behind them the workspaces of all threads but the first, and the bytes of each. */
  readonly workspaces: number;
  readonly workspaceBytes: number;
  /** Addresses at which the time is taken, the last one `to`, and the milliseconds since the start: 8 bytes each. */
  readonly marks?: readonly number[];
  readonly times?: SharedArrayBuffer;
}

/** To a worker that has a model's memory: remote.ts sends them. */
export interface RemoteWord {
  readonly model: number;
  readonly [key: string]: unknown;
}

/** A worker, in the words that Node and browsers have in common. */
export interface Member {
  post(message: object, transfer?: ArrayBuffer[]): void;
  /** Whether it keeps the process alive. */
  hold(held: boolean): void;
  /** Resolves when it runs no more. */
  terminate(): Promise<unknown>;
  /** Whether it is known to run no more, though word of that may wait until this thread is free; false where nobody can tell. */
  ended(): boolean;
  readonly opened: Set<number>;
}

interface Answer {
  readonly job: number;
  /** Where the program stopped. */
  readonly stopped: number;
  /** What was asked for of a memory that is the worker's own. */
  readonly bytes?: ArrayBuffer;
  /** What the worker cannot go on after. */
  readonly failure?: string;
  /** What it can. */
  readonly refusal?: string;
}

/** How a worker reports. */
export type Listener = { readonly answer: (answer: Answer) => void; readonly dead: (why: string) => void };
/** Starts a worker. */
type Start = (listener: Listener) => Member;

/** Words of a memory, for Atomics. */
const wordsOf = (memory: WebAssembly.Memory) => new Int32Array(memory.buffer, 0, 16);

/** How long no thread may get on before a blocking wait gives up, in milliseconds: where nobody can tell whether a worker has ended. */
const PATIENCE = 20_000;

/** After how many milliseconds a blocking wait looks again. */
const LOOK = 50;

/** What the first thread's word says once the program has run; anything else but 0: a thread has failed. */
const RAN = 1;

/** @internal */
export class Team {
  readonly #start: Start;
  #members: Member[] = [];
  readonly #pending = new Map<number, { readonly resolve: (answer: Answer) => void; readonly reject: (error: LanewiseError) => void }>();
  #jobs = 0;
  #generation = 0;
  /** While workers of a team that failed are still ending. */
  #ending: Promise<unknown> | undefined;

  constructor(start: Start) {
    this.#start = start;
  }

  static #shared: Team | undefined;

  /** The team of this process or page; without workers so far. */
  static shared(): Team {
    Team.#shared ??= new Team(startWorker);
    return Team.#shared;
  }

  /** Counts teams that failed. With them went the memories that were their workers' own. */
  get generation(): number {
    return this.#generation;
  }

  /** Runs a stretch; gives where it stopped. Stretches run in the order in which they are given. */
  async run(job: Job): Promise<number> {
    while (this.#ending) await this.#ending;
    return (await this.#answer(this.#post(job))).stopped;
  }

  /** Sends word to the first worker, which has a memory of its own for a model: see remote.ts. */
  tell(remote: RemoteWord, transfer?: ArrayBuffer[]): void {
    if (this.#members.length === 0) this.#hire();
    const [first] = this.#members;
    first?.opened.add(remote.model);
    first?.post({ remote }, transfer);
  }

  /** As `tell`, and gives the answer. */
  ask(remote: RemoteWord): Promise<Answer> {
    const id = ++this.#jobs;
    this.tell({ ...remote, id });
    return this.#answer(id);
  }

  async #answer(id: number): Promise<Answer> {
    const [first] = this.#members;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        first?.hold(true);
      });
    } finally {
      this.#pending.delete(id);
      if (this.#pending.size === 0) first?.hold(false);
    }
  }

  /** As `run`, and blocks. @throws LanewiseError UNSUPPORTED on a page's main thread, which may not wait */
  runSync(job: Job): number {
    if (this.#ending)
      throw new LanewiseError('WORKER_FAILED', 'a worker has failed, and others have not ended yet: use run(), which waits for them');
    const words = wordsOf(job.memory);
    const at = TeamWord.Done / 4;
    Atomics.store(words, at, 0);
    this.#post(job);
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

  /** A memory that threads share and that may grow as far as any, where the engine sets that much of its address space aside. */
  newMemory(pages: number): WebAssembly.Memory {
    try {
      return new WebAssembly.Memory({ initial: pages, maximum: MOST_PAGES, shared: true });
    } catch {
      return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    }
  }

  /** Asks the run on a memory to end before its next instruction. */
  stop(memory: WebAssembly.Memory): void {
    Atomics.store(wordsOf(memory), TeamWord.Stop / 4, 1);
  }

  /** Lets go of a model's memory. */
  close(model: number): void {
    for (const member of this.#members) if (member.opened.delete(model)) member.post({ close: model });
  }

  #post({ model, module, memory, ...rest }: Job): number {
    const id = ++this.#jobs;
    const words = wordsOf(memory);
    // What threads that died have left; others leave zeros.
    Atomics.store(words, TeamWord.Arrived / 4, 0);
    new Int32Array(memory.buffer, rest.workspaces, (rest.threads << COUNTER_SHIFT) / 4).fill(0);
    Atomics.store(words, TeamWord.Stop / 4, 0);
    while (this.#members.length < rest.threads) this.#hire();
    for (const [index, member] of this.#members.slice(0, rest.threads).entries()) {
      const open = member.opened.has(model) ? undefined : { model, module, memory };
      member.opened.add(model);
      member.post({ open, job: { id, model, index, doneWord: TeamWord.Done / 4, ...rest } });
    }
    return id;
  }

  /** Looked at by each answer too: whether a worker has ended can be told only of one that was looked at while it ran. */
  #someEnded(): boolean {
    return this.#members.some((member) => member.ended());
  }

  #hire(): void {
    const member = this.#start({
      answer: (answer) => {
        this.#someEnded();
        if (answer.failure) this.#fail(answer.failure);
        else this.#pending.get(answer.job)?.resolve(answer);
      },
      dead: (why) => {
        if (this.#members.includes(member)) this.#fail(why);
      },
    });
    this.#members.push(member);
  }

  /** Without one of its threads a team cannot go on: all runs fail, and the next one gets new workers. */
  #fail(why: string): LanewiseError {
    const error = new LanewiseError('WORKER_FAILED', `a worker that ran the model failed: ${why}`);
    const members = this.#members;
    this.#members = [];
    this.#generation++;
    const ending = Promise.allSettled(members.map((member) => member.terminate())).then(() => {
      if (this.#ending === ending) this.#ending = undefined;
    });
    this.#ending = ending;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    return error;
  }
}

/** Node's own kind of workers. */
export const nodeWorkers = () => globalThis.process?.getBuiltinModule?.('node:worker_threads');

/** Starts a worker of the kind that this place has. */
export const startWorker: Start = (listener) => {
  // Deno and Bun have both kinds, and only Node's lets a program end while a worker waits. Emscripten's modules make Node's kind global under Node.
  const node = nodeWorkers();
  const web = typeof Worker === 'function' && (Worker as unknown) !== node?.Worker && !('Deno' in globalThis || 'Bun' in globalThis);
  const threads = web ? undefined : node;
  return threads ? startNodeWorker(threads, listener) : startWebWorker(listener);
};

function startNodeWorker(threads: NonNullable<ReturnType<typeof nodeWorkers>>, { answer, dead }: Listener): Member {
  // Options of this process, --input-type for one, may not suit a file.
  const worker = new threads.Worker(new URL('./worker.js', import.meta.url), { execArgv: [] });
  // Node says so where its event loop is measured, from the first look on: -1 once it is gone, long before the event can be received here. Bun and Deno have no such thing.
  const ended = () => (worker.performance?.eventLoopUtilization?.().idle ?? 0) < 0;
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
