import { BatchNormArg, Op } from '../../../assembly/opcodes.ts';
import { product } from '../../graph/dims.ts';
import type { GraphNode } from '../../graph/graph.ts';
import { formatDims } from '../../graph/tensor.ts';
import { AttributeReader } from '../attributes.ts';
import { macsOf } from '../cost.ts';
import { type Clamped, clampWords } from '../elementwise/clamp.ts';
import type { Lowering, Node, Operator } from '../operator.ts';
import { asImage, input, invalid, output, unsupported } from '../shapes.ts';

export interface BatchNormAttributes extends Clamped {
  readonly epsilon: number;
  /** The file's momentum, in any mode: the share of the old in running statistics. */
  readonly kept: number;
  /** Training mode, by the input's own statistics: the share of the given statistics in the outputs after the first. */
  readonly momentum?: number | undefined;
}

/** Training mode; from opset 7 to 13 the number of outputs says so. */
const trains = (reader: AttributeReader, opset: number): boolean =>
  opset < 7 ? !reader.flag('is_test') : opset < 14 ? reader.outputs > 1 : reader.flag('training_mode');

type LowerTraining = (node: Node<BatchNormAttributes>, momentum: number, lowering: Lowering) => void;

/** Lowers it in training mode, once that chunk is loaded. */
export const training: { lower?: LowerTraining } = {};

/** The node as stated in the file. */
const inTraining = (node: GraphNode, opset: number): boolean => trains(new AttributeReader(node), opset);

/**
 * ONNX BatchNormalization: X [N, C, ...], or [N] with one channel, scale, bias, mean and variance [C]. Training mode uses
 * the mean and the variance of the input itself.
 */
export const batchNormalization: Operator<BatchNormAttributes> = {
  clamps: true,
  name: 'BatchNormalization',
  since: 6,
  rare: inTraining,
  pack: (node, opset) => (inTraining(node, opset) ? 'more' : 'core'),
  inputs: [5, 5],
  outputs: [1, 3],
  attributes: (reader, opset) => {
    if (opset < 9 && !reader.flag('spatial', true)) throw reader.unsupported('spatial 0 (statistics per position) is not supported');
    const kept = reader.float('momentum', 0.9);
    return { epsilon: reader.float('epsilon', 1e-5), kept, momentum: trains(reader, opset) ? kept : undefined };
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
  lower(node, lowering) {
    if (node.attributes.momentum !== undefined) return (training.lower as LowerTraining)(node, node.attributes.momentum, lowering);
    const x = input(node, 0);
    const { channels } = asImage(x.dims);
    const source = lowering.place(x);
    const target = lowering.define(output(node));
    const [min, max] = clampWords(node.attributes);
    lowering.emit(
      Op.BatchNorm,
      {
        [BatchNormArg.Input]: source.pointer,
        [BatchNormArg.Output]: target.pointer,
        [BatchNormArg.Scale]: lowering.place(input(node, 1)).pointer,
        [BatchNormArg.Bias]: lowering.place(input(node, 2)).pointer,
        [BatchNormArg.Mean]: lowering.place(input(node, 3)).pointer,
        [BatchNormArg.Variance]: lowering.place(input(node, 4)).pointer,
        [BatchNormArg.Scratch]: lowering.workspace(2 * 4 * Math.ceil(channels / 4) * 4),
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
