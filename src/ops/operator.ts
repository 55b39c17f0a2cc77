import type { Op } from '../../assembly/opcodes.ts';
import type { Constant } from '../graph/graph.ts';
import type { DataType } from '../graph/tensor.ts';
import type { AttributeReader } from './attributes.ts';

/** A tensor's element type and logical (NCHW) dimensions. */
export interface ValueType {
  readonly type: DataType;
  readonly dims: readonly number[];
}

/** A tensor of a network whose shapes are all known. */
export interface Value extends ValueType {
  readonly name: string;
  readonly constant?: Constant;
}

/** An operator applied: `A` is what the operator made of its attributes. */
export interface Node<A = unknown> {
  readonly op: Operator<A>;
  readonly name: string;
  readonly attributes: A;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
}

/** A node before its outputs are known. */
export type OpenNode<A> = Omit<Node<A>, 'op' | 'outputs'>;

/** How a value lies in memory: as its logical dimensions say, or with dimension 1, the channels, last (NCHW to NHWC). */
export type Layout = 'rowMajor' | 'channelsLast';

/** What an operator wants: a layout, or 'any' for as it comes (outputs: as the first input of the same dimensions). */
export interface LayoutRule {
  readonly inputs: readonly (Layout | 'any')[];
  readonly output: Layout | 'any';
}

export interface Cost {
  /** Multiply-accumulates. */
  readonly macs: number;
  /** Learned numbers. */
  readonly params: number;
}

/** What one output sees of its input, per spatial dimension, for receptive fields. */
export interface Reach {
  /** From the first to the last input position, both counted. */
  readonly extent: readonly number[];
  readonly stride: readonly number[];
}

/**
 * Everything Lanewise knows of one ONNX operator. Only shape inference and lowering are mandatory.
 */
export interface Operator<A = unknown> {
  /** ONNX's op_type. */
  readonly name: string;
  /** Oldest and newest opset whose definition is implemented. */
  readonly opsets: readonly [number, number];
  /** How many inputs and outputs, at least and at most. */
  readonly inputs: readonly [number, number];
  readonly outputs: readonly [number, number];
  /** The element types taken, per input; 'any' takes all. float32 where left out. */
  readonly types?: readonly (DataType | 'any')[];
  /** Inputs that must be known when the plan is made (shapes, axes). */
  readonly constantInputs?: readonly number[];
  /** Reads the attributes with their defaults and checks them. */
  attributes(reader: AttributeReader, opset: number): A;
  /** @throws LanewiseError INVALID_MODEL or UNSUPPORTED where the inputs do not fit */
  inferShape(node: OpenNode<A>): readonly ValueType[];
  /** The output's elements where every input is constant and they are cheap to know; runs at compile time. */
  evaluate?(node: Node<A>): Constant;
  layout?(node: Node<A>): LayoutRule;
  cost?(node: Node<A>): Cost;
  reach?(node: Node<A>): Reach;
  /** Writes the node's instructions. */
  lower(node: Node<A>, to: Lowering): void;
}

/** A place in memory: a buffer and an offset into it in bytes. Its address is known when the program is written. */
export interface Pointer {
  readonly buffer: Buffer;
  readonly offset: number;
}

/** Memory that the plan places: in the arena for as long as instructions use it, or among the weights for good. */
export interface Buffer {
  readonly region: 'arena' | 'weights';
  bytes: number;
  /** Byte offset in its region; the planner sets it. */
  offset: number;
}

/** A float32 word of an instruction, told apart from whole numbers. */
export interface Float {
  readonly float: number;
}

/** Words by position, as the opcode's argument enum gives them. Positions left out are 0. */
export type Args = Readonly<Record<number, number | Float | Pointer>>;

/** A value's place: contiguous, apart from pixels that may lie further apart than their channels need. */
export interface Place {
  readonly pointer: Pointer;
  readonly layout: Layout;
  /** Channels-last only: from one pixel to the next, in bytes. */
  readonly pixelStride: number;
}

/** Weights as the GEMM wants them: see assembly/gemm/f32_pack_panels. Strides in elements of `weights`. */
export interface Panels {
  readonly weights: Value;
  readonly bias: Value | undefined;
  readonly groups: number;
  readonly columns: number;
  readonly depth: readonly [number, number, number];
  readonly groupStride: number;
  readonly columnStride: number;
  readonly strides: readonly [number, number, number];
  /** 0 where one bias serves all columns. */
  readonly biasStride?: 0 | 1;
  readonly alpha?: number;
  readonly beta?: number;
}

/** What an operator's `lower` writes to. */
export interface Lowering {
  /** Where an input lies; constants are placed among the weights. */
  place(value: Value): Place;
  /** Gives an output memory of its own, in the layout that the layout pass chose. */
  define(value: Value): Place;
  /** The output is its input under another name or shape. */
  alias(output: Value, input: Value): void;
  /** Memory for this node alone, in bytes. */
  scratch(bytes: number): Pointer;
  /** Zeros for at least `bytes`. */
  zeros(bytes: number): Pointer;
  /** Packed weights: packed once at load where they are constant, else by an instruction before the node's own. */
  panels(panels: Panels): Pointer;
  /** @param macs multiply-accumulates, for profiles */
  emit(op: Op, args: Args, macs?: number): void;
}
