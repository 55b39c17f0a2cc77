// A thread of the team in team.ts, in a file of its own, for that is what a Worker loads: plain JavaScript, the same in the sources and in the
// package.

/** Bytes. */
const MUCH = 64 * 1024 * 1024;

/** By model: the kernels on its memory, and that memory's first words. */
const models = new Map();

function receive({ open, close, job }, reply) {
  if (open) {
    const { exports } = new WebAssembly.Instance(open.module, { env: { memory: open.memory } });
    models.set(open.model, { ...exports, words: new Int32Array(open.memory.buffer, 0, 16) });
  }
  if (close !== undefined) release(close);
  if (!job) return;
  try {
    const { join, run, words } = models.get(job.model);
    join(job.index, job.threads, job.workspaces, job.workspaceBytes);
    const stopped = job.marks ? runAndTime(run, job) : run(job.from, job.to) >>> 0;
    // Where the first thread is, all others have been: each instruction ends for all of them at once.
    if (job.index > 0) return;
    Atomics.store(words, job.doneWord + 1, stopped);
    Atomics.store(words, job.doneWord, 1);
    Atomics.notify(words, job.doneWord);
    reply({ job: job.id, stopped });
  } catch (error) {
    reply({ job: job.id, failure: String(error?.stack ?? error) });
  }
}

let released = 0;
let idle;

/** A model's memory goes soon after the last of several models, or when it is much. */
function release(model) {
  released += models.get(model)?.words.buffer.byteLength ?? 0;
  models.delete(model);
  clearTimeout(idle);
  if (released >= MUCH) urgeCollection();
  else idle = setTimeout(urgeCollection, 50);
}

/**
 * Engines do not count memory that threads share when they decide when to collect garbage, so it would stay for minutes. They do count this, which
 * nobody touches and which therefore takes none.
 */
function urgeCollection() {
  released = 0;
  try {
    for (let i = 0; i < 3; i++) new ArrayBuffer(128 * 1024 * 1024);
  } catch {
    // Where there is no such room, it is collected anyway.
  }
}

/** From one mark to the next, and when it was reached. */
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

if (typeof postMessage === 'function') {
  globalThis.onmessage = ({ data }) => receive(data, postMessage);
} else {
  const { parentPort } = process.getBuiltinModule('node:worker_threads');
  parentPort.on('message', (data) => receive(data, (message) => parentPort.postMessage(message)));
}
