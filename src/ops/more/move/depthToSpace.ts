import { at } from '../../../graph/at.ts';
import { along, type MoveLoop, moving } from '../../move/move.ts';
import type { OpenNode, Operator } from '../../operator.ts';
import { input, invalid } from '../../shapes.ts';

interface BlockAttributes {
  readonly block: number;
  /** DepthToSpace: whether the channels of a block are contiguous ('DCR'), or the blocks of a channel ('CRD'). */
  readonly columnsFirst: boolean;
}

const block = (node: OpenNode<BlockAttributes>): readonly [number, number, number, number] => {
  const { dims } = input(node, 0);
  if (dims.length !== 4) throw invalid(node, `its input [${dims}] should be [N, C, H, W]`);
  return dims as unknown as readonly [number, number, number, number];
};

/** ONNX DepthToSpace, the pixel shuffle: [N, C·b·b, H, W] to [N, C, H·b, W·b]. */
export const depthToSpace: Operator<BlockAttributes> = {
  ...moving<BlockAttributes>((node) => {
    const [n, c, h, w] = block(node);
    const { block: b, columnsFirst } = node.attributes;
    const depth = c / (b * b);
    const [channelStep, rowStep, columnStep] = columnsFirst ? [1, b * depth, depth] : [b * b, b, 1];
    const loops: MoveLoop[] = [
      along(n, 0),
      { size: depth, from: [1, channelStep], to: [1, 1] },
      { size: h, from: [2, 1], to: [2, b] },
      { size: b, from: [1, rowStep], to: [2, 1] },
      { size: w, from: [3, 1], to: [3, b] },
      { size: b, from: [1, columnStep], to: [3, 1] },
    ];
    return [{ loops }];
  }),
  name: 'DepthToSpace',
  since: 1,
  inputs: [1, 1],
  attributes(reader, opset) {
    const columnsFirst = opset < 11 || reader.choice('mode', 'DCR', 'CRD') === 'DCR';
    return { block: reader.positive('blocksize', 0), columnsFirst };
  },
  inferShape(node) {
    const [n, c, h, w] = block(node);
    const { block: b } = node.attributes;
    if (c % (b * b) !== 0) throw invalid(node, `${c} channels do not make blocks of ${b}×${b}`);
    return [{ type: input(node, 0).type, dims: [n, c / (b * b), h * b, w * b] }];
  },
};

/** ONNX SpaceToDepth: [N, C, H, W] to [N, C·b·b, H / b, W / b]. */
export const spaceToDepth: Operator<BlockAttributes> = {
  ...moving<BlockAttributes>((node) => {
    const [n, c, h, w] = block(node);
    const { block: b } = node.attributes;
    const loops: MoveLoop[] = [
      along(n, 0),
      { size: c, from: [1, 1], to: [1, 1] },
      { size: h / b, from: [2, b], to: [2, 1] },
      { size: b, from: [2, 1], to: [1, b * c] },
      { size: w / b, from: [3, b], to: [3, 1] },
      { size: b, from: [3, 1], to: [1, c] },
    ];
    return [{ loops }];
  }),
  name: 'SpaceToDepth',
  since: 1,
  inputs: [1, 1],
  attributes: (reader) => ({ block: reader.positive('blocksize', 0), columnsFirst: true }),
  inferShape(node) {
    const [n, c, h, w] = block(node);
    const { block: b } = node.attributes;
    if (h % b !== 0 || w % b !== 0) throw invalid(node, `a picture of ${h}×${w} does not make blocks of ${b}×${b}`);
    return [{ type: input(node, 0).type, dims: [n, c * b * b, h / b, w / b] }];
  },
};

/**
 * Not an ONNX operator: channels [g, C / g] to [C / g, g] (Zhang et al. 2017, arXiv:1707.01083), which files write as
 * Reshape, Transpose, Reshape.
 */
export const channelShuffle: Operator<{ readonly groups: number }> = {
  ...moving<{ readonly groups: number }>((node) => {
    const { dims } = input(node, 0);
    const { groups } = node.attributes;
    const each = at(dims, 1) / groups;
    const shuffled: MoveLoop[] = [
      { size: groups, from: [1, each], to: [1, 1] },
      { size: each, from: [1, 1], to: [1, groups] },
    ];
    return [{ loops: dims.flatMap((size, axis) => (axis === 1 ? shuffled : [along(size, axis)])) }];
  }),
  name: 'ChannelShuffle',
  since: 0,
  inputs: [1, 1],
  attributes: () => ({ groups: 1 }),
  inferShape: (node) => [{ type: input(node, 0).type, dims: input(node, 0).dims }],
};
