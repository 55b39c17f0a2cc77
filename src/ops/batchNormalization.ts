import { BatchNormArg, BinaryKind, Op, ReduceKind, UnaryKind } from '../../assembly/opcodes.ts';
import { product } from '../graph/dims.ts';
import { formatDims } from '../graph/tensor.ts';
import { operandOf } from './binary.ts';
import { type Clamped, clampWords } from './clamp.ts';
import { macsOf } from './cost.ts';
import { emitBinary, emitClamp, emitReduce, emitUnary, type Operand, operand } from './emit.ts';
import { emitNormalize, perChannel } from './normalize.ts';
import type { Lowering, Node, Operator, Value } from './operator.ts';
import { asImage, input, invalid, unsupported } from './shapes.ts';
import { stridesOf } from './strides.ts';

export interface BatchNormAttributes extends Clamped {
  readonly epsilon: number;
  /** Where the statistics are the input's own: how much the outputs after the first keep of those that are given. */
  readonly momentum?: number | undefined;
}

/**
 * ONNX BatchNormalization: X [N, C, ...], or [N] with one channel, scale, bias, mean and variance [C]. In training mode the mean and the variance
 * of the input itself take the place of those given.
 */
export const batchNormalization: Operator<BatchNormAttributes> = {
  name: 'BatchNormalization',
  since: 6,
  inputs: [5, 5],
  outputs: [1, 3],
  attributes: (reader, opset) => {
    if (opset < 9 && !reader.flag('spatial', true)) throw reader.unsupported('spatial 0 (statistics per position) is not supported');
    const momentum = reader.float('momentum', 0.9);
    // From opset 7 to 13 it is the number of outputs that says so.
    const training = opset < 7 ? !reader.flag('is_test') : opset < 14 ? reader.outputs > 1 : reader.flag('training_mode');
    return { epsilon: reader.float('epsilon', 1e-5), momentum: training ? momentum : undefined };
  },
  inferShape(node) {
    const { dims } = input(node, 0);
    if (dims.length < 1) throw invalid(node, `input ${formatDims(dims)} has no channels; expected [N, C, ...]`);
    const { channels } = asImage(dims);
    for (let i = 1; i < 5; i++) {
      const vector = input(node, i).dims;
      if (vector.length !== 1 || vector[0] !== channels) {
        throw invalid(node, `input ${i} ${formatDims(vector)} does not fit ${channels} channels`);
      }
    }
    if (node.outputCount > 1 && node.attributes.momentum === undefined) throw unsupported(node, 'only training mode has several outputs');
    return [dims, [channels], [channels]].slice(0, node.outputCount).map((dims) => ({ type: 'float32', dims }));
  },
  layout: () => ({ inputs: ['channelsLast', 'any', 'any', 'any', 'any'], output: 'channelsLast' }),
  slices: true,
  macs: (node) => product(input(node, 0).dims),
  lower(node, to) {
    if (node.attributes.momentum !== undefined) return lowerTraining(node, node.attributes.momentum, to);
    const x = input(node, 0);
    const { channels } = asImage(x.dims);
    const source = to.place(x);
    const target = to.define(node.outputs[0] as (typeof node.outputs)[0]);
    const [min, max] = clampWords(node.attributes);
    to.emit(
      Op.BatchNorm,
      {
        [BatchNormArg.Input]: source.pointer,
        [BatchNormArg.Output]: target.pointer,
        [BatchNormArg.Scale]: to.place(input(node, 1)).pointer,
        [BatchNormArg.Bias]: to.place(input(node, 2)).pointer,
        [BatchNormArg.Mean]: to.place(input(node, 3)).pointer,
        [BatchNormArg.Variance]: to.place(input(node, 4)).pointer,
        [BatchNormArg.Scratch]: to.workspace(2 * 4 * Math.ceil(channels / 4) * 4),
        [BatchNormArg.Pixels]: channels && product(x.dims) / channels,
        [BatchNormArg.Channels]: channels,
        [BatchNormArg.InPixelStride]: source.pixelStride,
        [BatchNormArg.OutPixelStride]: target.pixelStride,
        [BatchNormArg.Epsilon]: { float: node.attributes.epsilon },
        [BatchNormArg.Min]: min,
        [BatchNormArg.Max]: max,
      },
      macsOf(node),
    );
  },
};

/** By the input's own statistics; then the running ones: those that are given * momentum + the own * (1 - momentum). */
function lowerTraining(node: Node<BatchNormAttributes>, momentum: number, to: Lowering): void {
  const { channels } = asImage(input(node, 0).dims);
  // A single channel may have no dimension.
  const image = ({ dims, strides, pointer }: Operand): Operand =>
    dims.length > 1 ? { dims, strides, pointer } : { dims: [...dims, 1], strides: [...strides, 4], pointer };
  const x = image(operandOf(input(node, 0), to));
  const [output, ...running] = node.outputs as [Value, ...Value[]];
  const y = image(operand(output.dims, to.define(output)));
  const vector = (place: Operand) => perChannel(place, x.dims.length);
  const given = (i: number) => vector(operandOf(input(node, i), to));
  const scratch = () => vector({ dims: [channels], pointer: to.scratch(channels * 4), strides: [4] });
  const broadcast = ({ dims, ...rest }: Operand): Operand => ({ ...rest, dims: [1, ...dims], strides: [0, ...rest.strides] });
  const axes = x.dims.map((_, axis) => axis).filter((axis) => axis !== 1);
  const own = [scratch(), scratch()] as const;
  const [mean, variance] = own.map(broadcast) as [Operand, Operand];
  emitNormalize(to, y, x, axes, node.attributes.epsilon, { scale: given(1), bias: given(2), mean });
  if (node.attributes.clamp) emitClamp(to, y, y, node.attributes);
  if (running[1]) {
    const shifted = { ...x, pointer: to.scratch(product(x.dims) * 4), strides: stridesOf('rowMajor', x.dims, 4) };
    emitBinary(to, BinaryKind.Sub, shifted, x, mean);
    emitReduce(to, ReduceKind.SumSquare, variance, shifted, axes, channels / product(x.dims));
  }
  running.forEach((value, i) => {
    const kept = vector(operand(value.dims, to.define(value)));
    const mine = own[i] as Operand;
    emitUnary(to, UnaryKind.Scale, kept, given(3 + i), momentum);
    emitUnary(to, UnaryKind.Scale, mine, mine, 1 - momentum);
    emitBinary(to, BinaryKind.Add, kept, kept, mine);
  });
}
