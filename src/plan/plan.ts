import type { Op } from '../../assembly/opcodes.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { DataType, TypedArray } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import type { Args, Buffer, Pointer } from './place.ts';

/** One instruction; its pointers become addresses when the program is written. */
export interface Instruction {
  readonly op: Op;
  readonly args: Args;
  /** The node it came from. */
  readonly node: string;
  /** Multiply-accumulates, for profiles. */
  readonly macs: number;
}

/** A tensor in memory, row-major without gaps. */
export interface Span {
  readonly type: DataType;
  readonly dims: readonly number[];
  readonly pointer: Pointer;
}

/** Fills the outputs, views of memory, from the inputs, which are views too; undefined are optional inputs that are left out. */
export type Fill = (inputs: readonly (TypedArray | undefined)[], outputs: readonly TypedArray[]) => void;

/** What runs outside WebAssembly, between two stretches of the program. */
export interface HostStep {
  readonly node: string;
  /** The operator, for profiles. */
  readonly host: string;
  /** Not counted. */
  readonly macs?: undefined;
  /** Undefined for optional inputs that are left out. */
  readonly inputs: readonly (Span | undefined)[];
  readonly outputs: readonly Span[];
  /** Gets views of the memory. */
  readonly fill: Fill;
}

export type Step = Instruction | HostStep;

export const isHost = (step: Step): step is HostStep => 'host' in step;

/** Numbers that are written into memory. */
export interface Copy {
  readonly type: DataType;
  readonly length: number;
  readonly to: Pointer;
  fill(target: TypedArray): void;
  /**
   * Checks the bytes once they are there.
   * @param sum their XXH32; undefined where this thread does not have the memory: then it is to be computed from the target
   */
  verify?(sum: number | undefined, target: Uint8Array): void;
}

/** One step of loading weights: numbers copied into memory, then perhaps an instruction that packs them. */
export interface LoadStep {
  readonly copies: readonly Copy[];
  readonly instruction?: Instruction;
}

/** Something that lies in memory as long as the model does, or as long as the plan is in use (its buffer's region says which). */
export interface Resident {
  /** The same key is the same content: whatever the plan for the model's, within the plan for the plan's. */
  readonly key: string;
  readonly buffer: Buffer;
  /** Of weights of convolutions and dense layers: in panels, or these transformed for Winograd's convolution. */
  readonly packed?: 'panels' | 'winograd';
  /** How it comes there. */
  load(): Iterable<LoadStep>;
}

/** A tensor that goes in or comes out. */
export interface Port extends Span {
  readonly name: string;
}

/** Everything that running a network at given input shapes takes. */
export interface Plan {
  readonly inputs: readonly Port[];
  /** What the program computes: outputs of the model, and what the late nodes read. */
  readonly outputs: readonly Port[];
  readonly residents: readonly Resident[];
  readonly steps: readonly Step[];
  readonly arenaBytes: number;
  /** What an instruction needs at most for itself: every thread but the first has as much beside the arena. */
  readonly workspaceBytes: number;
  /** Changes of layout in the program. */
  readonly relayouts: number;
  readonly late?: Late;
}

/** The nodes that wait for a run: src/control runs them, by programs of their own. */
export interface Late {
  readonly nodes: readonly GraphNode[];
  /** The graph's outputs that they make. */
  readonly outputs: readonly string[];
  /** The values before them by name; they read the constants among these. */
  readonly scope: ReadonlyMap<string, Value>;
}
