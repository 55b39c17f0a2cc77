// A process of a fuzzer: one case after the other, and before each a word in a file, so that whoever watches knows what it died of.

import { openSync, writeSync } from 'node:fs';

export interface WorkerOptions {
  readonly root: string;
  readonly seed: number;
  readonly from: number;
  /** Milliseconds since 1970. */
  readonly until: number;
  /** The file that says which case is on, and who has it. */
  readonly marker: string;
  readonly only?: string;
  readonly replay?: string;
  readonly without?: readonly string[];
  /** Failures whose words match are counted, and are none. */
  readonly ignore?: string;
  /** Failures of a kind that are shrunk; more are counted. */
  readonly shown?: number;
}

export const workerOptions = (): WorkerOptions => JSON.parse(process.argv[2] as string);

const REPORT_MS = 1000;

let current = 0;
let marker: number | undefined;

/** Says who has the case from now on. */
export function phase(name: string): void {
  marker ??= openSync(workerOptions().marker, 'w');
  writeSync(marker, `${current} ${name}`.padEnd(40), 0);
}

/**
 * @param stats what is reported, every second and at the end
 * @param run one case; false where the process should end after it
 */
export async function worker(stats: object, run: (index: number, options: WorkerOptions) => Promise<boolean>): Promise<never> {
  const options = workerOptions();
  let reported = 0;
  let more = true;
  for (current = options.from; more && Date.now() < options.until; current++) {
    phase('lanewise');
    more = await run(current, options);
    if (Date.now() - reported < REPORT_MS) continue;
    reported = Date.now();
    process.send?.(stats);
  }
  await new Promise((resolve) => (process.send ? process.send(stats, resolve) : resolve(undefined)));
  // Threads of a team would keep the process.
  process.exit(more ? 0 : RESTART);
}

/** Exit code of a process that wants another to go on. */
export const RESTART = 75;
