import { elementBytes } from '../../graph/tensor.ts';
import type { Layout } from '../../plan/place.ts';
import type { Operator } from '../operator.ts';
import { asImage, input, output } from '../shapes.ts';
import { along, emitMove } from './move.ts';

interface RelayoutAttributes {
  readonly to: Layout;
}

/** Not an ONNX operator: the same value in the other layout. The layout pass inserts it. */
export const relayout: Operator<RelayoutAttributes> = {
  name: 'Relayout',
  since: 0,
  inputs: [1, 1],
  types: ['any'],
  attributes: () => ({ to: 'rowMajor' }),
  inferShape: (node) => [{ type: input(node, 0).type, dims: input(node, 0).dims }],
  slices: true,
  lower(node, lowering) {
    const x = input(node, 0);
    const y = output(node);
    const { channels, height, width } = asImage(x.dims);
    // The gaps of a slice do not fit the other layout.
    const dense = lowering.place(x).pixelStride === channels * elementBytes(x.type);
    if (dense && (height * width === 1 || channels === 1)) lowering.alias(y, x);
    else emitMove(lowering, { loops: x.dims.map((size, axis) => along(size, axis)) }, y, x);
  },
};
