// A thread in a page, or in one of its workers.

import type { Listener, Member, Message } from './messages.ts';

/**
 * Starts worker.js from its address, which bundlers that know `new URL(…, import.meta.url)` turn into that of a copy. With
 * others (esbuild, Rollup) there is no file at that address, and a page may not start a worker from another server: then the
 * worker starts from its text, unless the page's policy forbids blobs.
 */
export function startWebWorker({ answer, dead }: Listener): Member {
  let worker: Worker | undefined;
  let ended = false;
  /** Messages posted before the worker said that it runs, because another may have to replace it. */
  let unheard: Message[] | undefined = [];

  const listen = (started: Worker, failed: (why: string) => void): void => {
    worker = started;
    started.onmessage = ({ data }) => {
      if (data.kind === 'running') unheard = undefined;
      else answer(data);
    };
    started.onerror = (event) => {
      event.preventDefault();
      failed(event.message || NOT_LOADED);
    };
  };

  const startFromText = async (): Promise<void> => {
    const { default: text } = await import('../../build/worker-text.js');
    if (ended) return;
    const address = URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
    listen(new Worker(address, { type: 'module', name: 'lanewise' }), dead);
    for (const message of unheard ?? []) worker?.postMessage(message);
  };
  const startElse = (): void => void startFromText().catch(() => dead(NOT_LOADED));

  try {
    listen(new Worker(new URL('./worker.js', import.meta.url), { type: 'module', name: 'lanewise' }), (why) =>
      unheard ? startElse() : dead(why),
    );
  } catch {
    startElse();
  }
  return {
    opened: new Set(),
    post: (message, transfer = []) => {
      unheard?.push(message);
      // Transferred objects cannot be sent again.
      worker?.postMessage(message, unheard ? [] : transfer);
    },
    hold: () => {},
    terminate: async () => {
      ended = true;
      worker?.terminate();
    },
    ended: () => false,
  };
}

const NOT_LOADED =
  "its script could not be loaded: serve lanewise's dist/worker.js as worker.js beside the bundle, or allow blobs in the page's policy (worker-src blob:)";
