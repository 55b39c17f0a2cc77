import { Op, SoftmaxArg } from '../../assembly/opcodes.ts';
import { product } from '../graph/dims.ts';
import type { Operator, Value } from './operator.ts';
import { input, resolveAxis } from './shapes.ts';
import { memoryOrder } from './strides.ts';

interface SoftmaxAttributes {
  readonly axis: number;
  /** Up to opset 12 everything from the axis on is one row. */
  readonly flatten: boolean;
}

/** ONNX Softmax along an axis: e^(x - max) / sum of e^(x - max). */
export const softmax: Operator<SoftmaxAttributes> = {
  name: 'Softmax',
  opsets: [1, 21],
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: (reader, opset) => ({ axis: reader.int('axis', opset < 13 ? 1 : -1), flatten: opset < 13 }),
  inferShape(node) {
    const { dims } = input(node, 0);
    resolveAxis(node, node.attributes.axis, dims.length, node.attributes.flatten);
    return [{ type: 'float32', dims }];
  },
  layout: (node) => (node.attributes.flatten ? { inputs: ['rowMajor'], output: 'rowMajor' } : { inputs: ['any'], output: 'any' }),
  lower(node, to) {
    const { dims } = input(node, 0);
    const { flatten } = node.attributes;
    const axis = resolveAxis(node, node.attributes.axis, dims.length, flatten);
    const source = to.place(input(node, 0));
    const order = memoryOrder(source.layout, dims.length);
    const lengths = order.map((i) => dims[i] ?? 1);
    const at = order.indexOf(axis);
    const inner = flatten ? 1 : product(lengths.slice(at + 1));
    const outer = flatten ? product(dims.slice(0, axis)) : product(lengths.slice(0, at));
    to.emit(Op.Softmax, {
      [SoftmaxArg.Input]: source.pointer,
      [SoftmaxArg.Output]: to.define(node.outputs[0] as Value).pointer,
      [SoftmaxArg.Outer]: outer,
      [SoftmaxArg.Length]: flatten ? product(dims.slice(axis)) : (dims[axis] ?? 1),
      [SoftmaxArg.Inner]: inner,
    });
  },
};
