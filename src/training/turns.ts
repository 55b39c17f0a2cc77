import { LanewiseError } from '../errors.ts';

/** Calls that take turns, because each has to find the memory as the last one left it. */
export class Turns {
  /** The last of the calls that were made. It never rejects. */
  #last: Promise<unknown> = Promise.resolve();
  /** Calls that have not ended. */
  #calls = 0;
  #gone: LanewiseError | undefined;

  /** @throws LanewiseError DISPOSED; WORKER_FAILED if a thread has died */
  check(): void {
    if (this.#gone) throw this.#gone;
  }

  get busy(): boolean {
    return this.#calls > 0;
  }

  /** No call begins any more, and those that have begun fail. */
  end(): void {
    this.#gone ??= new LanewiseError('DISPOSED', 'the trainer was disposed of');
  }

  /** Runs once the calls before have ended. */
  async take<T>(action: () => Promise<T>): Promise<T> {
    const before = this.#last;
    this.#calls++;
    let end = () => {};
    this.#last = new Promise<void>((resolve) => {
      end = resolve;
    });
    await before;
    try {
      this.check();
      const result = await action();
      // Disposed of meanwhile.
      this.check();
      return result;
    } catch (error) {
      this.check();
      if (error instanceof LanewiseError && error.code === 'WORKER_FAILED') {
        this.#gone = new LanewiseError(
          'WORKER_FAILED',
          'a thread died, and with it the weights: make a trainer that resumes from what save() gave',
          { cause: error },
        );
        throw this.#gone;
      }
      throw error;
    } finally {
      this.#calls--;
      end();
    }
  }
}
