import type { Op } from '../../assembly/opcodes.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { DataType, TypedArray } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import type { Args, Buffer, Pointer } from './place.ts';

/** One instruction; its pointers become addresses when the program is written. */
export interface Instruction {
  readonly op: Op;
  readonly args: Args;
  /** The node that the instruction came from. */
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

/** Fills the outputs from the inputs; both are views of memory. Undefined stands for optional inputs that are left out. */
export type Compute = (inputs: readonly (TypedArray | undefined)[], outputs: readonly TypedArray[]) => void;

/** A step that runs outside WebAssembly, between two stretches of the program. */
export interface HostStep {
  readonly node: string;
  /** The operator, for profiles. */
  readonly host: string;
  /** Not counted for host steps. */
  readonly macs?: undefined;
  /** Undefined for optional inputs that are left out. */
  readonly inputs: readonly (Span | undefined)[];
  readonly outputs: readonly Span[];
  /** Computes the outputs, on views of the memory. */
  readonly compute: Compute;
}

export type Step = Instruction | HostStep;

export const isHost = (step: Step): step is HostStep => 'host' in step;

/** Numbers to be written into memory. */
export interface Copy {
  readonly type: DataType;
  readonly length: number;
  readonly to: Pointer;
  fill(target: TypedArray): void;
  /**
   * Checks the bytes once they are there.
   * @param sum their XXH32; undefined if this thread does not have the memory, so that it must be computed from the target
   */
  verify?(sum: number | undefined, target: Uint8Array): void;
}

/** One step of loading weights: numbers to be copied into memory, then perhaps an instruction that packs them. */
export interface LoadStep {
  readonly copies: readonly Copy[];
  readonly instruction?: Instruction;
}

/**
 * Something that stays in memory as long as the model exists, or as long as the plan is in use (its buffer's region says
 * which).
 */
export interface Resident {
  /** The same key means the same content: among all plans for the model's, within the plan for the plan's. */
  readonly key: string;
  readonly buffer: Buffer;
  /** The form of a convolution's or dense layer's weights: panels, or panels transformed for Winograd's convolution. */
  readonly packed?: 'panels' | 'winograd';
  /** The steps that load it. */
  load(): Iterable<LoadStep>;
}

/** An input or output tensor of the program. */
export interface Port extends Span {
  readonly name: string;
}

/** Everything that is needed to run a network at given input shapes. */
export interface Plan {
  readonly inputs: readonly Port[];
  /** What the program computes: outputs of the model, and values that the late nodes read. */
  readonly outputs: readonly Port[];
  readonly residents: readonly Resident[];
  readonly steps: readonly Step[];
  readonly arenaBytes: number;
  /** The most bytes of workspace that an instruction needs: every thread but the first has as much after the arena. */
  readonly workspaceBytes: number;
  /** How many changes of layout the program makes. */
  readonly relayouts: number;
  readonly late?: Late;
}

/** The nodes that wait for a run: src/control runs them, with programs of their own. */
export interface Late {
  readonly nodes: readonly GraphNode[];
  /** The graph's outputs that they make. */
  readonly outputs: readonly string[];
  /** The values before them, by name; they read the constants among these. */
  readonly scope: ReadonlyMap<string, Value>;
}
