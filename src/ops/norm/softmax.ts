import { Op, SoftmaxArg } from '../../../assembly/opcodes.ts';
import { product } from '../../graph/dims.ts';
import type { Layout } from '../../plan/place.ts';
import { alike, rowMajor } from '../layouts.ts';
import type { Node, Operator } from '../operator.ts';
import { input, output, resolveAxis } from '../shapes.ts';
import { aroundAxis } from '../strides.ts';

export interface SoftmaxAttributes {
  readonly axis: number;
  /** Up to opset 12 the row is everything from the axis on. */
  readonly flatten: boolean;
}

export function alongAxis(
  name: string,
): Pick<Operator<SoftmaxAttributes>, 'name' | 'since' | 'inputs' | 'outputs' | 'attributes' | 'inferShape'> {
  return {
    name,
    since: 1,
    inputs: [1, 1],
    attributes: (reader, opset) => ({ axis: reader.int('axis', opset < 13 ? 1 : -1), flatten: opset < 13 }),
    inferShape(node) {
      const { dims, type } = input(node, 0);
      if (dims.length > 0) resolveAxis(node, node.attributes.axis, dims.length, node.attributes.flatten);
      return [{ type, dims }];
    },
  };
}

/** The tensor as [outer, length, inner] around the axis; with `flatten` everything from the axis on is one row. */
export function around(node: Node<SoftmaxAttributes>, layout: Layout): { outer: number; length: number; inner: number } {
  const { dims } = input(node, 0);
  const { flatten } = node.attributes;
  if (dims.length === 0) return { outer: 1, length: 1, inner: 1 };
  const axis = resolveAxis(node, node.attributes.axis, dims.length, flatten);
  return flatten ? { outer: product(dims.slice(0, axis)), length: product(dims.slice(axis)), inner: 1 } : aroundAxis(dims, axis, layout);
}

function softmaxLike(name: string, log: boolean): Operator<SoftmaxAttributes> {
  return {
    ...alongAxis(name),
    layout: (node) => (node.attributes.flatten ? rowMajor() : alike()),
    lower(node, lowering) {
      const source = lowering.place(input(node, 0));
      const { outer, length, inner } = around(node, source.layout);
      lowering.emit(Op.Softmax, {
        [SoftmaxArg.Input]: source.pointer,
        [SoftmaxArg.Output]: lowering.define(output(node)).pointer,
        [SoftmaxArg.Outer]: outer,
        [SoftmaxArg.Length]: length,
        [SoftmaxArg.Inner]: inner,
        [SoftmaxArg.Log]: log ? 1 : 0,
      });
    },
  };
}

/** ONNX Softmax along an axis: e^(x - max) / sum of e^(x - max). */
export const softmax = softmaxLike('Softmax', false);

/** ONNX LogSoftmax: the logarithm of Softmax, x - max - log(sum of e^(x - max)). */
export const logSoftmax = softmaxLike('LogSoftmax', true);
