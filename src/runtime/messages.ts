// The messages between threads and the thread that started them. Types only: team.ts and workerMemory.ts are one side,
// worker.js the other.

/** Messages by `kind`. Every message is about one memory, which `memoryId` names. */
export type Message = Open | Close | Job | TimedJob | OwnMessage;

/** Memory that the worker shares from now on. */
export interface Open {
  readonly kind: 'open';
  readonly memoryId: number;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
}

/** Memory that is released, shared or the worker's own. */
export interface Close {
  readonly kind: 'close';
  readonly memoryId: number;
}

/** A stretch of a program in shared memory, for several threads. The first thread answers `stopped`. */
interface Run {
  /** The number that an answer repeats. */
  readonly id: number;
  readonly memoryId: number;
  /** The index of this thread, and how many there are. */
  readonly index: number;
  readonly threads: number;
  /** Byte addresses of the stretch. */
  readonly from: number;
  readonly to: number;
  /**
   * The address of the threads' counters, which the workspaces of all threads but the first follow, and the bytes of each
   * workspace.
   */
  readonly workspaces: number;
  readonly workspaceBytes: number;
  /** The index of TeamWord.Done: 1 once the program has run, -1 if it failed; the next word is where it stopped. */
  readonly doneWord: number;
}

export interface Job extends Run {
  readonly kind: 'job';
}

export interface TimedJob extends Run, Timing {
  readonly kind: 'timedJob';
}

export interface Timing {
  /** Addresses at which the time is taken; the last one is the end. */
  readonly marks: readonly number[];
  /** Receives milliseconds since the start: 8 bytes each. */
  readonly times: SharedArrayBuffer;
}

/** About a memory that is the worker's own, if memory cannot be shared. */
export type OwnMessage = Command | Numbered<Question>;

/** Messages without an answer; if the engine refuses one, the answer to the next question says so. */
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
  /** Length in bytes. */
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

/** Answers to questions, unless they are refused. */
export type AnswerTo<Q extends Question> = Q extends Read ? Bytes : Stopped;

export type Answer = Stopped | Bytes | Refused | Failed;

/** The address where a program stopped. */
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

/** An error after which the worker goes on. */
export interface Refused {
  readonly kind: 'refused';
  readonly id: number;
  readonly why: string;
}

/** An error after which it cannot go on. */
export interface Failed {
  readonly kind: 'failed';
  readonly why: string;
}

/** A web worker's first message. */
export interface Running {
  readonly kind: 'running';
}

/** A worker, by the methods that Node and browsers have in common. */
export interface Member {
  post(message: Message, transfer?: ArrayBuffer[]): void;
  /** Sets whether it keeps the process alive. */
  hold(held: boolean): void;
  /** Resolves when it has ended. */
  terminate(): Promise<unknown>;
  /** Whether it is known to have ended, though the event may wait until this thread is free; false if that cannot be known. */
  ended(): boolean;
  /** The memories that it has, by their ids. */
  readonly opened: Set<number>;
}

/** Callbacks for a worker's messages and errors. */
export interface Listener {
  readonly answer: (answer: Answer) => void;
  readonly dead: (why: string) => void;
}
