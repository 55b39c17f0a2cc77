// Operations on one axis of a tensor: rows are chosen, or combined with weights.

import { GatherArg, Op, ResampleArg } from '../../../assembly/opcodes.ts';
import { LanewiseError } from '../../errors.ts';
import { product } from '../../graph/dims.ts';
import { elementBytes } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import type { Pointer } from '../../plan/place.ts';
import type { Lowering } from '../operator.ts';
import { aroundAxis } from '../strides.ts';

/**
 * Which rows of the input make up each row of the output: `taps` indices per output row, with weights if there are any. Rows
 * of fewer taps repeat their first index.
 */
export interface AxisTable {
  readonly taps: number;
  readonly indices: Int32Array;
  readonly weights?: Float32Array;
}

/** The most entries of a table, because plans hold them as lists. */
const MOST_ROWS = 1 << 22;

/** @throws LanewiseError TOO_LARGE */
export function checkRows(node: { readonly name: string }, entries: number): void {
  if (entries > MOST_ROWS)
    throw new LanewiseError('TOO_LARGE', `node '${node.name}': a table of ${entries} rows; ${MOST_ROWS} are supported`);
}

/** A tensor without gaps as [outer, length, inner] around an axis. */
interface Around {
  readonly outer: number;
  /** Dimensions of the input. */
  readonly length: number;
  readonly inner: number;
  /** Bytes of an element. */
  readonly bytes: number;
}

/** The instruction for one axis. Input and output have no gaps. */
export function emitAxis(
  lowering: Lowering,
  { outer, length, inner, bytes }: Around,
  table: AxisTable,
  output: Pointer,
  input: Pointer,
): void {
  const { taps, indices, weights } = table;
  const count = indices.length / taps;
  const row = inner * bytes;
  if (weights) {
    lowering.emit(Op.Resample, {
      [ResampleArg.Input]: input,
      [ResampleArg.Output]: output,
      [ResampleArg.Indices]: lowering.table(indices),
      [ResampleArg.Weights]: lowering.table(weights),
      [ResampleArg.Outer]: outer,
      [ResampleArg.OutLength]: count,
      [ResampleArg.Taps]: taps,
      [ResampleArg.Inner]: inner,
      [ResampleArg.InOuterStride]: length * row,
      [ResampleArg.InRowStride]: row,
      [ResampleArg.OutOuterStride]: count * row,
      [ResampleArg.OutRowStride]: row,
    });
  } else {
    lowering.emit(Op.Gather, {
      [GatherArg.Input]: input,
      [GatherArg.Output]: output,
      [GatherArg.Indices]: lowering.table(indices),
      [GatherArg.Outer]: outer,
      [GatherArg.Count]: count,
      [GatherArg.RowBytes]: row,
      [GatherArg.InOuterStride]: length * row,
      [GatherArg.InRowStride]: row,
      [GatherArg.OutOuterStride]: count * row,
      [GatherArg.OutRowStride]: row,
    });
  }
}

/** An axis, and the table for it. */
export interface AxisStep extends AxisTable {
  readonly axis: number;
}

/**
 * Runs axis after axis, from `input` to `output`, which have one layout and no gaps; intermediate results are in scratch
 * space.
 */
export function emitAxes(lowering: Lowering, output: Value, input: Value, steps: readonly AxisStep[]): void {
  const { pointer, layout } = lowering.place(input);
  const target = lowering.define(output).pointer;
  const bytes = elementBytes(input.type);
  const dims = [...input.dims];
  let source = pointer;
  // Without any step the tensor is copied: all rows of its first axis, or a scalar's element.
  const all = steps.length > 0 ? steps : [{ axis: 0, taps: 1, indices: Int32Array.from({ length: dims[0] ?? 1 }, (_, i) => i) }];
  all.forEach((step, i) => {
    const around = { ...aroundAxis(dims, step.axis, layout), bytes };
    dims[step.axis] = step.indices.length / step.taps;
    const next = i === all.length - 1 ? target : lowering.scratch(product(dims), input.type);
    emitAxis(lowering, around, step, next, source);
    source = next;
  });
}
