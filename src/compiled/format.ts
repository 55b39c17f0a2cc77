// The file of a compiled model: what the reader and the writer agree on. All numbers are little-endian.
//
//   header  magic and words (below), 32 bytes
//   head    Meta as JSON, padded with spaces; then the program, padded with zeros: both to a multiple of 16 bytes
//   body    the segments one after the other, each a multiple of 16 bytes
//
// Addresses are those of the model's memory, which is the same on every machine: see runtime/loader.ts. So loading copies
// segments to their places. Weights of Winograd's convolutions are an exception, because they take up to four times the
// space once transformed: they are copied into the arena part by part and transformed from there.

import { type Bytes, inMemory, partOf } from '../formats/bytes.ts';
import type { Face } from '../graph/graph.ts';
import type { DataType } from '../graph/tensor.ts';

export const MAGIC = 'lanewise';

/** Words of the header, by their byte offset. */
export enum Header {
  /** PROGRAM_VERSION of assembly/opcodes.ts. Magic and Version keep their places in all versions. */
  Version = 8,
  /** Bytes of Meta, and of the program, padding included. */
  MetaBytes = 12,
  ProgramBytes = 16,
  /** XXH32 of the head. */
  HeadSum = 20,
  /** Bytes of the body, a number of 64 bits. */
  BodyBytes = 24,
  Bytes = 32,
}

export interface PortMeta {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  /** The callers' type, if it is not float32. */
  readonly face?: Face;
  /** The address; missing if the program does not read the input. */
  readonly address?: number;
  /** Whether callers may leave it out. */
  readonly unread?: boolean;
}

/**
 * A part of the body: the address it goes to, its bytes, their XXH32, and what is done then: 1 if the bytes are float16, to
 * be widened from the upper half of twice as many bytes at the address; then the words of an instruction, if there is one.
 */
export type Segment = readonly [address: number, bytes: number, sum: number, half: 0 | 1, ...instruction: number[]];

export interface Meta {
  readonly inputs: readonly PortMeta[];
  readonly outputs: readonly PortMeta[];
  /** Bytes of memory: weights, the plan's own constants, arena, and the largest workspace. */
  readonly memory: readonly [weights: number, constants: number, arena: number, workspace: number];
  readonly relayouts: number;
  /** A pack whose instructions are not in the tables of all: its chunk adds them. */
  readonly pack?: 'quantized';
  /** For each instruction: the node it came from, and its multiply-accumulates. */
  readonly steps: readonly (readonly [node: string, macs: number])[];
  readonly segments: readonly Segment[];
}

/** Rounds up to whole stripes of the checksum. */
export const padded = (bytes: number): number => Math.ceil(bytes / 16) * 16;

export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Whether a file is marked as a compiled model. */
export const isCompiled = (bytes: Bytes): boolean => textOf(inMemory(partOf(bytes, 0, MAGIC.length))) === MAGIC;
