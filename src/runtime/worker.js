// @ts-check
// A thread of the team in team.ts, in a file of its own because that is what a Worker loads: plain JavaScript, the same in
// the sources and in the package. messages.ts has its messages and answers.

/**
 * @import { Answer, Job, Message, OwnMessage, TimedJob } from './messages.ts'
 * @typedef {(answer: Answer, transfer?: ArrayBuffer[]) => void} Reply
 * @typedef {(from: number, to: number) => number} Run
 * @typedef {{ run: Run, join: (index: number, count: number, base: number, bytes: number) => void, words: Int32Array }} Shared
 * @typedef {{ run: Run, memory: WebAssembly.Memory, stop: boolean }} Own
 */

/** How many bytes of released memory are worth a collection at once. */
const MUCH = 64 * 1024 * 1024;

/**
 * By memory id: the kernels on it, and its first words.
 * @type {Map<number, Shared>}
 */
const shared = new Map();

/** @type {(message: Message, reply: Reply) => void} */
function receive(message, reply) {
  const { kind, memoryId } = message;
  if (kind === 'open') {
    const { exports } = instanceOn(message.memory, message.module);
    shared.set(memoryId, { ...exports, words: new Int32Array(message.memory.buffer, 0, 16) });
  } else if (kind === 'close') release(memoryId);
  else if (kind === 'job' || kind === 'timedJob') runShared(message, reply);
  else {
    try {
      receiveOwn(message, reply);
    } catch (error) {
      if (error instanceof RangeError) refusals.set(memoryId, error.message);
      else reply(failure(error));
    }
  }
}

/** @type {(memory: WebAssembly.Memory, module: WebAssembly.Module) => { exports: any }} */
const instanceOn = (memory, module) => new WebAssembly.Instance(module, { env: { memory } });

/** @type {(error: any) => Answer} */
const failure = (error) => ({ kind: 'failed', why: String(error) });

/** @type {(job: Job | TimedJob, reply: Reply) => void} */
function runShared(job, reply) {
  const { id, memoryId, index, from, to, doneWord } = job;
  const { join, run, words } = /** @type {Shared} */ (shared.get(memoryId));
  /** @type {(value: number) => void} */
  const tell = (value) => {
    Atomics.store(words, doneWord, value);
    Atomics.notify(words, doneWord);
  };
  try {
    join(index, job.threads, job.workspaces, job.workspaceBytes);
    const stopped = job.kind === 'timedJob' ? runAndTime(run, job) : run(from, to) >>> 0;
    // When the first thread has stopped, all others have: each instruction ends for all of them at once.
    if (index > 0) return;
    Atomics.store(words, doneWord + 1, stopped);
    tell(1);
    reply({ kind: 'stopped', id, stopped });
  } catch (error) {
    // A thread that blocks receives no reply.
    tell(-1);
    reply(failure(error));
  }
}

let releasedBytes = 0;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let releaseTimer;

/**
 * Collects soon after the last of several models was released, or at once if it is much.
 * @type {(memoryId: number) => void}
 */
function release(memoryId) {
  releasedBytes += shared.get(memoryId)?.words.buffer.byteLength ?? 0;
  shared.delete(memoryId);
  owned.delete(memoryId);
  refusals.delete(memoryId);
  clearTimeout(releaseTimer);
  if (releasedBytes >= MUCH) urgeCollection();
  else releaseTimer = setTimeout(urgeCollection, 50);
}

/**
 * Engines do not count shared memory when they decide when to collect garbage, so it would stay for minutes. They do count
 * these buffers, which take no memory because nobody touches them.
 */
function urgeCollection() {
  releasedBytes = 0;
  try {
    for (let i = 0; i < 3; i++) new ArrayBuffer(128 * 1024 * 1024);
  } catch {
    // If there is not enough room, the engine collects anyway.
  }
}

/**
 * Runs from one address to the next, and notes when each was reached.
 * @type {(run: Run, job: TimedJob) => number}
 */
function runAndTime(run, { from, marks, times, index }) {
  const clock = new Float64Array(times);
  const start = performance.now();
  let at = from;
  for (const [i, mark] of marks.entries()) {
    at = run(at, mark) >>> 0;
    if (index === 0) clock[i] = performance.now() - start;
    if (at !== mark) break;
  }
  return at;
}

/**
 * By memory id: memories of this worker's own, if memory cannot be shared. workerMemory.ts is the other side.
 * @type {Map<number, Own>}
 */
const owned = new Map();
/**
 * By memory id: the engine's error when it refused to allocate or grow.
 * @type {Map<number, string>}
 */
const refusals = new Map();
/**
 * The end of the last run: they take turns.
 * @type {Promise<void>}
 */
let lastRun = Promise.resolve();

/** @type {(message: OwnMessage, reply: Reply) => void} */
function receiveOwn(message, reply) {
  const { memoryId } = message;
  if (message.kind === 'create') {
    const memory = new WebAssembly.Memory({ initial: message.pages });
    owned.set(memoryId, { memory, run: instanceOn(memory, message.module).exports.run, stop: false });
    return;
  }
  const entry = owned.get(memoryId);
  const why = refusals.get(memoryId) ?? (entry ? '' : 'the model was disposed of');
  if (!entry || why) {
    if ('id' in message) reply({ kind: 'refused', id: message.id, why });
    return;
  }
  const { memory, run } = entry;
  switch (message.kind) {
    case 'grow':
      memory.grow(message.pages - memory.buffer.byteLength / 65536);
      break;
    case 'write':
      new Uint8Array(memory.buffer, message.address).set(new Uint8Array(message.bytes));
      break;
    case 'call':
      if (run(message.from, message.to) >>> 0 !== message.to) throw new Error(`an instruction at ${message.from} is unknown`);
      break;
    case 'read': {
      const bytes = memory.buffer.slice(message.address, message.address + message.length);
      reply({ kind: 'bytes', id: message.id, bytes }, [bytes]);
      break;
    }
    case 'run':
      entry.stop = false;
      lastRun = lastRun
        .then(() => runOwn(entry, message.starts))
        .then(
          (stopped) => reply({ kind: 'stopped', id: message.id, stopped }),
          (error) => reply(failure(error)),
        );
      break;
    case 'stop':
      entry.stop = true;
  }
}

/** Milliseconds after which a run lets messages in, one of which may stop it. */
const SLICE = 4;
const { port1, port2 } = new MessageChannel();
const letIn = () =>
  new Promise((resolve) => {
    port1.onmessage = resolve;
    port2.postMessage(0);
  });

/** @type {(entry: Own, starts: readonly number[]) => Promise<number>} */
async function runOwn(entry, starts) {
  let since = performance.now();
  let [at = 0] = starts;
  for (const to of starts.slice(1)) {
    at = entry.run(at, to) >>> 0;
    if (at !== to) return at;
    if (performance.now() - since < SLICE) continue;
    await letIn();
    if (entry.stop) return at;
    since = performance.now();
  }
  return at;
}

// Bun supports both APIs, but delivers messages of `worker_threads` only to `parentPort`.
const { parentPort } = globalThis.process?.getBuiltinModule?.('node:worker_threads') ?? {};
if (parentPort) {
  parentPort.on('message', (data) => receive(data, (answer, transfer) => parentPort.postMessage(answer, transfer)));
} else {
  globalThis.onmessage = ({ data }) => receive(data, (answer, transfer) => postMessage(answer, { transfer }));
  postMessage({ kind: 'running' });
}
