import { Op } from '../../assembly/opcodes.ts';
import type { DataType } from '../graph/tensor.ts';
import type { Args, Buffer, Pointer } from '../ops/operator.ts';

/** One instruction; its pointers become addresses when the program is written. */
export interface Instruction {
  readonly op: Op;
  readonly args: Args;
  /** The node it came from. */
  readonly node: string;
  /** Multiply-accumulates, for profiles. */
  readonly macs: number;
}

/** One step of loading weights: numbers copied into memory, then perhaps an instruction that packs them. */
export interface LoadStep {
  readonly copies: readonly { readonly data: Float32Array; readonly to: Pointer }[];
  readonly instruction?: Instruction;
}

/** Something that lies in memory as long as the model does. */
export interface Weight {
  /** The same key is the same content, whatever the plan. */
  readonly key: string;
  readonly buffer: Buffer;
  /** How it comes there. */
  load(): Iterable<LoadStep>;
}

/** A tensor that goes in or comes out. */
export interface Port {
  readonly name: string;
  readonly type: DataType;
  readonly dims: readonly number[];
  readonly pointer: Pointer;
}

/** Everything that running a network at given input shapes takes. */
export interface Plan {
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly weights: readonly Weight[];
  readonly instructions: readonly Instruction[];
  readonly arenaBytes: number;
}

/** Labels of the kernels: the file names under assembly/. */
export const kernelNames: Readonly<Record<Op, string>> = {
  [Op.End]: 'end',
  [Op.PackPanels]: 'f32_pack_panels',
  [Op.Conv]: 'f32_conv_igemm_4x8',
  [Op.DepthwiseConv]: 'f32_dwconv_c8',
  [Op.MaxPool]: 'f32_maxpool_c4',
  [Op.AveragePool]: 'f32_avgpool_c4',
  [Op.BatchNorm]: 'f32_batchnorm_c4',
  [Op.Clamp]: 'f32_clamp',
  [Op.Add]: 'f32_add',
  [Op.Softmax]: 'f32_softmax',
  [Op.Transpose]: 'f32_transpose_4x4',
};
