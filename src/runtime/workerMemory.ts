// A model's memory in a worker, where memory cannot be shared: writes are sent, reads are requested. Messages are received
// in the order in which they are sent, so only reading and running wait. worker.js is the other side. A chunk of its own,
// which threads.ts loads.

import { LanewiseError } from '../errors.ts';
import { arrayTypes, type Tensor, type TypedArray } from '../graph/tensor.ts';
import type { Compute } from '../plan/plan.ts';
import type { Content, Memory, Region, Runner, Workspaces } from './memory.ts';
import type { AnswerTo, Question } from './messages.ts';
import { copyInto } from './outputs.ts';
import type { Team } from './team.ts';
import { instantiate } from './wasm.ts';

/** A team's first worker, with memory of its own for each model. */
export const workerRunner = (team: Team): Runner => ({
  count: 1,
  shared: false,
  workspaceBytes: () => 0,
  newMemory: (module, pages) => new WorkerMemory(team, module, pages),
});

/** @internal */
export class WorkerMemory implements Memory {
  /** With one thread there are no workspaces. */
  workspaces: Workspaces = { address: 0, bytes: 0 };
  pages: number;
  readonly #team: Team;
  readonly #id: number;
  readonly #generation: number;
  #refused = false;

  /** @throws WebAssembly.LinkError if the module is for shared memory */
  constructor(team: Team, module: WebAssembly.Module, pages: number) {
    this.#team = team;
    this.pages = pages;
    this.#generation = team.generation;
    // Checks the module at once.
    instantiate(module, new WebAssembly.Memory({ initial: 1 }));
    this.#id = team.newId(this);
    team.tell({ kind: 'create', memoryId: this.#id, module, pages });
  }

  /** Whether the worker that had it has ended, or had no room for it. */
  get lost(): boolean {
    return this.#refused || this.#team.generation !== this.#generation;
  }

  near(): never {
    throw new LanewiseError(
      'UNSUPPORTED',
      'the model is in a worker whose memory is not shared: use run(), which does not block; there are no views, but run() fills tensors, { outputs }',
    );
  }

  /** If the worker refuses, the next question fails. */
  grow(pages: number): void {
    if (pages <= this.pages) return;
    this.pages = pages;
    this.#team.tell({ kind: 'grow', memoryId: this.#id, pages });
  }

  write(address: number, content: Content): void {
    const target = new arrayTypes[content.type](content.length);
    content.fill(target);
    content.verify?.(undefined, target as Uint8Array);
    this.#send(address, target.buffer as ArrayBuffer);
  }

  async read({ type, address, length }: Region, into?: Tensor): Promise<TypedArray> {
    const ArrayType = arrayTypes[type];
    const { bytes } = await this.#ask({ kind: 'read', memoryId: this.#id, address, length: length * ArrayType.BYTES_PER_ELEMENT });
    const elements = new ArrayType(bytes);
    return into ? copyInto(into, elements) : elements;
  }

  async compute(inputs: readonly (Region | undefined)[], outputs: readonly Region[], compute: Compute): Promise<void> {
    const given = await Promise.all(inputs.map((region) => region && this.read(region)));
    const made = outputs.map(({ type, length }) => new arrayTypes[type](length));
    compute(given, made);
    for (const [i, { address }] of outputs.entries()) this.#send(address, (made[i] as TypedArray).buffer as ArrayBuffer);
  }

  call(from: number, to: number): void {
    this.#team.tell({ kind: 'call', memoryId: this.#id, from, to });
  }

  async run(starts: readonly number[]): Promise<number> {
    return (await this.#ask({ kind: 'run', memoryId: this.#id, starts })).stopped;
  }

  /** Ends the run before an instruction that begins within some milliseconds. */
  stop(): void {
    if (!this.lost) this.#team.tell({ kind: 'stop', memoryId: this.#id });
  }

  dispose(): void {
    this.#team.close(this.#id);
  }

  /** @param bytes are transferred */
  #send(address: number, bytes: ArrayBuffer): void {
    this.#team.tell({ kind: 'write', memoryId: this.#id, address, bytes }, [bytes]);
  }

  async #ask<Q extends Question>(question: Q): Promise<AnswerTo<Q>> {
    if (this.lost) throw new LanewiseError('WORKER_FAILED', "the worker that held the model's memory has ended");
    const answer = await this.#team.ask(question);
    if (answer.kind !== 'refused') return answer;
    // The next run requests it anew.
    this.#refused = true;
    this.dispose();
    throw new LanewiseError('TOO_LARGE', `the engine refuses the memory that the model needs: ${answer.why}`);
  }
}
