import { at } from '../../graph/at.ts';
import type { Value } from '../../graph/value.ts';
import type { OpenNode, Operator } from '../operator.ts';
import { input, invalid, resolveAxis } from '../shapes.ts';
import { along, moving } from './move.ts';

export interface ConcatAttributes {
  readonly axis: number;
}

/** ONNX Concat. Along channels, inputs are written to their places in the output wherever that is possible. */
export const concat: Operator<ConcatAttributes> = {
  ...moving<ConcatAttributes>((node) => {
    const axis = axisOf(node);
    let start = 0;
    return (node.inputs as readonly Value[]).map(({ dims }, i) => {
      const toStart = dims.map((_, a) => (a === axis ? start : 0));
      start += at(dims, axis);
      return { input: i, loops: dims.map((size, a) => along(size, a)), toStart };
    });
  }),
  still: true,
  name: 'Concat',
  since: 4,
  inputs: [1, Number.POSITIVE_INFINITY],
  attributes: (reader) => ({ axis: reader.int('axis', 1) }),
  inferShape(node) {
    const axis = axisOf(node);
    const { type, dims } = input(node, 0);
    let length = 0;
    node.inputs.forEach((_, i) => {
      const value = input(node, i);
      const fits = value.dims.length === dims.length && value.dims.every((dim, a) => a === axis || dim === dims[a]);
      if (!fits || value.type !== type)
        throw invalid(node, `input ${i} ${value.type} [${value.dims}] does not fit ${type} [${dims}] along axis ${axis}`);
      length += at(value.dims, axis);
    });
    return [{ type, dims: dims.map((dim, a) => (a === axis ? length : dim)) }];
  },
};

const axisOf = (node: OpenNode<ConcatAttributes>): number => resolveAxis(node, node.attributes.axis, input(node, 0).dims.length);
