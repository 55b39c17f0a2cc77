import { BatchNormArg, Op } from '../../assembly/opcodes.ts';
import { product } from '../graph/dims.ts';
import { formatDims } from '../graph/tensor.ts';
import { type Clamped, clampWords } from './clamp.ts';
import { macsOf } from './cost.ts';
import type { Operator } from './operator.ts';
import { asImage, input, invalid } from './shapes.ts';

export interface BatchNormAttributes extends Clamped {
  readonly epsilon: number;
}

/** ONNX BatchNormalization at inference: X [N, C, ...], scale, bias, mean and variance [C]. */
export const batchNormalization: Operator<BatchNormAttributes> = {
  name: 'BatchNormalization',
  opsets: [6, 21],
  inputs: [5, 5],
  attributes: (reader, opset) => {
    if (opset >= 14 && reader.flag('training_mode')) throw reader.unsupported('training_mode 1 is not supported; export for inference');
    if (opset < 9 && !reader.flag('spatial', true)) throw reader.unsupported('spatial 0 (statistics per position) is not supported');
    if (opset < 7 && !reader.flag('is_test')) throw reader.unsupported('is_test 0 is not supported; export for inference');
    reader.float('momentum', 0.9); // For training only.
    return { epsilon: reader.float('epsilon', 1e-5) };
  },
  inferShape(node) {
    const { dims } = input(node, 0);
    if (dims.length < 2) throw invalid(node, `input ${formatDims(dims)} has no channels; expected [N, C, ...]`);
    for (let i = 1; i < 5; i++) {
      const vector = input(node, i).dims;
      if (vector.length !== 1 || vector[0] !== dims[1]) {
        throw invalid(node, `input ${i} ${formatDims(vector)} does not fit ${dims[1]} channels`);
      }
    }
    return [{ type: 'float32', dims }];
  },
  layout: () => ({ inputs: ['channelsLast', 'any', 'any', 'any', 'any'], output: 'channelsLast' }),
  slices: true,
  macs: (node) => product(input(node, 0).dims),
  lower(node, to) {
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
