import { at } from '../../../graph/at.ts';
import { product } from '../../../graph/dims.ts';
import type { TypedArray } from '../../../graph/tensor.ts';
import { allocate, type Element, wrapIndex } from '../../elements.ts';
import { type AxisAttributes, axisOf, indicesOf } from '../../move/gather.ts';
import type { Operator } from '../../operator.ts';
import { input, invalid } from '../../shapes.ts';
import { stridesOf } from '../../strides.ts';

/** ONNX GatherElements: y[i][j] = x[index[i][j]][j] along axis 0, and likewise along others. */
export const gatherElements: Operator<AxisAttributes> = {
  name: 'GatherElements',
  since: 11,
  inputs: [2, 2],
  evaluatedTypes: ['any'],
  attributes: (reader) => ({ axis: reader.int('axis', 0) }),
  inferShape(node) {
    const [x, indices] = [input(node, 0), indicesOf(node)];
    const axis = axisOf(node);
    const fits = indices.dims.length === x.dims.length && indices.dims.every((dim, a) => a === axis || dim <= at(x.dims, a));
    if (!fits) throw invalid(node, `indices [${indices.dims}] do not fit [${x.dims}] along axis ${axis}`);
    return [{ type: x.type, dims: indices.dims }];
  },
  evaluate(node, [x, indices]) {
    const [from, { dims }] = [input(node, 0), input(node, 1)];
    const axis = axisOf(node);
    const strides = stridesOf('rowMajor', from.dims);
    const y = allocate(from.type, product(dims));
    for (let i = 0; i < y.length; i++) {
      let [rest, offset] = [i, 0];
      for (let a = dims.length - 1; a >= 0; a--) {
        const index = rest % at(dims, a);
        rest = Math.floor(rest / at(dims, a));
        const row = a === axis ? wrapIndex(node, at<Element>(indices as TypedArray, i), at(from.dims, a)) : index;
        offset += row * at(strides, a);
      }
      y[i] = x?.[offset] as never;
    }
    return [y];
  },
};
