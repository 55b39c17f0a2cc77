import type { Op } from '../../assembly/opcodes.ts';
import type { Constant, Graph, GraphNode } from '../graph/graph.ts';
import type { DataType, TypedArray } from '../graph/tensor.ts';
import type { Value, ValueType } from '../graph/value.ts';
import type { Pack } from '../plan/packs.ts';
import type { Args, Layout, Place, Pointer } from '../plan/place.ts';
import type { Compute } from '../plan/plan.ts';
import type { AttributeReader } from './attributes.ts';

/** An operator applied: `A` is the type of its parsed attributes. */
export interface Node<A = unknown> {
  readonly op: Operator<A>;
  readonly name: string;
  readonly attributes: A;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  /** How many outputs are made: up to the last that somebody reads. `outputs` has as many. */
  readonly outputCount: number;
  /** How many outputs the file lists. */
  readonly declaredOutputs: number;
}

/** A node before its outputs are known. */
export type OpenNode<A> = Omit<Node<A>, 'op' | 'outputs'>;

/**
 * The layout that an operator wants. 'any': all inputs of the output's rank have one layout, channels-last if one of them
 * has that already, and so has the output.
 */
export interface LayoutRule {
  readonly inputs: readonly (Layout | 'any')[];
  readonly output: Layout | 'any';
}

/**
 * Everything that Lanewise knows about one ONNX operator. Operators without kernels run by `evaluate`, as host steps; so do
 * element types that the kernels do not take.
 */
export interface Operator<A = unknown> {
  /** ONNX's op_type. */
  readonly name: string;
  /** The oldest opset whose definition is implemented. */
  readonly since: number;
  /** The last opset that has the operator, if ONNX removed it. */
  readonly until?: number;
  /** Whether a node needs the chunk of rare operators. */
  rare?(node: GraphNode, opset: number): boolean;
  /** The least and the most number of inputs, and of outputs. Default: one output. */
  readonly inputs: readonly [number, number];
  readonly outputs?: readonly [number, number];
  /**
   * The element types that the kernels take, per input, the last entry for all further inputs; 'any' for all types. Default:
   * float32.
   */
  readonly types?: readonly (DataType | 'any')[];
  /** The element types that `evaluate` takes, likewise. Default: those of `types`; if that is float32, all but bool. */
  readonly evaluatedTypes?: readonly (readonly DataType[] | 'any')[];
  /** Whether its output has the very elements of its input if type and dimensions are the same. */
  readonly still?: boolean;
  /** Whether `evaluate` needs only the inputs' shapes. */
  readonly shapeOnly?: boolean;
  /** Inputs that must be known when the plan is made (shapes, axes). */
  readonly constantInputs?: readonly number[];
  /** Reads the attributes with their defaults and checks them. Default: {}. */
  attributes?(reader: AttributeReader, opset: number): A;
  /** @throws LanewiseError INVALID_MODEL or UNSUPPORTED if the inputs do not fit */
  inferShape(node: OpenNode<A>): readonly ValueType[];
  /** If the outputs' sizes depend on the inputs' elements: the outputs' dimensions, from what `evaluate` gave. */
  sizes?(node: OpenNode<A>, data: readonly TypedArray[]): readonly (readonly number[])[];
  /**
   * The outputs' elements, row-major, from the inputs'; exact, so that every engine gives the same bits. Used if every input
   * is known when the plan is made, if there are no kernels, and after nodes whose sizes only a run tells.
   * @throws LanewiseError INVALID_INPUT if the elements make no sense (an index outside its tensor)
   */
  evaluate?(node: Node<A>, inputs: readonly (TypedArray | undefined)[]): readonly TypedArray[];
  /**
   * For constants: fills `target` with the elements from `from` on, as `evaluate` would, so that weights need not be there
   * whole.
   */
  fill?(node: Node<A>, target: TypedArray, from: number): void;
  /** Whether only a run can tell what the operator does, by programs of its own: see src/control. */
  readonly dynamic?: boolean;
  /**
   * The nodes that replace the node once its inputs are known, and the constants that they read.
   * @param inputs undefined if left out
   */
  expand?(
    source: GraphNode,
    inputs: readonly (Value | undefined)[],
  ): { readonly nodes: readonly GraphNode[]; readonly constants: ReadonlyMap<string, Constant> };
  layout?(node: Node<A>, layoutOf: (value: Value) => Layout): LayoutRule;
  /** The pack of kernels that its instructions may need, whatever the shapes. Default: the core. */
  readonly pack?: Pack | ((node: GraphNode, opset: number, graph: Graph) => Pack);
  /** Whether its kernels accept pixels that are further apart than their channels need, as in slices of a concatenation. */
  readonly slices?: boolean;
  /** Whether every element of its output comes from those in the same place of its inputs, these broadcast. */
  readonly elementwise?: boolean;
  /** Whether it clamps its output as it stores it, as the attribute `clamp` says. */
  readonly clamps?: boolean;
  /** Multiply-accumulates. Default: none. */
  macs?(node: Node<A>): number;
  /** The operator of which this is a copy that runs on the host: see src/compiler/host.ts. */
  readonly original?: Operator<A>;
  /** Writes the node's instructions. */
  lower?(node: Node<A>, lowering: Lowering): void;
}

