import { BinaryKind } from '../../../../assembly/opcodes.ts';
import type { AttributeReader } from '../../attributes.ts';
import { type BinaryAttributes, binary, broadcastAll } from '../../elementwise/binary.ts';
import type { Operator } from '../../operator.ts';
import { input, invalid } from '../../shapes.ts';

/** ONNX PRelu: slope * x below 0; the slope broadcasts to x, not the other way. */
export const prelu: Operator<BinaryAttributes> = {
  ...binary({ name: 'PRelu', kind: BinaryKind.PRelu }),
  // Up to opset 6 a slope of several numbers is one for each channel.
  attributes: (_: AttributeReader, opset: number) => (opset < 7 ? { axis: 1 } : {}),
  inferShape(node) {
    const { type, dims } = input(node, 0);
    if (broadcastAll(node).dims.join() !== dims.join()) throw invalid(node, 'its slope does not broadcast to its input');
    return [{ type, dims }];
  },
};
