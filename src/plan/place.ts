// Where things lie in memory, as a plan says it before anything has an address.

/** A place in memory: a buffer and an offset into it in bytes. Its address is known when the program is written. */
export interface Pointer {
  readonly buffer: Buffer;
  readonly offset: number;
}

/** Memory that the plan places: in the arena for as long as instructions use it, for as long as the plan is in use, or for good. */
export interface Buffer {
  readonly region: 'arena' | 'plan' | 'weights';
  bytes: number;
  /** Byte offset in its region; the planner sets it. */
  offset: number;
}

/** Bytes of a cache's line, where buffers begin. */
const ALIGNMENT = 64;

export const align = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** A float32 word of an instruction, told apart from whole numbers. */
export interface Float {
  readonly float: number;
}

/** Words by position, as the opcode's argument enum gives them. Positions left out are 0. */
export type Args = Readonly<Record<number, number | Float | Pointer>>;

export const isPointer = (word: Args[number] | undefined): word is Pointer => typeof word === 'object' && 'buffer' in word;

/** How a value lies in memory: as its logical dimensions say, or with dimension 1, the channels, last (NCHW to NHWC). */
export type Layout = 'rowMajor' | 'channelsLast';

/** A value's place: without gaps, apart from pixels that may lie further apart than their channels need. Strides in bytes. */
export interface Place {
  readonly pointer: Pointer;
  readonly layout: Layout;
  /** Channels-last only: from one pixel to the next. */
  readonly pixelStride: number;
  /** By logical dimension. */
  readonly strides: readonly number[];
}

/** The word of a place that may be left out: 0 means absent. */
export const pointerOf = (place: Place | undefined): Pointer | 0 => place?.pointer ?? 0;
