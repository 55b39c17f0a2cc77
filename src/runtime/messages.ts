// What threads and the one that started them say to each other. Types only: team.ts and workerMemory.ts are one side, worker.js the other.

/** By `kind`. Every message is about one memory, which `memoryId` names. */
export type Message = Open | Close | Job | TimedJob | OwnMessage;

/** Memory that the worker shares from now on. */
export interface Open {
  readonly kind: 'open';
  readonly memoryId: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** Memory that is let go of, shared or the worker's own. */
export interface Close {
  readonly kind: 'close';
  readonly memoryId: number;
}

/** A stretch of a program in shared memory, for each of several threads. The first one answers `stopped`. */
interface Run {
  /** The number by which an answer names what it answers. */
  readonly id: number;
  readonly memoryId: number;
  /** Which thread this is, of how many. */
  readonly index: number;
  readonly threads: number;
  /** Byte addresses. */
  readonly from: number;
  readonly to: number;
  /** Where the threads' counters lie, and behind them the workspaces of all threads but the first, and the bytes of each. */
  readonly workspaces: number;
  readonly workspaceBytes: number;
  /** TeamWord.Done, in words: 1 once the program has run, -1 where it failed; where it stopped comes behind it. */
  readonly doneWord: number;
}

export interface Job extends Run {
  readonly kind: 'job';
}

export interface TimedJob extends Run, Timing {
  readonly kind: 'timedJob';
}

export interface Timing {
  /** Addresses at which the time is taken, the last one the end. */
  readonly marks: readonly number[];
  /** For the milliseconds since the start: 8 bytes each. */
  readonly times: SharedArrayBuffer;
}

/** About a memory that is the worker's own, where memory cannot be shared. */
export type OwnMessage = Command | Numbered<Question>;

/** What has no answer; what the engine refuses the worker is the answer to the next question. */
export type Command =
  | { readonly kind: 'create'; readonly memoryId: number; readonly module: WebAssembly.Module; readonly pages: number }
  | { readonly kind: 'grow'; readonly memoryId: number; readonly pages: number }
  | { readonly kind: 'write'; readonly memoryId: number; readonly address: number; readonly bytes: ArrayBuffer }
  /** Runs instructions that prepare the memory. */
  | { readonly kind: 'call'; readonly memoryId: number; readonly from: number; readonly to: number }
  /** Ends the run before one of its next instructions. */
  | { readonly kind: 'stop'; readonly memoryId: number };

export type Question = Read | RunOwn;

/** Answered `bytes`. */
export interface Read {
  readonly kind: 'read';
  readonly memoryId: number;
  readonly address: number;
  /** Bytes. */
  readonly length: number;
}

/** Answered `stopped`. */
export interface RunOwn {
  readonly kind: 'run';
  readonly memoryId: number;
  /** Addresses of the instructions, and the end of the last. */
  readonly starts: readonly number[];
}

export type Numbered<T> = T & { readonly id: number };

/** What a question is answered, unless it is refused. */
export type AnswerTo<Q extends Question> = Q extends Read ? Bytes : Stopped;

export type Answer = Stopped | Bytes | Refused | Failed;

/** Where a program stopped. */
export interface Stopped {
  readonly kind: 'stopped';
  readonly id: number;
  readonly stopped: number;
}

export interface Bytes {
  readonly kind: 'bytes';
  readonly id: number;
  readonly bytes: ArrayBuffer;
}

/** What the worker goes on after. */
export interface Refused {
  readonly kind: 'refused';
  readonly id: number;
  readonly why: string;
}

/** What it cannot go on after. */
export interface Failed {
  readonly kind: 'failed';
  readonly why: string;
}

/** A web worker's first word. */
export interface Running {
  readonly kind: 'running';
}

/** A worker, in the words that Node and browsers have in common. */
export interface Member {
  post(message: Message, transfer?: ArrayBuffer[]): void;
  /** Whether it keeps the process alive. */
  hold(held: boolean): void;
  /** Resolves when it runs no more. */
  terminate(): Promise<unknown>;
  /** Whether it is known to run no more, though word of that may wait until this thread is free; false where nobody can tell. */
  ended(): boolean;
  /** The memories that it has, by their ids. */
  readonly opened: Set<number>;
}

/** How a worker reports. */
export interface Listener {
  readonly answer: (answer: Answer) => void;
  readonly dead: (why: string) => void;
}
