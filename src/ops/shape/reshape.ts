import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import { formatDims } from '../../graph/tensor.ts';
import { integers } from '../elements.ts';
import type { OpenNode, Operator } from '../operator.ts';
import { constantInput, input, invalid, output, resolveAxis } from '../shapes.ts';

/** What operators that give the same elements other dimensions share. */
const sameElements: Pick<Operator<never>, 'still' | 'layout' | 'lower' | 'evaluate'> = {
  still: true,
  layout: () => ({ inputs: ['rowMajor', 'any'], output: 'rowMajor' }),
  evaluate: (_, [x]) => [x as TypedArray],
  lower: (node, lowering) => lowering.alias(output(node), input(node, 0)),
};

interface ReshapeAttributes {
  readonly allowZero: boolean;
}

/** ONNX Reshape: 0 copies a dimension (unless allowzero), one -1 takes what is left. */
export const reshape: Operator<ReshapeAttributes> = {
  ...sameElements,
  name: 'Reshape',
  since: 5,
  inputs: [2, 2],
  // ONNX has int64 alone; onnxruntime takes int32 as well.
  types: ['any', 'any'],
  constantInputs: [1],
  attributes: (reader) => ({ allowZero: reader.flag('allowzero') }),
  inferShape(node) {
    const x = input(node, 0);
    if (!input(node, 1).type.startsWith('int')) throw invalid(node, `its shape is ${input(node, 1).type}, not int64 or int32`);
    const wanted = integers(node, constantInput(node, 1));
    const copies = (dim: number | undefined) => dim === 0 && !node.attributes.allowZero;
    const dims = wanted.map((dim, i) => {
      if (dim < -1) throw invalid(node, `shape ${formatDims(wanted)} holds ${dim}`);
      const copied = copies(dim) ? x.dims[i] : dim;
      if (copied === undefined) throw invalid(node, `shape ${formatDims(wanted)} copies dimension ${i} of ${formatDims(x.dims)}`);
      return copied;
    });
    const free = wanted.indexOf(-1);
    if (free >= 0) {
      // A copied dimension is on both sides, and may be 0.
      const left = product(x.dims.filter((_, i) => !copies(wanted[i])));
      dims[free] = left / product(wanted.filter((dim) => dim !== -1 && !copies(dim)));
    }
    if (!dims.every((dim) => Number.isInteger(dim) && dim >= 0) || product(dims) !== product(x.dims)) {
      throw invalid(node, `${formatDims(x.dims)} does not reshape to ${formatDims(wanted)}`);
    }
    return [{ type: x.type, dims }];
  },
};

interface FlattenAttributes {
  readonly axis: number;
}

/** ONNX Flatten: [d0 * ... * d(axis-1), d(axis) * ...]. */
export const flatten: Operator<FlattenAttributes> = {
  ...sameElements,
  name: 'Flatten',
  since: 1,
  inputs: [1, 1],
  types: ['any'],
  attributes: (reader) => ({ axis: reader.int('axis', 1) }),
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const axis = resolveAxis(node, node.attributes.axis, dims.length, true);
    return [{ type, dims: [product(dims.slice(0, axis)), product(dims.slice(axis))] }];
  },
};

/** Not an ONNX operator: a picture as one row of its elements in channels-last order. Made by a pass. */
export const flattenPixels: Operator = {
  ...sameElements,
  layout: () => ({ inputs: ['channelsLast'], output: 'rowMajor' }),
  name: 'FlattenPixels',
  since: 0,
  inputs: [1, 1],
  inferShape(node) {
    const { type, dims } = input(node, 0);
    return [{ type, dims: [at(dims, 0), product(dims.slice(1))] }];
  },
};

interface AxesAttributes {
  /** An attribute up to opset 12, then an input. */
  readonly axes: readonly number[] | undefined;
}

const axesAttributes: Pick<Operator<AxesAttributes>, 'attributes' | 'constantInputs' | 'types'> = {
  types: ['any', 'int64'],
  constantInputs: [1],
  attributes: (reader, opset) => ({ axes: opset < 13 ? reader.ints('axes') : undefined }),
};

const axesOf = (node: OpenNode<AxesAttributes>, rank: number): Set<number> | undefined => {
  const axes = node.attributes.axes ?? (node.inputs[1] && integers(node, constantInput(node, 1)));
  return axes && new Set(axes.map((axis) => resolveAxis(node, axis, rank)));
};

/** ONNX Squeeze: without the dimensions of size 1 that `axes` names; by default without all. */
export const squeeze: Operator<AxesAttributes> = {
  ...sameElements,
  ...axesAttributes,
  name: 'Squeeze',
  since: 1,
  inputs: [1, 2],
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const axes = axesOf(node, dims.length) ?? new Set(dims.flatMap((dim, axis) => (dim === 1 ? [axis] : [])));
    for (const axis of axes) if (dims[axis] !== 1) throw invalid(node, `axis ${axis} of ${formatDims(dims)} is not 1`);
    return [{ type, dims: dims.filter((_, axis) => !axes.has(axis)) }];
  },
};

/** ONNX Unsqueeze: with dimensions of size 1 at the places of the output that `axes` names. */
export const unsqueeze: Operator<AxesAttributes> = {
  ...sameElements,
  ...axesAttributes,
  name: 'Unsqueeze',
  since: 1,
  inputs: [1, 2],
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const count = (node.attributes.axes ?? (node.inputs[1] ? constantInput(node, 1) : [])).length;
    const axes = axesOf(node, dims.length + count) ?? new Set();
    if (axes.size !== count) throw invalid(node, 'its axes name a dimension twice');
    const rest = [...dims];
    return [{ type, dims: Array.from({ length: dims.length + count }, (_, axis) => (axes.has(axis) ? 1 : (rest.shift() as number))) }];
  },
};
