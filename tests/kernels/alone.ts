// Inner kernels called by themselves, in memory full of NaN: where one of them is wrong, the compiler is not to blame.

import { readFileSync } from 'node:fs';
import { NR, type Op, STATIC_BYTES } from '../../assembly/opcodes.ts';
import type { Args } from '../../src/plan/place.ts';
import { programBytes, writeProgram } from '../../src/plan/program.ts';
import type { Variant } from '../../src/runtime/wasm.ts';
import { array, at, maxError } from '../reference/index.ts';
import { CANARY } from './threads.ts';

type Kernel = (...args: number[]) => number;

const BYTES = 8 * 65536;
/** Bytes between what is put into memory: wide enough for a vector too many. */
const GAP = 64;

/** The kernels of one binary, as the build keeps them for tests: the one that is shipped, with all exports. */
export class Alone {
  readonly #kernels: Record<string, Kernel>;
  readonly #memory = new WebAssembly.Memory({ initial: BYTES / 65536 });
  readonly #floats = new Float32Array(this.#memory.buffer);
  readonly #ints = new Int32Array(this.#memory.buffer);
  readonly #before = new Uint8Array(BYTES);
  #next = BYTES;
  #rooms: { readonly from: number; readonly to: number }[] = [];

  constructor(variant: Variant) {
    const file = readFileSync(new URL(`../../build/kernels-${variant}.wasm`, import.meta.url));
    const instance = new WebAssembly.Instance(new WebAssembly.Module(file), { env: { memory: this.#memory } });
    this.#kernels = instance.exports as Record<string, never>;
    this.clear();
  }

  /** Forgets all that was put into memory. */
  clear(): void {
    this.#ints.fill(CANARY, STATIC_BYTES / 4, Math.min(BYTES, this.#next + 65536) / 4);
    this.#next = STATIC_BYTES + GAP;
    this.#rooms = [];
  }

  /** The address of so many bytes. */
  #take(bytes: number): number {
    const address = this.#next;
    this.#next += Math.ceil(bytes / GAP) * GAP + GAP;
    if (this.#next > BYTES) throw new Error('more than the memory holds');
    return address;
  }

  /** The address of a copy of numbers. */
  floats(values: ArrayLike<number>): number {
    const address = this.#take(4 * values.length);
    this.#floats.set(values, address / 4);
    return address;
  }

  ints(values: ArrayLike<number>): number {
    const address = this.#take(4 * values.length);
    this.#ints.set(values, address / 4);
    return address;
  }

  /** The address of so many floats that kernels may write. */
  room(count: number): number {
    const from = this.#take(4 * count);
    this.#rooms.push({ from, to: from + 4 * count });
    return from;
  }

  fill(address: number, count: number, value: number): void {
    this.#floats.fill(value, address / 4, address / 4 + count);
  }

  /** The address of an instruction, for kernels that read their arguments from it. */
  instruction(op: Op, args: Args): number {
    const step = { op, args, node: '', macs: 0 };
    const start = this.#take(programBytes([step]));
    writeProgram([step], new DataView(this.#memory.buffer, start), start, ({ offset }) => offset);
    return start;
  }

  /** Calls a kernel by its name. @throws Error where it writes outside its rooms */
  call(name: string, ...args: number[]): void {
    const kernel = this.#kernels[name];
    if (!kernel) throw new Error(`there is no kernel '${name}'`);
    // As far as there is anything, and a page.
    const bytes = new Uint8Array(this.#memory.buffer, 0, Math.min(BYTES, this.#next + 65536));
    const before = this.#before.subarray(0, bytes.length);
    before.set(bytes);
    kernel(...args);
    for (const { from, to } of this.#rooms) before.set(bytes.subarray(from, to), from);
    if (Buffer.compare(before, bytes) !== 0) {
      throw new Error(`${name} writes the byte at ${before.findIndex((byte, i) => byte !== bytes[i])}, which is not its own`);
    }
  }

  /** Runs one instruction whose kernel can be called in no other way. */
  run(op: Op, args: Args): void {
    const from = this.instruction(op, args);
    this.call('run', from, from + programBytes([{ op, args, node: '', macs: 0 }]));
  }

  read(address: number, count: number): Float32Array {
    return this.#floats.slice(address / 4, address / 4 + count);
  }
}

/** Between which kernels clamp. */
export const [LOW, HIGH] = [-1, 1.5] as const;
export const clamped = (value: number): number => Math.min(Math.max(value, LOW), HIGH);
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** @throws where the numbers differ by more, or where one is NaN */
export function expectNear(actual: ArrayLike<number>, expected: readonly number[], tolerance: number): void {
  const error = maxError(actual, array([expected.length], expected));
  if (!(error <= tolerance)) expect(actual).toEqual(Float32Array.from(expected));
}

/** Columns of [depth][columns] numbers and their biases as the GEMM reads them. */
export function panels(columns: number, depth: number, weights: ArrayLike<number>, biases: ArrayLike<number>): number[] {
  return range(Math.ceil(columns / NR)).flatMap((panel) =>
    range(depth + 1).flatMap((k) =>
      range(NR).map((j) => {
        const n = panel * NR + j;
        return n >= columns ? 0 : k === 0 ? at(biases, n) : at(weights, (k - 1) * columns + n);
      }),
    ),
  );
}
