// Emits the instructions over any shape, which operators compose.

import {
  BinaryArg,
  type BinaryKind,
  ClampArg,
  CopyArg,
  Op,
  RANK,
  ReduceArg,
  type ReduceKind,
  TransposeArg,
  UnaryArg,
  type UnaryKind,
} from '../../assembly/opcodes.ts';
import { at } from '../graph/at.ts';
import type { Args, Place, Pointer } from '../plan/place.ts';
import { type Clamped, clampWords } from './elementwise/clamp.ts';
import type { Lowering } from './operator.ts';
import { unsupported } from './shapes.ts';
import { broadcastStrides, inMemoryOrder, type Loops } from './strides.ts';

/** A tensor in memory: its logical dimensions, with a stride in bytes for each. */
export interface Operand {
  readonly dims: readonly number[];
  readonly pointer: Pointer;
  readonly strides: readonly number[];
}

export const operand = (dims: readonly number[], { pointer, strides }: Pick<Place, 'pointer' | 'strides'>): Operand => ({
  dims,
  pointer,
  strides,
});

export const shifted = (pointer: Pointer, bytes: number): Pointer => ({ buffer: pointer.buffer, offset: pointer.offset + bytes });

/** The words of a list that fills the last of RANK positions. */
function innermost(first: number, list: readonly number[], filler: number): Args {
  const padded = [...new Array<number>(RANK - list.length).fill(filler), ...list];
  return Object.fromEntries(padded.map((word, i) => [first + i, word]));
}

function checkRank({ node }: Lowering, { sizes }: Loops): void {
  if (sizes.length > RANK) throw unsupported(node ?? { name: '' }, `loops over ${sizes.length} dimensions; ${RANK} are supported`);
}

/** The words of Op.Binary up to its strides: output = kind(a, b), a and b broadcast to the output. */
export function binaryArgs(lowering: Lowering, kind: BinaryKind, output: Operand, a: Operand, b: Operand): Args {
  const loops = inMemoryOrder({
    sizes: [...output.dims],
    strides: [output, a, b].map(({ strides, dims }) => broadcastStrides(strides, dims, output.dims)),
  });
  checkRank(lowering, loops);
  return {
    [BinaryArg.Output]: output.pointer,
    [BinaryArg.A]: a.pointer,
    [BinaryArg.B]: b.pointer,
    [BinaryArg.Kind]: kind,
    ...innermost(BinaryArg.Dims, loops.sizes, 1),
    ...innermost(BinaryArg.OutputStrides, loops.strides[0] ?? [], 0),
    ...innermost(BinaryArg.AStrides, loops.strides[1] ?? [], 0),
    ...innermost(BinaryArg.BStrides, loops.strides[2] ?? [], 0),
  };
}

/** output = clamp(kind(a, b)), a and b broadcast to the output. */
export function emitBinary(lowering: Lowering, kind: BinaryKind, output: Operand, a: Operand, b: Operand, clamped: Clamped = {}): void {
  const [min, max] = clampWords(clamped);
  lowering.emit(Op.Binary, { ...binaryArgs(lowering, kind, output, a, b), [BinaryArg.Min]: min, [BinaryArg.Max]: max });
}

/** Rows of contiguous elements, for the instructions over pixels and channels. */
function rows(output: Operand, input: Operand): { pixels: number; channels: number; inStride: number; outStride: number } {
  const { sizes, strides } = inMemoryOrder({ sizes: [...output.dims], strides: [[...output.strides], [...input.strides]] });
  const [outStrides = [], inStrides = []] = strides;
  // Single channels of a slice need no loop of their own.
  const neighbours = outStrides.at(-1) === 4 && inStrides.at(-1) === 4;
  if (sizes.length > 2 || (sizes.length === 2 && !neighbours)) {
    throw new Error('an element-wise instruction needs both sides in the same layout');
  }
  // A single element needs no loops.
  const [pixels = 1, channels = 1] = sizes.length === 2 ? sizes : neighbours ? [1, sizes[0]] : [sizes[0], 1];
  const [[outStride = 0], [inStride = 0]] = [outStrides, inStrides];
  return { pixels, channels, inStride, outStride };
}

/** output = kind(input), with the kind's parameters. Input and output have the same dimensions and layout. */
export function emitUnary(lowering: Lowering, kind: UnaryKind, output: Operand, input: Operand, alpha = 0, beta = 0): void {
  if (output.dims.includes(0)) return;
  const { pixels, channels, inStride, outStride } = rows(output, input);
  lowering.emit(Op.Unary, {
    [UnaryArg.Input]: input.pointer,
    [UnaryArg.Output]: output.pointer,
    [UnaryArg.Kind]: kind,
    [UnaryArg.Pixels]: pixels,
    [UnaryArg.Channels]: channels,
    [UnaryArg.InPixelStride]: inStride,
    [UnaryArg.OutPixelStride]: outStride,
    [UnaryArg.Alpha]: { float: alpha },
    [UnaryArg.Beta]: { float: beta },
  });
}

