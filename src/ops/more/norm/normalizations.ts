import { at } from '../../../graph/at.ts';
import { product } from '../../../graph/dims.ts';
import { operandOf } from '../../elementwise/binary.ts';
import type { Operand } from '../../emit.ts';
import { alike, firstAlike } from '../../layouts.ts';
import type { Node, OpenNode, Operator } from '../../operator.ts';
import { input, invalid, output, resolveAxis } from '../../shapes.ts';
import { emitNormalize, perChannel } from './normalize.ts';

const channelVectors = (node: OpenNode<unknown>, length: number): void => {
  for (const i of [1, 2]) {
    const { dims } = input(node, i);
    if (dims.length !== 1 || dims[0] !== length) throw invalid(node, `input ${i} [${dims}] does not fit ${length} channels`);
  }
};

const sameShape = (node: OpenNode<unknown>, rank: number) => {
  const { type, dims } = input(node, 0);
  if (dims.length < rank) throw invalid(node, `its input [${dims}] should be [N, C, ...]`);
  return [{ type, dims }];
};

const macs = (node: Node) => product(input(node, 0).dims);

/** ONNX InstanceNormalization (Ulyanov et al. 2016, arXiv:1607.08022): over the spatial dimensions of each channel. */
export const instanceNormalization: Operator<{ readonly epsilon: number }> = {
  pack: 'more',
  name: 'InstanceNormalization',
  since: 6,
  inputs: [3, 3],
  attributes: (reader) => ({ epsilon: reader.float('epsilon', 1e-5) }),
  inferShape(node) {
    const result = sameShape(node, 3);
    channelVectors(node, at(input(node, 0).dims, 1));
    return result;
  },
  layout: firstAlike,
  slices: true,
  macs,
  lower(node, lowering) {
    const x = operandOf(input(node, 0), lowering);
    const y = { ...x, ...lowering.define(output(node)) };
    const axes = x.dims.map((_, axis) => axis).slice(2);
    const [scale, bias] = [1, 2].map((i) => perChannel(operandOf(input(node, i), lowering), x.dims.length));
    emitNormalize(lowering, y, x, axes, node.attributes.epsilon, { scale, bias });
  },
};

/** ONNX GroupNormalization (Wu and He 2018, arXiv:1803.08494): over the channels of a group and the spatial dimensions. */
export const groupNormalization: Operator<{ readonly epsilon: number; readonly groups: number; readonly perGroup: boolean }> = {
  pack: 'more',
  name: 'GroupNormalization',
  since: 18,
  inputs: [3, 3],
  attributes(reader, opset) {
    if (opset >= 21) reader.int('stash_type', 1);
    const groups = reader.positive('num_groups', 0);
    // Up to opset 20 there are a scale and a bias for each group, later for each channel.
    return { epsilon: reader.float('epsilon', 1e-5), groups, perGroup: opset < 21 };
  },
  inferShape(node) {
    const result = sameShape(node, 3);
    const channels = at(input(node, 0).dims, 1);
    const { groups, perGroup } = node.attributes;
    if (channels % groups !== 0) throw invalid(node, `${channels} channels do not make ${groups} groups`);
    channelVectors(node, perGroup ? groups : channels);
    return result;
  },
  layout: firstAlike,
  slices: true,
  macs,
  lower(node, lowering) {
    const { groups, perGroup } = node.attributes;
    const grouped = ({ dims, pointer, strides }: Operand): Operand => {
      const [n = 1, c = 1, ...rest] = dims;
      const [batch = 0, channel = 0, ...others] = strides;
      return { dims: [n, groups, c / groups, ...rest], pointer, strides: [batch, (c / groups) * channel, channel, ...others] };
    };
    const x = operandOf(input(node, 0), lowering);
    const each = at(x.dims, 1) / groups;
    const y = { ...x, ...lowering.define(output(node)) };
    const rest = new Array<number>(x.dims.length - 2).fill(1);
    const vector = (i: number): Operand => ({
      dims: [groups, perGroup ? 1 : each, ...rest],
      pointer: lowering.place(input(node, i)).pointer,
      strides: [perGroup ? 4 : 4 * each, perGroup ? 0 : 4, ...rest.map(() => 0)],
    });
    const axes = Array.from({ length: x.dims.length - 1 }, (_, i) => i + 2);
    emitNormalize(lowering, grouped(y), grouped(x), axes, node.attributes.epsilon, { scale: vector(1), bias: vector(2) });
  },
};

interface LayerAttributes {
  readonly axis: number;
  readonly epsilon: number;
}

/** ONNX LayerNormalization (Ba, Kiros and Hinton 2016, arXiv:1607.06450): over the dimensions from `axis` on. */
export const layerNormalization: Operator<LayerAttributes> = {
  pack: 'more',
  name: 'LayerNormalization',
  since: 17,
  inputs: [2, 3],
  outputs: [1, 3],
  attributes(reader) {
    reader.int('stash_type', 1);
    return { axis: reader.int('axis', -1), epsilon: reader.float('epsilon', 1e-5) };
  },
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const axis = resolveAxis(node, node.attributes.axis, dims.length);
    const tail = dims.slice(axis);
    for (const value of node.inputs.slice(1)) {
      if (!value) continue;
      const missing = tail.length - value.dims.length;
      if (value.dims.some((dim, i) => dim !== 1 && dim !== tail[i + missing])) {
        throw invalid(node, `'${value.name}' [${value.dims}] does not fit the dimensions [${tail}]`);
      }
    }
    const statistics = { type, dims: dims.map((dim, a) => (a >= axis ? 1 : dim)) };
    return [{ type, dims }, statistics, statistics].slice(0, node.outputCount);
  },
  macs,
  lower(node, lowering) {
    const x = operandOf(input(node, 0), lowering);
    const [y, mean, inverse] = node.outputs.map((value) => ({ dims: value.dims, ...lowering.define(value) }));
    const start = resolveAxis(node, node.attributes.axis, x.dims.length);
    const axes = x.dims.map((_, axis) => axis).slice(start);
    const [scale, bias] = [node.inputs[1], node.inputs[2]].map((value) => value && operandOf(value, lowering));
    emitNormalize(lowering, y as Operand, x, axes, node.attributes.epsilon, { scale, bias, mean, inverse });
  },
};

/**
 * ONNX MeanVarianceNormalization: over `axes`, by default the batch and the spatial dimensions; (x - mean) / (deviation +
 * 1e-9).
 */
export const meanVarianceNormalization: Operator<{ readonly axes: readonly number[] }> = {
  pack: 'more',
  name: 'MeanVarianceNormalization',
  since: 9,
  inputs: [1, 1],
  attributes: (reader) => ({ axes: reader.ints('axes') ?? [0, 2, 3] }),
  inferShape(node) {
    const { type, dims } = input(node, 0);
    for (const axis of node.attributes.axes) resolveAxis(node, axis, dims.length);
    return [{ type, dims }];
  },
  layout: alike,
  slices: true,
  lower(node, lowering) {
    const x = operandOf(input(node, 0), lowering);
    const y = { ...x, ...lowering.define(output(node)) };
    const axes = [...new Set(node.attributes.axes.map((axis) => resolveAxis(node, axis, x.dims.length)))];
    emitNormalize(lowering, y, x, axes, 1e-18);
  },
};
