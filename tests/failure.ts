import { LanewiseError } from '../src/errors.ts';

/** The LanewiseError that a call throws; anything else fails the test. */
export function failure(run: () => unknown): LanewiseError {
  try {
    run();
  } catch (error) {
    if (error instanceof LanewiseError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}
