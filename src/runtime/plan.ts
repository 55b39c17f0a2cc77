import { DepthwiseConvArg, Op, WindowArg } from '../../assembly/opcodes.ts';
import type { GraphNode } from '../graph/graph.ts';
import type { DataType, Tensor, TypedArray } from '../graph/tensor.ts';
import type { Args, Buffer, Fill, Pointer, Value } from '../ops/operator.ts';

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
export interface Weight {
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
  readonly weights: readonly Weight[];
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

/** What stands for a name while a model runs: a tensor, a sequence of them, or an optional that is empty. */
export type Held = Tensor | readonly Tensor[] | null;

/** A program to run, and what goes in, in the order of the plan's inputs. What comes out is given back likewise. */
export interface Request {
  readonly plan: Plan;
  readonly feeds: readonly Tensor[];
}

/** A run, program by program. */
export type Running<T> = Generator<Request, T, readonly TypedArray[]>;

/** Plans kept for input shapes seen before. */
const MOST_PLANS = 8;

/** What there is for a key, or made for it now. The newest stands last; the oldest goes. */
export function recent<T>(kept: Map<string, T>, key: string, make: () => T): T {
  const value = kept.get(key) ?? make();
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > MOST_PLANS && oldest !== undefined) kept.delete(oldest);
  return value;
}

/** The kernel that runs a step: a file under assembly/, as the interpreter there picks it. */
export function kernelOf(step: Step): string {
  if (isHost(step)) return `host ${step.host}`;
  // Where there is a ring its address is not 0.
  if (step.op === Op.DepthwiseConv && step.args[DepthwiseConvArg.Ring]) return 'f32_dwconv_ring_c4';
  if (step.op === Op.Conv && vectorProduct.every(([word, value]) => step.args[word] === value)) return 'f32_gemv_1x16';
  return kernelNames[step.op];
}

/** One pixel of a 1×1 convolution. */
const vectorProduct: readonly (readonly [WindowArg, number])[] = [
  [WindowArg.Batch, 1],
  [WindowArg.InHeight, 1],
  [WindowArg.InWidth, 1],
  [WindowArg.OutHeight, 1],
  [WindowArg.OutWidth, 1],
  [WindowArg.KernelHeight, 1],
  [WindowArg.KernelWidth, 1],
  [WindowArg.PadTop, 0],
  [WindowArg.PadLeft, 0],
];

/** Labels of the opcodes; `kernelOf` tells which kernel of those that an opcode stands for. */
export const kernelNames: Readonly<Record<Op, string>> = {
  [Op.End]: 'end',
  [Op.PackPanels]: 'f32_pack_panels',
  [Op.Conv]: 'f32_conv_igemm_4x8',
  [Op.DepthwiseConv]: 'f32_dwconv_c8',
  [Op.MaxPool]: 'f32_maxpool_c4',
  [Op.AveragePool]: 'f32_avgpool_c4',
  [Op.BatchNorm]: 'f32_batchnorm_c4',
  [Op.Clamp]: 'f32_clamp',
  [Op.Binary]: 'f32_binary',
  [Op.Softmax]: 'f32_softmax',
  [Op.Transpose]: 'f32_transpose_4x4',
  [Op.Unary]: 'f32_unary',
  [Op.Copy]: 'copy',
  [Op.Gather]: 'gather',
  [Op.Resample]: 'f32_resample',
  [Op.Reduce]: 'f32_reduce',
  [Op.Lrn]: 'f32_lrn',
  [Op.Col2Im]: 'f32_col2im_c4',
  [Op.GridSample]: 'f32_gridsample',
  [Op.Winograd]: 'f32_winograd',
  [Op.WinogradWeights]: 'f32_winograd_weights',
  [Op.Widen]: 'f16_widen',
};
