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

/**
 * For files whose tests provoke thousands of errors: these have no stacks, because Jest maps every frame that is read to the
 * sources, and that takes longer than all else.
 */
export function withoutStacks(): void {
  const limit = Error.stackTraceLimit;
  beforeAll(() => {
    Error.stackTraceLimit = 0;
  });
  afterAll(() => {
    Error.stackTraceLimit = limit;
  });
}