/** output = min(max(input, low), high). */
export function emitClamp(lowering: Lowering, output: Operand, input: Operand, clamped: Clamped): void {
  const { pixels, channels, inStride, outStride } = rows(output, input);
  const [min, max] = clampWords(clamped);
  lowering.emit(Op.Clamp, {
    [ClampArg.Input]: input.pointer,
    [ClampArg.Output]: output.pointer,
    [ClampArg.Pixels]: pixels,
    [ClampArg.Channels]: channels,
    [ClampArg.InPixelStride]: inStride,
    [ClampArg.OutPixelStride]: outStride,
    [ClampArg.Min]: min,
    [ClampArg.Max]: max,
  });
}

/** A copy of more matrices than this is not split into an instruction for each. */
const MOST_TRANSPOSES = 32;

/** Copies elements of `bytes` bytes. The loops' strides are in bytes: the output's, then the input's. */
export function emitCopy(lowering: Lowering, bytes: number, output: Pointer, input: Pointer, loops: Loops): void {
  if (loops.sizes.includes(0)) return;
  const merged = inMemoryOrder(loops);
  checkRank(lowering, merged);
  if (bytes === 4 && emitTranspose(lowering, output, input, merged)) return;
  const { sizes, strides } = merged;
  lowering.emit(Op.Copy, {
    [CopyArg.Input]: input,
    [CopyArg.Output]: output,
    [CopyArg.ElementBytes]: bytes,
    ...innermost(CopyArg.Dims, sizes, 1),
    ...innermost(CopyArg.InStrides, strides[1] ?? [], 0),
    ...innermost(CopyArg.OutStrides, strides[0] ?? [], 0),
  });
}

/** A copy that swaps two loops, each contiguous on one side, is a transpose of matrices, done in blocks of 4×4. */
function emitTranspose(lowering: Lowering, output: Pointer, input: Pointer, { sizes, strides: [out = [], from = []] }: Loops): boolean {
  const row = sizes.length - 1;
  const column = from.indexOf(4);
  if (row < 1 || out[row] !== 4 || column < 0 || column === row || at(from, row) < 0) return false;
  const [rows = 1, columns = 1] = [sizes[row], sizes[column]];
  const others = sizes.map((_, i) => i).filter((i) => i !== row && i !== column);
  const [batch] = others;
  // Matrices that follow each other without gaps are one instruction.
  const joined =
    others.length === 1 && batch !== undefined && from[batch] === rows * at(from, row) && out[batch] === columns * at(out, column);
  if (!joined && others.reduce((count, i) => count * at(sizes, i), 1) > MOST_TRANSPOSES) return false;
  const matrices = (list: readonly number[], outAt: number, inAt: number): void => {
    const [loop, ...rest] = list;
    if (loop === undefined) {
      lowering.emit(Op.Transpose, {
        [TransposeArg.Input]: shifted(input, inAt),
        [TransposeArg.Output]: shifted(output, outAt),
        [TransposeArg.Batch]: joined ? at(sizes, batch) : 1,
        [TransposeArg.Rows]: rows,
        [TransposeArg.Columns]: columns,
        [TransposeArg.InRowStride]: at(from, row),
        [TransposeArg.OutRowStride]: at(out, column),
      });
    } else {
      for (let i = 0; i < at(sizes, loop); i++) matrices(rest, outAt + i * at(out, loop), inAt + i * at(from, loop));
    }
  };
  matrices(joined ? [] : others, 0, 0);
  return true;
}

/**
 * output = scale * (kind over the input's `axes`). The output has the input's dimensions, those of `axes` being 1.
 * @param scale factor of sums
 */
export function emitReduce(
  lowering: Lowering,
  kind: ReduceKind,
  output: Operand,
  input: Operand,
  axes: readonly number[],
  scale = 1,
): void {
  const pick = (list: readonly number[], reduced: boolean) => list.filter((_, axis) => axes.includes(axis) === reduced);
  const kept = inMemoryOrder({ sizes: pick(input.dims, false), strides: [pick(output.strides, false), pick(input.strides, false)] });
  const gone = inMemoryOrder({ sizes: pick(input.dims, true), strides: [pick(input.strides, true)] });
  checkRank(lowering, kept);
  checkRank(lowering, gone);
  lowering.emit(Op.Reduce, {
    [ReduceArg.Input]: input.pointer,
    [ReduceArg.Output]: output.pointer,
    [ReduceArg.Kind]: kind,
    [ReduceArg.Scale]: { float: scale },
    ...innermost(ReduceArg.OutDims, kept.sizes, 1),
    ...innermost(ReduceArg.InStrides, kept.strides[1] ?? [], 0),
    ...innermost(ReduceArg.OutStrides, kept.strides[0] ?? [], 0),
    ...innermost(ReduceArg.ReducedDims, gone.sizes, 1),
    ...innermost(ReduceArg.ReducedStrides, gone.strides[0] ?? [], 0),
  });
}
