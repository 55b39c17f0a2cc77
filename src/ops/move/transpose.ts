import { at } from '../../graph/at.ts';
import type { LayoutRule, OpenNode, Operator } from '../operator.ts';
import { input, invalid, output } from '../shapes.ts';
import { along, moving } from './move.ts';

export interface TransposeAttributes {
  readonly perm: readonly number[] | undefined;
}

const permute = moving<TransposeAttributes>((node) => {
  const { dims } = output(node);
  return [{ loops: permOf(node).map((from, to) => along(at(dims, to), from, to)) }];
});

/**
 * ONNX Transpose. Between NCHW and NHWC nothing moves: the elements in memory are those of the other shape in the other
 * layout.
 */
export const transpose: Operator<TransposeAttributes> = {
  ...permute,
  name: 'Transpose',
  since: 1,
  // A shuffle of channels has a kernel of its own: see more/move/depthToSpace.ts.
  rare: ({ attributes }) => /^0,2,1,3(,4)?$/.test(String(attributes.get('perm'))),
  inputs: [1, 1],
  // A slice's gaps would be in the wrong place.
  slices: false,
  attributes: (reader) => ({ perm: reader.ints('perm') }),
  inferShape(node) {
    const { type, dims } = input(node, 0);
    return [{ type, dims: permOf(node).map((axis) => at(dims, axis)) }];
  },
  layout(node, layoutOf): LayoutRule {
    const [toLast, toFirst] = [isPerm(permOf(node), lastPerm), isPerm(permOf(node), firstPerm)];
    const x = input(node, 0);
    if (toLast && (layoutOf(x) === 'channelsLast' || !toFirst)) return { inputs: ['channelsLast'], output: 'rowMajor' };
    if (toFirst) return { inputs: ['rowMajor'], output: 'channelsLast' };
    return { inputs: [layoutOf(x)], output: 'rowMajor' };
  },
  lower(node, lowering) {
    const perm = permOf(node);
    const [x, y] = [input(node, 0), output(node)];
    const channelsLast = lowering.place(x).layout === 'channelsLast';
    const free =
      perm.length > 2 && (channelsLast ? isPerm(perm, lastPerm) : isPerm(perm, firstPerm) && lowering.layoutOf(y) === 'channelsLast');
    const still = perm.every((axis, i) => axis === i) && !channelsLast;
    if (free || still) lowering.alias(y, x);
    else permute.lower?.(node, lowering);
  },
};

/** NCHW to NHWC. */
const lastPerm = (rank: number): number[] => [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
/** NHWC to NCHW. */
const firstPerm = (rank: number): number[] => [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];

const isPerm = (perm: readonly number[], of: (rank: number) => number[]): boolean =>
  perm.length > 2 && perm.join() === of(perm.length).join();

export function permOf(node: OpenNode<TransposeAttributes>): readonly number[] {
  const rank = input(node, 0).dims.length;
  const perm = node.attributes.perm ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (perm.length !== rank || [...perm].sort((a, b) => a - b).some((axis, i) => axis !== i)) {
    throw invalid(node, `perm [${perm}] does not permute ${rank} dimensions`);
  }
  return perm;
}
