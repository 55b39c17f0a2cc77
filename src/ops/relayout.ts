import { Op, TransposeArg } from '../../assembly/opcodes.ts';
import type { Layout, Operator, Value } from './operator.ts';
import { asImage, input } from './shapes.ts';

interface RelayoutAttributes {
  readonly to: Layout;
}

/** Not ONNX's: the same value in the other layout. The layout pass inserts it. */
export const relayout: Operator<RelayoutAttributes> = {
  name: 'Relayout',
  opsets: [0, 0],
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: () => ({ to: 'rowMajor' }),
  inferShape: (node) => [{ type: 'float32', dims: input(node, 0).dims }],
  lower(node, to) {
    const x = input(node, 0);
    const y = node.outputs[0] as Value;
    const { batch, channels, height, width } = asImage(x.dims);
    const pixels = height * width;
    if (pixels === 1 || channels === 1) return to.alias(y, x);
    const toChannelsLast = node.attributes.to === 'channelsLast';
    const source = to.place(x);
    const target = to.define(y);
    to.emit(Op.Transpose, {
      [TransposeArg.Input]: source.pointer,
      [TransposeArg.Output]: target.pointer,
      [TransposeArg.Batch]: batch,
      [TransposeArg.Rows]: toChannelsLast ? channels : pixels,
      [TransposeArg.Columns]: toChannelsLast ? pixels : channels,
      [TransposeArg.InRowStride]: toChannelsLast ? pixels * 4 : source.pixelStride,
      [TransposeArg.OutRowStride]: toChannelsLast ? target.pixelStride : pixels * 4,
    });
  },
};
