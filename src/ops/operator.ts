import type { Op } from '../../assembly/opcodes.ts';
import type { Constant, GraphNode } from '../graph/graph.ts';
import type { DataType, TypedArray } from '../graph/tensor.ts';
import type { Value, ValueType } from '../graph/value.ts';
import type { Pack } from '../plan/packs.ts';
import type { Args, Layout, Place, Pointer } from '../plan/place.ts';
import type { Fill } from '../plan/plan.ts';
import type { AttributeReader } from './attributes.ts';

/** An operator applied: `A` is what the operator made of its attributes. */
export interface Node<A = unknown> {
  readonly op: Operator<A>;
  readonly name: string;
  readonly attributes: A;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly Value[];
  /** How many outputs somebody reads, up to the last of those; `outputs` are no more. */
  readonly outputCount: number;
  /** How many the file lists. */
  readonly declaredOutputs: number;
}

/** A node before its outputs are known. */
export type OpenNode<A> = Omit<Node<A>, 'op' | 'outputs'>;

/**
 * What an operator wants: a layout, or 'any': its inputs of the output's rank all in one layout, channels-last where one of them has that
 * already, and the output in the same.
 */
export interface LayoutRule {
  readonly inputs: readonly (Layout | 'any')[];
  readonly output: Layout | 'any';
}

/**
 * Everything Lanewise knows of one ONNX operator. What has no kernels runs by `evaluate`, between two stretches of the program; so do
 * the element types that the kernels do not take.
 */
export interface Operator<A = unknown> {
  /** ONNX's op_type. */
  readonly name: string;
  /** The oldest opset whose definition is implemented. */
  readonly since: number;
  /** The last opset that has it, where ONNX took it away. */
  readonly until?: number;
  /** Whether a node of it needs what is fetched with the operators that few networks have. */
  rare?(node: GraphNode, opset: number): boolean;
  /** How many inputs and outputs, at least and at most; one output where left out. */
  readonly inputs: readonly [number, number];
  readonly outputs?: readonly [number, number];
  /** The element types that the kernels take, per input, the last for all that follow; 'any' takes all. float32 where left out. */
  readonly types?: readonly (DataType | 'any')[];
  /** The element types that `evaluate` takes, likewise; where left out those of `types`, and where that is float32 all but bool. */
  readonly evaluatedTypes?: readonly (readonly DataType[] | 'any')[];
  /** Whether it gives the very elements it takes wherever type and dimensions stay. */
  readonly still?: boolean;
  /** Whether `evaluate` needs the inputs' shapes only. */
  readonly shapeOnly?: boolean;
  /** Inputs that must be known when the plan is made (shapes, axes). */
  readonly constantInputs?: readonly number[];
  /** Reads the attributes with their defaults and checks them; {} where left out. */
  attributes?(reader: AttributeReader, opset: number): A;
  /** @throws LanewiseError INVALID_MODEL or UNSUPPORTED where the inputs do not fit */
  inferShape(node: OpenNode<A>): readonly ValueType[];
  /** Where the sizes of the outputs depend on the inputs' elements: the outputs' dimensions for what `evaluate` gave. */
  sizes?(node: OpenNode<A>, data: readonly TypedArray[]): readonly (readonly number[])[];
  /**
   * The outputs' elements, row-major, from the inputs'; exact, so that every engine gives the same bits. Runs where every input is known
   * when the plan is made, where there are no kernels, and behind nodes whose sizes only a run tells.
   * @throws LanewiseError INVALID_INPUT where the elements make no sense (an index outside its tensor)
   */
  evaluate?(node: Node<A>, inputs: readonly (TypedArray | undefined)[]): readonly TypedArray[];
  /** Of constants, fills `target` with the elements from `from` on, as `evaluate` would, so that weights need not be there whole. */
  fill?(node: Node<A>, target: TypedArray, from: number): void;
  /** Whether only a run can tell what it does, by programs of its own: see src/control. */
  readonly dynamic?: boolean;
  /**
   * The nodes that stand for the node once its inputs are known, and the constants that they read.
   * @param inputs undefined where they are left out
   */
  expand?(
    source: GraphNode,
    inputs: readonly (Value | undefined)[],
  ): { readonly nodes: readonly GraphNode[]; readonly constants: ReadonlyMap<string, Constant> };
  layout?(node: Node<A>, layoutOf: (value: Value) => Layout): LayoutRule;
  /** The kernels that its instructions may need, whatever the shapes; the core's by default. */
  readonly pack?: Pack | ((node: GraphNode, opset: number) => Pack);
  /** Whether its kernels read and write pixels that lie further apart than their channels need, as slices of a concatenation do. */
  readonly slices?: boolean;
  /** Whether it clamps its output as it stores it, as the attribute `clamp` says. */
  readonly clamps?: boolean;
  /** Multiply-accumulates; none where left out. */
  macs?(node: Node<A>): number;
  /** What this is a copy of, which runs on the host: see src/compiler/host.ts. */
  readonly original?: Operator<A>;
  /** Writes the node's instructions. */
  lower?(node: Node<A>, lowering: Lowering): void;
}

/** Weights as the GEMM wants them: see assembly/gemm/f32_pack_panels. Strides in elements of `weights`. */
export interface Panels {
  readonly weights: Value;
  /** Of the packed elements; default that of the weights. */
  readonly type?: DataType;
  /** Where they start, in elements; 0 where left out. */
  readonly offset?: number;
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
  /** Transformed for Winograd's convolution: see assembly/winograd/f32_winograd_weights. Constant weights only. */
  readonly winograd?: Winograd | undefined;
}

/** A form of Winograd's convolution: output tiles of `size` × `size` from `points` × `points` products, kernels of `taps` × `taps`. */
export interface Winograd {
  readonly size: number;
  readonly points: number;
  readonly taps: number;
}

/** What an operator's `lower` writes to. */
export interface Lowering {
  /** Whose instructions are written, for errors. */
  readonly node?: { readonly name: string } | undefined;
  /** Whether convolutions may run by Winograd's algorithm; a form: wherever it fits. */
  readonly winograd: boolean | Winograd;
  /** Whether a value is an input of the network as the caller gives it, in whatever layout. */
  isFed(value: Value): boolean;
  /** How many threads will run the instructions. */
  readonly threads: number;
  /** Where an input lies; constants are placed among the weights. */
  place(value: Value): Place;
  /** Gives an output its memory, in the layout that the layout pass chose: of its own, or a slice of a concatenation's. */
  define(value: Value): Place;
  layoutOf(value: Value): Layout;
  /** The output is its input under another name or shape. */
  alias(output: Value, input: Value): void;
  /** Memory for this node alone. @param type default float32 */
  scratch(elements: number, type?: DataType): Pointer;
  /** Bytes for one instruction, which says what they hold: every thread that runs it has its own. */
  workspace(bytes: number): Pointer;
  /** Zeros for at least `bytes`. */
  zeros(bytes: number): Pointer;
  /** A list that the plan knows: int32 for Int32Array. */
  table(data: Float32Array | Int32Array): Pointer;
  /** Packed weights: packed once at load where they are constant, else by an instruction before the node's own. */
  panels(panels: Panels): Pointer;
  /** @param macs multiply-accumulates, for profiles */
  emit(op: Op, args: Args, macs?: number): void;
  /** The node's `evaluate`, between two stretches of the program; its inputs and outputs are row-major. */
  evaluate(node: Node): void;
  /** `fill` likewise, on views of memory. @param title for profiles */
  host(node: Node, title: string, fill: Fill): void;
}
