// A model's memory in a worker, where memory cannot be shared: what is written is sent, what is read is asked for. Messages are received in the order
// in which they are sent, so only reading and running wait. worker.js is the other side.

import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import { arrayTypes, type TypedArray } from '../graph/tensor.ts';
import { checkEnd } from '../plan/program.ts';
import type { Engine, Part } from './engine.ts';
import type { Team } from './team.ts';
import { instantiate } from './wasm.ts';

/** Bytes at a memory's start that come before an instance's own tables. */
const SETTINGS = 64;

/** @internal */
export class WorkerMemory {
  readonly #team: Team;
  readonly #model: number;
  readonly #generation: number;

  /**
   * @param model a number for each
   * @throws WebAssembly.LinkError where the module is for memory that is shared
   */
  constructor(team: Team, model: number, module: WebAssembly.Module, pages: number) {
    this.#team = team;
    this.#model = model;
    this.#generation = team.generation;
    // Says at once where the module does not suit, and sets the words that it wants.
    const memory = new WebAssembly.Memory({ initial: 1 });
    instantiate(module, memory);
    team.tell({ model, open: module, pages });
    this.write(0, memory.buffer.slice(0, SETTINGS));
  }

  /** Whether the worker that had it has ended. */
  get lost(): boolean {
    return this.#team.generation !== this.#generation;
  }

  grow(pages: number): void {
    this.#team.tell({ model: this.#model, pages });
  }

  /** @param bytes are given away */
  write(address: number, bytes: ArrayBuffer): void {
    this.#team.tell({ model: this.#model, write: { address, bytes } }, [bytes]);
  }

  /** Runs instructions that prepare the memory. */
  call(from: number, to: number): void {
    this.#team.tell({ model: this.#model, call: [from, to] });
  }

  async read(address: number, length: number): Promise<ArrayBuffer> {
    return (await this.#ask({ read: { address, length } })).bytes as ArrayBuffer;
  }

  /** @param starts addresses of the instructions, and the end of the last @returns where it stopped */
  async run(starts: readonly number[]): Promise<number> {
    return (await this.#ask({ run: starts })).stopped;
  }

  /**
   * Runs stretches of a program in the worker, and what the host does in between here.
   * @param memory who reads and writes it
   * @param starts addresses of all instructions
   */
  async runParts(memory: Engine, starts: readonly number[], parts: Iterable<Part>, stopping: () => boolean): Promise<void> {
    for (const { from, to, host } of parts) {
      if (host) {
        const inputs = await Promise.all(host.inputs.map((span) => span && memory.read(span)));
        const outputs = host.outputs.map(({ type, dims }) => new arrayTypes[type](product(dims)));
        host.fill(inputs, outputs);
        for (const [i, span] of host.outputs.entries()) memory.write(span, outputs[i] as TypedArray);
      } else {
        const stopped = await this.run(starts.slice(from, to + 1));
        if (!stopping()) checkEnd(stopped, starts[to] ?? 0);
      }
      if (stopping()) return;
    }
  }

  /** Ends the run before an instruction that begins some milliseconds from now. */
  stop(): void {
    if (!this.lost) this.#team.tell({ model: this.#model, stop: true });
  }

  async #ask(question: object) {
    if (this.lost) throw new LanewiseError('WORKER_FAILED', "the worker that held the model's memory has ended");
    const answer = await this.#team.ask({ model: this.#model, ...question });
    if (answer.refusal) throw new LanewiseError('TOO_LARGE', `the engine refuses the memory that the model needs: ${answer.refusal}`);
    return answer;
  }
}
