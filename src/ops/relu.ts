import { ClampArg, Op } from '../../assembly/opcodes.ts';
import { product } from '../graph/dims.ts';
import { type Clamped, clampWords } from './clamp.ts';
import type { Operator } from './operator.ts';
import { input } from './shapes.ts';

/** ONNX Relu: max(x, 0). */
export const relu: Operator<Clamped> = {
  name: 'Relu',
  opsets: [6, 21],
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: () => ({ clamp: [0, Number.POSITIVE_INFINITY] }),
  inferShape: (node) => [{ type: 'float32', dims: input(node, 0).dims }],
  layout: () => ({ inputs: ['any'], output: 'any' }),
  lower(node, to) {
    const [min, max] = clampWords(node.attributes);
    to.emit(Op.Clamp, {
      [ClampArg.Input]: to.place(input(node, 0)).pointer,
      [ClampArg.Output]: to.define(node.outputs[0] as (typeof node.outputs)[0]).pointer,
      [ClampArg.Pixels]: 1,
      [ClampArg.Channels]: product(input(node, 0).dims),
      [ClampArg.Min]: min,
      [ClampArg.Max]: max,
    });
  },
};