/** Weights in the GEMM's form: see assembly/gemm/f32_pack_panels. Strides are in elements of `weights`. */
export interface Panels {
  readonly weights: Value;
  /** The type of the packed elements. Default: the weights'. */
  readonly type?: DataType;
  /** The offset of the first weight, in elements. Default 0. */
  readonly offset?: number;
  readonly bias: Value | undefined;
  readonly groups: number;
  readonly columns: number;
  readonly depth: readonly [number, number, number];
  readonly groupStride: number;
  readonly columnStride: number;
  readonly strides: readonly [number, number, number];
  /** Stride of the bias; 0 if one bias serves all columns. */
  readonly biasStride?: 0 | 1;
  readonly alpha?: number;
  readonly beta?: number;
  /** If set, transformed for Winograd's convolution: see assembly/winograd/f32_winograd_weights. */
  readonly winograd?: Winograd | undefined;
}

/**
 * A form of Winograd's convolution: output tiles of `size` × `size` from `points` × `points` products, kernels of `taps` ×
 * `taps`.
 */
export interface Winograd {
  readonly size: number;
  readonly points: number;
  readonly taps: number;
}

/** What an operator's `lower` writes to. */
export interface Lowering {
  /** The node whose instructions are written, for errors. */
  readonly node?: { readonly name: string } | undefined;
  /** Whether convolutions may use Winograd's algorithm; if a form, wherever it fits. */
  readonly winograd: boolean | Winograd;
  /** Whether weights that a run computes may be transformed for Winograd's algorithm, too. */
  readonly transforms: boolean;
  /** Whether a value is an input of the network as the caller gives it, in any layout. */
  isFed(value: Value): boolean;
  /** How many threads will run the instructions. */
  readonly threads: number;
  /** The place of an input; constants are placed among the weights. */
  place(value: Value): Place;
  /**
   * Gives an output its memory, in the layout that the layout pass chose: memory of its own, or a slice of a
   * concatenation's.
   */
  define(value: Value): Place;
  layoutOf(value: Value): Layout;
  /** Makes the output its input, under another name or shape. */
  alias(output: Value, input: Value): void;
  /** Memory for this node alone. @param type default float32 */
  scratch(elements: number, type?: DataType): Pointer;
  /** Bytes for one instruction, of any content: every thread that runs it has its own. */
  workspace(bytes: number): Pointer;
  /** A place with at least `bytes` bytes of zeros. */
  zeros(bytes: number): Pointer;
  /** A list that is known when the plan is made: int32 for Int32Array. */
  table(data: Float32Array | Int32Array): Pointer;
  /** Packed weights: constant ones are packed once at load, others by an instruction before the node's own. */
  panels(panels: Panels): Pointer;
  /** @param macs multiply-accumulates, for profiles */
  emit(op: Op, args: Args, macs?: number): void;
  /** Runs the node's `evaluate` as a host step; its inputs and outputs are row-major. */
  evaluate(node: Node): void;
  /** Runs `compute` as a host step, on views of memory. @param title for profiles */
  host(node: Node, title: string, compute: Compute): void;
}
