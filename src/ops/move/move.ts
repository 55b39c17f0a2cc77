// Operators that move elements and compute nothing: one description of the moves serves the kernels and `evaluate`.

import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { elementBytes, type TypedArray } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import type { Place } from '../../plan/place.ts';
import { allocate, eachIndex } from '../elements.ts';
import { emitCopy, shifted } from '../emit.ts';
import { alike } from '../layouts.ts';
import type { Lowering, Node, Operator } from '../operator.ts';
import { input } from '../shapes.ts';
import { stridesOf } from '../strides.ts';

/** One loop of a move: every turn goes `step` further along an axis, on either side; a side without an axis stays where it is. */
export interface MoveLoop {
  readonly size: number;
  readonly from?: readonly [axis: number, step: number];
  readonly to?: readonly [axis: number, step: number];
}

/** A move of elements from an input to an output. Axes are logical, so that a move is valid for every layout. */
export interface Move {
  /** Index of the input and of the output. Default 0. */
  readonly input?: number;
  readonly output?: number;
  readonly loops: readonly MoveLoop[];
  /** Where the loops start, by axis. Default 0. */
  readonly fromStart?: readonly number[];
  readonly toStart?: readonly number[];
}

/** The loop over an axis that is the same on both sides. */
export const along = (size: number, from: number, to = from): MoveLoop => ({ size, from: [from, 1], to: [to, 1] });

/** `evaluate` and `lower` of an operator whose outputs consist of moves. */
export function moving<A>(
  moves: (node: Node<A>) => readonly Move[],
): Pick<Operator<A>, 'types' | 'evaluate' | 'lower' | 'layout' | 'slices'> {
  return {
    types: ['any'],
    slices: true,
    layout: alike,
    evaluate(node, data) {
      const outputs = node.outputs.map(({ type, dims }) => allocate(type, product(dims)));
      for (const move of moves(node)) {
        const { input: read = 0, output: written = 0 } = move;
        const source = at(data, read) as TypedArray;
        const target = at(outputs, written);
        const fromStrides = stridesOf('rowMajor', input(node, read).dims);
        const toStrides = stridesOf('rowMajor', at(node.outputs, written).dims);
        const { sizes, out, from, outAt, fromAt } = resolveMove(move, toStrides, fromStrides);
        eachIndex(sizes, [out, from], ([o = 0, f = 0]) => {
          target[outAt + o] = source[fromAt + f] as never;
        });
      }
      return outputs;
    },
    lower(node, lowering) {
      for (const output of node.outputs) lowering.define(output);
      for (const move of moves(node)) {
        const { input: read = 0, output: written = 0 } = move;
        emitMove(lowering, move, at(node.outputs, written), input(node, read));
      }
    },
  };
}

/** The instruction of a move; none if the elements are there already, as in a slice. */
export function emitMove(lowering: Lowering, move: Move, target: Value, source: Value): void {
  const [output, from] = [lowering.define(target), lowering.place(source)];
  const loops = resolveMove(move, output.strides, from.strides);
  const [outAt, fromAt] = [shifted(output.pointer, loops.outAt), shifted(from.pointer, loops.fromAt)];
  const sameStart = outAt.buffer === fromAt.buffer && outAt.offset === fromAt.offset;
  if (sameStart && loops.out.every((stride, i) => stride === loops.from[i] || loops.sizes[i] === 1)) return;
  emitCopy(lowering, elementBytes(target.type), outAt, fromAt, { sizes: loops.sizes, strides: [loops.out, loops.from] });
}

/** A move with strides by axis. */
function resolveMove({ loops, fromStart = [], toStart = [] }: Move, toStrides: Place['strides'], fromStrides: Place['strides']) {
  const start = (starts: readonly number[], strides: readonly number[]) =>
    starts.reduce((sum, first, axis) => sum + first * at(strides, axis), 0);
  const step = (side: MoveLoop['from'], strides: readonly number[]) => (side ? side[1] * at(strides, side[0]) : 0);
  return {
    sizes: loops.map(({ size }) => size),
    out: loops.map(({ to }) => step(to, toStrides)),
    from: loops.map(({ from }) => step(from, fromStrides)),
    outAt: start(toStart, toStrides),
    fromAt: start(fromStart, fromStrides),
  };
}
