import { type CastAttributes, cast, readFloat8 } from '../../elementwise/cast.ts';
import { rowMajor } from '../../layouts.ts';
import type { Node, Operator } from '../../operator.ts';
import { input } from '../../shapes.ts';

/** The Cast that the node stands for. */
const asCast = <N extends Pick<Node, 'name' | 'inputs'>>(node: N): N & { readonly attributes: CastAttributes } => ({
  ...node,
  attributes: { to: input(node as never, 1).type },
});

/** ONNX CastLike: a Cast to the type of the second input, whose elements are ignored. */
export const castLike: Operator = {
  name: 'CastLike',
  since: 15,
  inputs: [2, 2],
  types: ['any'],
  attributes(reader, opset) {
    readFloat8(reader, opset);
    return {};
  },
  inferShape: (node) => cast.inferShape(asCast(node)),
  layout: () => rowMajor(),
  lower: (node, lowering) => cast.lower?.(asCast(node) as Node<CastAttributes>, lowering),
  evaluate: (node, data) => cast.evaluate?.(asCast(node) as Node<CastAttributes>, data) ?? [],
};
