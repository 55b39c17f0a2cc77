import { UnaryKind } from '../../../../assembly/opcodes.ts';
import { type BinaryAttributes, sum } from '../../elementwise/binary.ts';
import { emitClamp, emitUnary, operand } from '../../emit.ts';
import type { Operator } from '../../operator.ts';
import { output } from '../../shapes.ts';

/** ONNX Mean of several tensors: their Sum, then a division. */
export const mean: Operator<BinaryAttributes> = {
  ...sum,
  name: 'Mean',
  evaluatedTypes: [['float32', 'float64']],
  evaluate(node, data) {
    const factor = 1 / node.inputs.length;
    return (sum.evaluate?.(node, data) ?? []).map((total) => (total as Float32Array).map((x) => x * factor));
  },
  lower(node, lowering) {
    sum.lower?.({ ...node, attributes: { ...node.attributes, clamp: undefined } as BinaryAttributes }, lowering);
    const y = output(node);
    const target = operand(y.dims, lowering.define(y));
    emitUnary(lowering, UnaryKind.Scale, target, target, 1 / node.inputs.length);
    if (node.attributes.clamp) emitClamp(lowering, target, target, node.attributes);
  },
};
