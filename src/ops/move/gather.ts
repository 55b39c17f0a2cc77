import { at } from '../../graph/at.ts';
import { elementBytes, type TypedArray } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { allocate, type Element, wrapIndex } from '../elements.ts';
import { rowMajor } from '../layouts.ts';
import type { Node, OpenNode, Operator } from '../operator.ts';
import { input, invalid, output, resolveAxis } from '../shapes.ts';
import { aroundAxis } from '../strides.ts';
import { emitAxis } from './axis.ts';
import { emitMove, type MoveLoop } from './move.ts';

export interface AxisAttributes {
  readonly axis: number;
}

export const axisOf = (node: OpenNode<AxisAttributes>): number => resolveAxis(node, node.attributes.axis, input(node, 0).dims.length);

export function indicesOf(node: OpenNode<unknown>): Value {
  const indices = input(node, 1);
  if (indices.type !== 'int64' && indices.type !== 'int32') throw invalid(node, `its indices are ${indices.type}, not int64 or int32`);
  return indices;
}

/** ONNX Gather: indices choose rows along an axis, and their dimensions replace it. */
export const gather: Operator<AxisAttributes> = {
  name: 'Gather',
  since: 1,
  inputs: [2, 2],
  types: ['any'],
  attributes: (reader) => ({ axis: reader.int('axis', 0) }),
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const axis = axisOf(node);
    return [{ type, dims: [...dims.slice(0, axis), ...indicesOf(node).dims, ...dims.slice(axis + 1)] }];
  },
  evaluate(node, [x, indices]) {
    const { dims, type } = input(node, 0);
    const axis = axisOf(node);
    const { outer, length, inner } = aroundAxis(dims, axis);
    const rows = wrapped(node, indices as TypedArray, length);
    const y = allocate(type, outer * rows.length * inner);
    const data = x as Float32Array;
    let to = 0;
    for (let o = 0; o < outer; o++) {
      for (const row of rows) {
        const from = (o * length + row) * inner;
        // For a few elements a loop is faster than views.
        if (inner > 16) y.set(data.subarray(from, from + inner) as never, to);
        else for (let i = 0; i < inner; i++) y[to + i] = data[from + i] as number;
        to += inner;
      }
    }
    return [y];
  },
  layout: (node) => (evenly(node, constantRows(node)) ? { inputs: ['any', 'rowMajor'], output: 'rowMajor' } : rowMajor()),
  lower(node, lowering) {
    const [x, indices, y] = [input(node, 0), input(node, 1), output(node)];
    // Indices that are computed at run time could be out of range, which kernels do not check.
    const rows = constantRows(node);
    if (!rows) return lowering.evaluate(node as Node);
    const axis = axisOf(node);
    const even = evenly(node, rows);
    if (even) {
      const shift = indices.dims.length - 1;
      const loops = x.dims.flatMap((size, a): MoveLoop[] => {
        if (a !== axis) return [{ size, from: [a, 1], to: [a > axis ? a + shift : a, 1] }];
        return indices.dims.length === 0 ? [] : [{ size: rows.length, from: [a, even.step], to: [a, 1] }];
      });
      emitMove(lowering, { loops, fromStart: x.dims.map((_, a) => (a === axis ? even.start : 0)) }, y, x);
    } else {
      const table = { taps: 1, indices: Int32Array.from(rows) };
      const bytes = elementBytes(x.type);
      emitAxis(lowering, { ...aroundAxis(x.dims, axis), bytes }, table, lowering.define(y).pointer, lowering.place(x).pointer);
    }
  },
};

function wrapped(node: OpenNode<unknown>, indices: TypedArray, size: number): Float64Array {
  const rows = new Float64Array(indices.length);
  for (let i = 0; i < rows.length; i++) rows[i] = wrapIndex(node, indices[i] as Element, size);
  return rows;
}

/** The rows that constant indices choose. */
const constantRows = (node: Node<AxisAttributes>): Float64Array | undefined => {
  const { constant } = input(node, 1);
  return constant && wrapped(node, constant.read(), at(input(node, 0).dims, axisOf(node)));
};

/** Start and step of evenly spaced rows that one row of indices chooses: a slice. */
function evenly(node: Node<AxisAttributes>, rows: Float64Array | readonly number[] = []): { start: number; step: number } | undefined {
  if (input(node, 1).dims.length > 1 || rows.length === 0) return undefined;
  const [start = 0, second = start + 1] = rows;
  const step = second - start;
  return rows.every((row, i) => row === start + i * step) ? { start, step } : undefined;
}
