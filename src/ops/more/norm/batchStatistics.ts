// BatchNormalization in training mode.

import { BinaryKind, ReduceKind, UnaryKind } from '../../../../assembly/opcodes.ts';
import { product } from '../../../graph/dims.ts';
import type { Value } from '../../../graph/value.ts';
import { operandOf } from '../../elementwise/binary.ts';
import { emitBinary, emitClamp, emitReduce, emitUnary, type Operand, operand } from '../../emit.ts';
import type { BatchNormAttributes } from '../../norm/batchNormalization.ts';
import type { Lowering, Node } from '../../operator.ts';
import { asImage, input } from '../../shapes.ts';
import { stridesOf } from '../../strides.ts';
import { emitNormalize, perChannel } from './normalize.ts';

/** Normalises by the input's own statistics; then the running ones: given * momentum + own * (1 - momentum). */
export function lowerTraining(node: Node<BatchNormAttributes>, momentum: number, lowering: Lowering): void {
  const { channels } = asImage(input(node, 0).dims);
  // A single channel may have no dimension.
  const image = ({ dims, strides, pointer }: Operand): Operand =>
    dims.length > 1 ? { dims, strides, pointer } : { dims: [...dims, 1], strides: [...strides, 4], pointer };
  const x = image(operandOf(input(node, 0), lowering));
  const [output, ...running] = node.outputs as [Value, ...Value[]];
  const y = image(operand(output.dims, lowering.define(output)));
  const vector = (place: Operand) => perChannel(place, x.dims.length);
  const given = (i: number) => vector(operandOf(input(node, i), lowering));
  const scratch = () => vector({ dims: [channels], pointer: lowering.scratch(channels), strides: [4] });
  const broadcast = ({ dims, ...rest }: Operand): Operand => ({ ...rest, dims: [1, ...dims], strides: [0, ...rest.strides] });
  const axes = x.dims.map((_, axis) => axis).filter((axis) => axis !== 1);
  const own = [scratch(), scratch()] as const;
  const [mean, variance] = own.map(broadcast) as [Operand, Operand];
  emitNormalize(lowering, y, x, axes, node.attributes.epsilon, { scale: given(1), bias: given(2), mean });
  if (node.attributes.clamp) emitClamp(lowering, y, y, node.attributes);
  if (running[1]) {
    const shifted = { ...x, pointer: lowering.scratch(product(x.dims)), strides: stridesOf('rowMajor', x.dims, 4) };
    emitBinary(lowering, BinaryKind.Sub, shifted, x, mean);
    emitReduce(lowering, ReduceKind.SumSquare, variance, shifted, axes, channels / product(x.dims));
  }
  running.forEach((value, i) => {
    const kept = vector(operand(value.dims, lowering.define(value)));
    const mine = own[i] as Operand;
    emitUnary(lowering, UnaryKind.Scale, kept, given(3 + i), momentum);
    emitUnary(lowering, UnaryKind.Scale, mine, mine, 1 - momentum);
    emitBinary(lowering, BinaryKind.Add, kept, kept, mine);
  });
}
