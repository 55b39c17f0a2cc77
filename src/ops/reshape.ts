import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { Constant } from '../graph/graph.ts';
import { formatDims } from '../graph/tensor.ts';
import type { Node, OpenNode, Operator, Value } from './operator.ts';
import { input, invalid, resolveAxis } from './shapes.ts';

/** A constant with other dimensions over the same elements. */
const reshaped = (node: Node<never>): Constant => {
  const constant = input(node, 0).constant as Constant;
  const { name, dims } = node.outputs[0] as Value;
  return { name, type: constant.type, dims, read: () => constant.read() };
};

const rowMajor = () => ({ inputs: ['rowMajor', 'any'], output: 'rowMajor' }) as const;

const sameElements: Pick<Operator<never>, 'layout' | 'lower' | 'evaluate' | 'reach'> = {
  layout: rowMajor,
  evaluate: reshaped,
  lower: (node, to) => to.alias(node.outputs[0] as Value, input(node, 0)),
  reach(node) {
    // Without its spatial dimensions, an output may see the whole picture.
    const spatial = node.outputs[0] && node.outputs[0].dims.length > 2 ? [] : input(node, 0).dims.slice(2);
    return { extent: spatial, stride: spatial.map(() => 1) };
  },
};

interface ReshapeAttributes {
  readonly allowZero: boolean;
}

/** ONNX Reshape: 0 copies a dimension (unless allowzero), one -1 takes what is left. The shape must be known when the plan is made. */
export const reshape: Operator<ReshapeAttributes> = {
  ...sameElements,
  name: 'Reshape',
  opsets: [5, 21],
  inputs: [2, 2],
  outputs: [1, 1],
  types: ['any', 'int64'],
  constantInputs: [1],
  attributes: (reader) => ({ allowZero: reader.flag('allowzero') }),
  inferShape(node) {
    const x = input(node, 0);
    const wanted = readShape(node, input(node, 1));
    const copies = (dim: number) => dim === 0 && !node.attributes.allowZero;
    const dims = wanted.map((dim, i) => {
      if (dim < -1) throw invalid(node, `shape ${formatDims(wanted)} holds ${dim}`);
      const copied = copies(dim) ? x.dims[i] : dim;
      if (copied === undefined) throw invalid(node, `shape ${formatDims(wanted)} copies dimension ${i} of ${formatDims(x.dims)}`);
      return copied;
    });
    const free = wanted.indexOf(-1);
    if (free >= 0) {
      // What is copied stands on both sides, and may be 0.
      const left = product(x.dims.filter((_, i) => !copies(wanted[i] ?? 1)));
      dims[free] = left / product(wanted.filter((dim) => dim !== -1 && !copies(dim)));
    }
    if (!dims.every((dim) => Number.isInteger(dim) && dim >= 0) || product(dims) !== product(x.dims)) {
      throw invalid(node, `${formatDims(x.dims)} does not reshape to ${formatDims(wanted)}`);
    }
    return [{ type: x.type, dims }];
  },
};

function readShape(node: OpenNode<unknown>, shape: Value): number[] {
  if (!shape.constant) throw new LanewiseError('UNSUPPORTED', `node '${node.name}': a shape that the network computes at run time`);
  return Array.from(shape.constant.read(), Number);
}

interface FlattenAttributes {
  readonly axis: number;
}

/** ONNX Flatten: [d0 * ... * d(axis-1), d(axis) * ...]. */
export const flatten: Operator<FlattenAttributes> = {
  ...sameElements,
  name: 'Flatten',
  opsets: [1, 21],
  inputs: [1, 1],
  outputs: [1, 1],
  types: ['any'],
  attributes: (reader) => ({ axis: reader.int('axis', 1) }),
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const axis = resolveAxis(node, node.attributes.axis, dims.length, true);
    return [{ type, dims: [product(dims.slice(0, axis)), product(dims.slice(axis))] }];
  },
};
