// A thread of threads.ts: sleeps until there is a job, and runs its part of it.

import { receiveMessageOnPort, workerData } from 'node:worker_threads';

const { index, words, port, job, Word } = workerData;
/** By slot: one binary's kernels on one memory. */
const kernels = new Map();

for (let seen = job; ; seen++) {
  Atomics.wait(words, Word.Job, seen);
  try {
    for (let open = receiveMessageOnPort(port); open; open = receiveMessageOnPort(port)) {
      const { slot, module, memory } = open.message;
      if (module) kernels.set(slot, new WebAssembly.Instance(module, { env: { memory } }).exports);
      else kernels.delete(slot);
    }
    const { join, run } = kernels.get(words[Word.Slot]);
    join(index, words[Word.Threads], words[Word.Workspaces], words[Word.WorkspaceBytes]);
    const stopped = run(words[Word.From], words[Word.To]);
    if (index === 0) words[Word.Stopped] = stopped;
    Atomics.add(words, Word.Done, 1);
  } catch (error) {
    port.postMessage(String(error?.stack ?? error));
    // The others may wait for this one in their kernels for ever.
    Atomics.store(words, Word.Failed, 1);
  }
  Atomics.notify(words, Word.Done);
}
