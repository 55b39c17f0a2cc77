import { formatBytes } from '../analysis/text.ts';
import { visible } from '../errors.ts';

/** Milliseconds between two writings. */
const PERIOD = 100;
const BAR = 24;

/** Whether somebody watches. */
let wanted = true;

/** Shows no progress in this command. */
export const withoutProgress = (without: boolean): void => {
  wanted = !without;
};

/** A line about a download, or other work, on stderr where that is a terminal; written over itself, and gone at the end. */
export class Progress {
  readonly #name: string;
  readonly #start = performance.now();
  #last = Number.NEGATIVE_INFINITY;
  #shown = false;
  readonly #format: (amount: number) => string;

  /** @param format how amounts are written: bytes, unless it says otherwise */
  constructor(name: string, format = formatBytes) {
    this.#name = name;
    this.#format = format;
  }

  /** @param loaded bytes so far, or what else is counted @param total 0 if it is not known */
  show(loaded: number, total = 0): void {
    const { stderr, env } = process;
    const now = performance.now();
    if (!wanted || !stderr.isTTY || env.TERM === 'dumb' || now - this.#last < PERIOD) return;
    this.#last = now;
    this.#shown = true;
    stderr.write(`\r\x1b[2K${progressLine(this.#name, loaded, total, now - this.#start, stderr.columns || 80, this.#format)}`);
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[2K');
  }
}

/** One line of fewer than `columns` characters, because a full line would wrap. */
export function progressLine(name: string, loaded: number, total: number, ms: number, columns: number, format = formatBytes): string {
  const speed = ms > 0 ? ` ${format((loaded / ms) * 1000)}/s` : '';
  const share = Math.min(1, loaded / total);
  const amount = total > 0 ? `${Math.floor(share * 100)} % of ${format(total)}` : format(loaded);
  const bar = total > 0 ? `${'█'.repeat(Math.floor(share * BAR)).padEnd(BAR, '░')} ` : '';
  // What matters least goes first.
  const lines = [
    [visible(name), bar + amount + speed],
    [visible(name), amount + speed],
    [visible(name), amount],
  ].map((parts) => parts.join('  '));
  return lines.find((line) => line.length < columns) ?? amount.slice(0, columns - 1);
}
