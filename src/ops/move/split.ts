import { at } from '../../graph/at.ts';
import type { Value } from '../../graph/value.ts';
import { integers } from '../elements.ts';
import type { OpenNode, Operator } from '../operator.ts';
import { input, invalid, resolveAxis } from '../shapes.ts';
import { along, type Move, moving } from './move.ts';

export interface SplitAttributes {
  readonly axis: number;
  /** The lengths are an attribute up to opset 12, then an input. */
  readonly split: readonly number[] | undefined;
  readonly parts: number | undefined;
}

/**
 * ONNX Split into parts of given lengths, or into equal ones, the last of which may be shorter. Along channels nothing is
 * copied.
 */
export const split: Operator<SplitAttributes> = {
  ...moving<SplitAttributes>((node) => {
    const axis = axisOf(node);
    let start = 0;
    return node.outputs.map(({ dims }, output): Move => {
      const fromStart = dims.map((_, a) => (a === axis ? start : 0));
      start += at(dims, axis);
      return { output, loops: dims.map((size, a) => along(size, a)), fromStart };
    });
  }),
  still: true,
  name: 'Split',
  since: 2,
  inputs: [1, 2],
  outputs: [1, Number.POSITIVE_INFINITY],
  types: ['any', 'int64'],
  constantInputs: [1],
  attributes: (reader, opset) => ({
    axis: reader.int('axis', 0),
    split: opset < 13 ? reader.ints('split') : undefined,
    parts: opset >= 18 ? reader.int('num_outputs', 0) || undefined : undefined,
  }),
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const axis = axisOf(node);
    const size = at(dims, axis);
    const { parts = node.declaredOutputs } = node.attributes;
    if (parts !== node.declaredOutputs) throw invalid(node, `num_outputs is ${parts} for ${node.declaredOutputs} outputs`);
    const lengths = lengthsOf(node, size);
    if (lengths.reduce((a, b) => a + b, 0) !== size || lengths.some((length) => length < 0)) {
      throw invalid(node, `parts of [${lengths}] do not make up axis ${axis} of [${dims}]`);
    }
    if (lengths.length !== node.declaredOutputs) throw invalid(node, `${lengths.length} parts for ${node.declaredOutputs} outputs`);
    return lengths.slice(0, node.outputCount).map((length) => ({ type, dims: dims.map((dim, a) => (a === axis ? length : dim)) }));
  },
};

/** If the lengths are not given, the number of parts is the number of outputs in the file. */
function lengthsOf(node: OpenNode<SplitAttributes>, size: number): number[] {
  const given = node.inputs[1]?.constant?.read();
  if (given) return integers(node, given);
  if (node.attributes.split) return [...node.attributes.split];
  const parts = node.declaredOutputs;
  const length = Math.ceil(size / parts);
  return Array.from({ length: parts }, (_, i) => Math.max(0, Math.min(length, size - i * length)));
}

const axisOf = (node: OpenNode<SplitAttributes> & { readonly outputs?: readonly Value[] }): number =>
  resolveAxis(node, node.attributes.axis, input(node, 0).dims.length);
