import { at } from '../../../graph/at.ts';
import { product } from '../../../graph/dims.ts';
import { integers } from '../../elements.ts';
import { along, type MoveLoop, moving } from '../../move/move.ts';
import type { OpenNode, Operator } from '../../operator.ts';
import { broadcast, constantInput, input, invalid, output } from '../../shapes.ts';

/** ONNX Expand: repeated to a shape that it broadcasts to (numpy's rule, both ways). */
export const expand: Operator = {
  ...moving((node) => {
    const [x, y] = [input(node, 0).dims, output(node).dims];
    const missing = y.length - x.length;
    return [
      {
        loops: y.map((size, axis): MoveLoop => {
          const from = axis - missing;
          return from >= 0 && x[from] === size ? along(size, from, axis) : { size, to: [axis, 1] };
        }),
      },
    ];
  }),
  still: true,
  name: 'Expand',
  since: 8,
  inputs: [2, 2],
  types: ['any', 'int64'],
  constantInputs: [1],
  inferShape(node) {
    const { type, dims } = input(node, 0);
    return [{ type, dims: broadcast(node, dims, integers(node, constantInput(node, 1))) }];
  },
};

/** ONNX Tile: the whole input repeated along every axis. */
export const tile: Operator = {
  ...moving((node) => {
    const repeats = repeatsOf(node);
    return [
      {
        loops: input(node, 0).dims.flatMap((size, axis): MoveLoop[] => [{ size: at(repeats, axis), to: [axis, size] }, along(size, axis)]),
      },
    ];
  }),
  still: true,
  name: 'Tile',
  since: 6,
  inputs: [2, 2],
  types: ['any', 'int64'],
  constantInputs: [1],
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const repeats = repeatsOf(node);
    return [{ type, dims: dims.map((dim, axis) => dim * at(repeats, axis)) }];
  },
};

function repeatsOf(node: OpenNode<unknown>): number[] {
  const repeats = integers(node, constantInput(node, 1));
  const rank = input(node, 0).dims.length;
  if (repeats.length !== rank || repeats.some((count) => count < 0) || !Number.isSafeInteger(product(repeats))) {
    throw invalid(node, `repeats [${repeats}] do not fit a tensor of rank ${rank}`);
  }
  return repeats;
}
