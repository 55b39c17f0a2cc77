// One node each of the operators that read pictures, for tests of what lies around them.

import type { Attribute, Constant } from '../../src/graph/graph.ts';
import { array, type NdArray, random } from '../reference/index.ts';
import { int64, type NodeSpec } from './graph.ts';
import { floats } from './moves.ts';

/** An operator from a picture [2, C, 4, 6] to something; `constants` are further inputs. */
export interface Kind {
  op: string;
  opset?: number;
  attributes?: (channels: number) => Record<string, Attribute>;
  /** 'x' stands for the picture once more. */
  inputs?: (channels: number) => (NdArray | Constant | 'x' | undefined)[];
  outputs?: number;
}

const perChannel = (seed: number) => (channels: number) => random([channels], seed, 0.5, 1.5);
const list = (...values: number[]) => int64('', values);

export const kinds: Record<string, Kind> = {
  'Conv 1x1': { op: 'Conv', inputs: (c) => [random([c + 1, c, 1, 1], 1), random([c + 1], 2)] },
  'Conv 3x3': { op: 'Conv', attributes: () => ({ pads: [1, 1, 1, 1] }), inputs: (c) => [random([5, c, 3, 3], 1)] },
  'Conv with stride': { op: 'Conv', attributes: () => ({ strides: [2, 2] }), inputs: (c) => [random([3, c, 2, 2], 1)] },
  'depthwise Conv': {
    op: 'Conv',
    attributes: (group) => ({ group, pads: [1, 1, 1, 1] }),
    inputs: (c) => [random([c, 1, 3, 3], 1), random([c], 2)],
  },
  'Conv that multiplies channels': { op: 'Conv', attributes: (group) => ({ group }), inputs: (c) => [random([2 * c, 1, 1, 1], 1)] },
  ConvTranspose: { op: 'ConvTranspose', attributes: () => ({ pads: [1, 1, 1, 1] }), inputs: (c) => [random([c, 3, 3, 3], 1)] },
  'ConvTranspose with stride': { op: 'ConvTranspose', attributes: () => ({ strides: [2, 2] }), inputs: (c) => [random([c, 5, 2, 2], 1)] },
  MaxPool: { op: 'MaxPool', attributes: () => ({ kernel_shape: [3, 3], pads: [1, 1, 1, 1] }) },
  AveragePool: { op: 'AveragePool', attributes: () => ({ kernel_shape: [3, 3], pads: [1, 1, 1, 1] }) },
  LpPool: { op: 'LpPool', attributes: () => ({ kernel_shape: [2, 2], strides: [2, 2] }) },
  GlobalAveragePool: { op: 'GlobalAveragePool' },
  GlobalMaxPool: { op: 'GlobalMaxPool' },
  BatchNormalization: { op: 'BatchNormalization', inputs: (c) => [1, 2, 3, 4].map((seed) => perChannel(seed)(c)) },
  InstanceNormalization: { op: 'InstanceNormalization', inputs: (c) => [perChannel(1)(c), perChannel(2)(c)] },
  'LayerNormalization of rows': { op: 'LayerNormalization', opset: 17, inputs: () => [random([6], 1)] },
  MeanVarianceNormalization: { op: 'MeanVarianceNormalization' },
  LRN: { op: 'LRN', attributes: () => ({ size: 3 }) },
  Relu: { op: 'Relu' },
  LeakyRelu: { op: 'LeakyRelu' },
  Clip: { op: 'Clip', inputs: () => [array([], [-0.5]), array([], [0.5])] },
  Sigmoid: { op: 'Sigmoid' },
  HardSwish: { op: 'HardSwish', opset: 14 },
  PRelu: { op: 'PRelu', inputs: (c) => [random([c, 1, 1], 1)] },
  Erf: { op: 'Erf' },
  Abs: { op: 'Abs' },
  'Add to itself': { op: 'Add', inputs: () => ['x'] },
  'Mul by channel': { op: 'Mul', inputs: (c) => [random([1, c, 1, 1], 1)] },
  'Sub of a row': { op: 'Sub', inputs: () => [random([6], 1)] },
  'Sum of three': { op: 'Sum', inputs: (c) => ['x', random([c, 1, 1], 1)] },
  'Mean of three': { op: 'Mean', inputs: () => ['x', random([1], 1)] },
  Max: { op: 'Max', inputs: (c) => [random([1, c, 1, 1], 1), random([1], 2)] },
  Pow: { op: 'Pow', inputs: () => [array([], [2])] },
  Softmax: { op: 'Softmax', attributes: () => ({ axis: 1 }) },
  'Softmax of rows': { op: 'Softmax' },
  LogSoftmax: { op: 'LogSoftmax', attributes: () => ({ axis: 1 }) },
  ReduceMean: { op: 'ReduceMean', attributes: () => ({ axes: [2, 3] }) },
  'ReduceMax over channels': { op: 'ReduceMax', attributes: () => ({ axes: [1], keepdims: 0 }) },
  ArgMax: { op: 'ArgMax', attributes: () => ({ axis: 1 }) },
  CumSum: { op: 'CumSum', inputs: () => [list(1)] },
  Identity: { op: 'Identity' },
  Dropout: { op: 'Dropout' },
  'Cast to float32': { op: 'Cast', attributes: () => ({ to: 1 }) },
  'Reshape in place': { op: 'Reshape', inputs: () => [list(0, 0, 6, 4)] },
  Flatten: { op: 'Flatten' },
  Unsqueeze: { op: 'Unsqueeze', inputs: () => [list(1)] },
  'Transpose of the picture': { op: 'Transpose', attributes: () => ({ perm: [0, 1, 3, 2] }) },
  'Transpose to NHWC': { op: 'Transpose', attributes: () => ({ perm: [0, 2, 3, 1] }) },
  'Transpose of batch and channels': { op: 'Transpose', attributes: () => ({ perm: [1, 0, 2, 3] }) },
  'Slice of rows': { op: 'Slice', inputs: () => [list(-1), list(-9), list(2), list(-2)] },
  'Slice of channels': { op: 'Slice', inputs: () => [list(0), list(1), list(1)] },
  'Slice of channels backwards': { op: 'Slice', inputs: () => [list(-1), list(-99), list(1), list(-1)] },
  'Split of channels': { op: 'Split', attributes: () => ({ axis: 1 }), inputs: (c) => [list(1, c - 1)], outputs: 2 },
  'Split of rows': { op: 'Split', attributes: () => ({ axis: 2 }), outputs: 2 },
  'Concat of channels': { op: 'Concat', attributes: () => ({ axis: 1 }), inputs: (c) => [random([2, 3, 4, 6], c), 'x'] },
  'Concat of rows': { op: 'Concat', attributes: () => ({ axis: 2 }), inputs: () => ['x'] },
  'Expand to itself': { op: 'Expand', inputs: () => [list(2, 1, 4, 6)] },
  'Tile of channels': { op: 'Tile', inputs: () => [list(1, 2, 1, 1)] },
  SpaceToDepth: { op: 'SpaceToDepth', attributes: () => ({ blocksize: 2 }) },
  'Gather of channels': { op: 'Gather', attributes: () => ({ axis: 1 }), inputs: () => [list(0, -1, 0)] },
  'Gather of a channel': { op: 'Gather', attributes: () => ({ axis: 1 }), inputs: () => [list(-1)] },
  'Pad with zeros': { op: 'Pad', inputs: () => [list(0, 0, 1, -1, 0, 0, 0, 1)] },
  'Pad of channels': { op: 'Pad', inputs: () => [list(0, 1, 0, 0, 0, 2, 0, 0), array([], [3])] },
  'Pad by reflection': { op: 'Pad', attributes: () => ({ mode: 'reflect' }), inputs: () => [list(0, 0, 2, 1, 0, 0, 1, 0)] },
  'Resize, nearest': { op: 'Resize', inputs: () => [undefined, floats('', [1, 1, 2, 1.5])] },
  'Resize, linear': { op: 'Resize', attributes: () => ({ mode: 'linear' }), inputs: () => [undefined, floats('', [1, 1, 0.6, 2])] },
  'Resize to itself': { op: 'Resize', attributes: () => ({ mode: 'cubic' }), inputs: () => [undefined, floats('', [1, 1, 1, 1])] },
  GridSample: { op: 'GridSample', opset: 16, inputs: () => [random([2, 3, 5, 2], 1)] },
};

/** The node of a kind that reads `from`, and its constants. */
export function nodeOf({ op, attributes, inputs, outputs = 1 }: Kind, channels: number, from: string, name: string) {
  const given = inputs?.(channels) ?? [];
  const names = given.map((value, i) => (value === undefined ? '' : value === 'x' ? from : `${name}.${i}`));
  const constants = Object.fromEntries(
    given.flatMap((value, i) =>
      value === undefined || value === 'x' ? [] : [[`${name}.${i}`, 'read' in value ? { ...value, name: `${name}.${i}` } : value]],
    ),
  );
  const node: NodeSpec = {
    op,
    attributes: attributes?.(channels) ?? {},
    inputs: [from, ...names],
    outputs: Array.from({ length: outputs }, (_, i) => (i === 0 ? name : `${name}:${i}`)),
  };
  return { node, constants };
}
