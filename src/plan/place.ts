// Where things lie in memory, before anything has an address.

/** A place in memory: a buffer and an offset in bytes. Its address is known when the program is written. */
export interface Pointer {
  readonly buffer: Buffer;
  readonly offset: number;
}

/** Memory that the plan places: in the arena while instructions use it, while the plan is in use, or permanently. */
export interface Buffer {
  readonly region: 'arena' | 'plan' | 'weights';
  bytes: number;
  /** Byte offset in its region; the planner sets it. */
  offset: number;
}

/** Bytes of a cache line; buffers begin at multiples of it. */
const ALIGNMENT = 64;

export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** A float32 word of an instruction, distinguished from integers. */
export interface Float {
  readonly float: number;
}

/** Words by position, as in the opcode's argument enum. Missing ones are 0. */
export type Args = Readonly<Record<number, number | Float | Pointer>>;

export const isPointer = (word: Args[number] | undefined): word is Pointer => typeof word === 'object' && 'buffer' in word;

/**
 * How a value lies in memory: in the order of its logical dimensions, or with dimension 1, the channels, last (NCHW to
 * NHWC).
 */
export type Layout = 'rowMajor' | 'channelsLast';

/** A value's place: without gaps, except that pixels may be further apart than their channels need. Strides in bytes. */
export interface Place {
  readonly pointer: Pointer;
  readonly layout: Layout;
  /** Channels-last only: distance from one pixel to the next, in bytes. */
  readonly pixelStride: number;
  /** Strides by logical dimension, in bytes. */
  readonly strides: readonly number[];
}

/** The word of an optional place: 0 means absent. */
export const pointerOf = (place: Place | undefined): Pointer | 0 => place?.pointer ?? 0;
