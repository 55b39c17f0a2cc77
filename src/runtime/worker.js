// A thread of the team in team.ts, in a file of its own, for that is what a Worker loads: plain JavaScript, the same in the sources and in the
// package.

/** Bytes. */
const MUCH = 64 * 1024 * 1024;

/** By model: the kernels on its memory, and that memory's first words. */
const models = new Map();

function receive({ open, close, job, remote }, reply) {
  if (remote) receiveRemote(remote, reply);
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
    // Whoever blocks hears no reply.
    const words = models.get(job.model)?.words;
    if (words) {
      Atomics.store(words, job.doneWord, -1);
      Atomics.notify(words, job.doneWord);
    }
    reply({ job: job.id, failure: String(error?.stack ?? error) });
  }
}

let released = 0;
let idle;

/** A model's memory goes soon after the last of several models, or when it is much. */
function release(model) {
  released += models.get(model)?.words.buffer.byteLength ?? 0;
  models.delete(model);
  remotes.delete(model);
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

/** By model: what has a memory of its own here, where memory cannot be shared. remote.ts is the other side. */
const remotes = new Map();
/** The runs take turns. */
let last = Promise.resolve();

function receiveRemote({ model, open, pages, write, call, read, run, stop, id }, reply) {
  try {
    if (open) {
      const entry = { stopped: 0 };
      remotes.set(model, entry);
      entry.memory = new WebAssembly.Memory({ initial: pages });
      entry.run = new WebAssembly.Instance(open, { env: { memory: entry.memory } }).exports.run;
    }
    const entry = remotes.get(model);
    if (!entry || entry.refusal) return id && reply({ job: id, stopped: 0, refusal: entry?.refusal ?? 'the model was disposed of' });
    if (!open && pages) entry.memory.grow(pages - entry.memory.buffer.byteLength / 65536);
    if (write) new Uint8Array(entry.memory.buffer, write.address).set(new Uint8Array(write.bytes));
    if (call && entry.run(...call) >>> 0 !== call[1]) throw new Error(`an instruction at ${call[0]} is unknown`);
    if (read) {
      const bytes = entry.memory.buffer.slice(read.address, read.address + read.length);
      reply({ job: id, stopped: 0, bytes }, [bytes]);
    }
    if (run) {
      entry.stop = false;
      last = last
        .then(() => runAlone(entry, run))
        .then(
          (stopped) => reply({ job: id, stopped }),
          (error) => reply({ job: id, failure: String(error?.stack ?? error) }),
        );
    }
    if (stop) entry.stop = true;
  } catch (error) {
    const entry = remotes.get(model);
    if (error instanceof RangeError && entry) entry.refusal = error.message;
    else reply({ job: id, failure: String(error?.stack ?? error) });
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

async function runAlone(entry, starts) {
  let since = performance.now();
  for (let i = 0; i + 1 < starts.length; i++) {
    const at = entry.run(starts[i], starts[i + 1]) >>> 0;
    if (at !== starts[i + 1]) return at;
    if (performance.now() - since < SLICE) continue;
    await letIn();
    if (entry.stop) return at;
    since = performance.now();
  }
  return starts.at(-1);
}

// Bun's workers have both, and hear what Node's kind is sent by Node's kind alone.
const { parentPort } = globalThis.process?.getBuiltinModule?.('node:worker_threads') ?? {};
if (parentPort) {
  parentPort.on('message', (data) => receive(data, (message, transfer) => parentPort.postMessage(message, transfer)));
} else {
  globalThis.onmessage = ({ data }) => receive(data, (message, transfer) => postMessage(message, { transfer }));
  postMessage({ running: true });
}
