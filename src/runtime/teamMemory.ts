// Memory that a team's threads share with this one. In one chunk with the team, which threads.ts loads.

import { COUNTER_SHIFT } from '../../assembly/opcodes.ts';
import { checkEnd } from '../plan/program.ts';
import { LocalMemory } from './localMemory.ts';
import type { Runner } from './memory.ts';
import type { Stretch, Team } from './team.ts';
import { MOST_PAGES } from './wasm.ts';

/** A team, of which this many threads run each program. */
export const teamRunner = (team: Team, count: number): Runner => ({
  count,
  shared: true,
  workspaceBytes: (bytes) => (count << COUNTER_SHIFT) + (count - 1) * bytes,
  newMemory: (module, pages) => new TeamMemory(team, count, module, sharedMemory(pages)),
});

class TeamMemory extends LocalMemory {
  readonly #team: Team;
  readonly #threads: number;
  readonly #module: WebAssembly.Module;
  readonly #id: number;

  constructor(team: Team, threads: number, module: WebAssembly.Module, memory: WebAssembly.Memory) {
    super(module, memory);
    this.#team = team;
    this.#threads = threads;
    this.#module = module;
    this.#id = team.newId(this);
  }

  override runSync(from: number, to: number): number {
    return this.#team.runSync(this.#stretch(from, to));
  }

  override run(starts: readonly number[]): Promise<number> {
    return this.#team.run(this.#stretch(starts[0], starts.at(-1)));
  }

  override time(starts: readonly number[]): number[] {
    const marks = starts.slice(1);
    const stretch = this.#stretch(starts[0], starts.at(-1));
    const times = new SharedArrayBuffer(8 * marks.length);
    checkEnd(this.#team.runSync({ ...stretch, timing: { marks, times } }), stretch.to);
    return [...new Float64Array(times)].map((time, i, all) => time - (all[i - 1] ?? 0));
  }

  override stop(): void {
    this.#team.stop(this.memory);
  }

  override dispose(): void {
    this.#team.close(this.#id);
  }

  #stretch(from = 0, to = 0): Stretch {
    return {
      memoryId: this.#id,
      module: this.#module,
      memory: this.memory,
      threads: this.#threads,
      from,
      to,
      workspaces: this.workspaces.address,
      workspaceBytes: this.workspaces.bytes,
    };
  }
}

/** A memory that may grow to the maximum, if the engine reserves that much address space. */
function sharedMemory(pages: number): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: MOST_PAGES, shared: true });
  } catch {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  }
}
