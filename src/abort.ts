import { LanewiseError } from './errors.ts';
import type { AbortSignalLike } from './platform.ts';

/** @throws LanewiseError ABORTED if the signal has fired */
export function checkAborted(signal: AbortSignalLike | undefined): void {
  if (signal?.aborted) throw new LanewiseError('ABORTED', 'the caller aborted', { cause: signal.reason });
}

/** Settles as `promise` does, or rejects with ABORTED as soon as the signal fires. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignalLike | undefined): Promise<T> {
  if (!signal) return promise;
  let abort = () => {};
  const aborted = new Promise<void>((resolve) => {
    abort = resolve;
    signal.addEventListener('abort', abort);
  });
  try {
    await Promise.race([promise, aborted]);
    checkAborted(signal);
    return await promise;
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
