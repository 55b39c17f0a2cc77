import { hosted } from '../../../compiler/host.ts';
import { at } from '../../../graph/at.ts';
import { product } from '../../../graph/dims.ts';
import type { Value } from '../../../graph/value.ts';
import { integers, wrapIndex } from '../../../ops/elements.ts';
import { sub } from '../../../ops/elementwise/binary.ts';
import type { CastAttributes } from '../../../ops/elementwise/cast.ts';
import { where } from '../../../ops/more/elementwise/compare.ts';
import { channelShuffle, depthToSpace, spaceToDepth } from '../../../ops/more/move/depthToSpace.ts';
import { concat } from '../../../ops/move/concat.ts';
import { type AxisAttributes, axisOf } from '../../../ops/move/gather.ts';
import { type PadAttributes, pad, padsOf, source } from '../../../ops/move/pad.ts';
import { rangesOf, type SliceAttributes, slice } from '../../../ops/move/slice.ts';
import type { SplitAttributes } from '../../../ops/move/split.ts';
import { permOf, type TransposeAttributes, transpose } from '../../../ops/move/transpose.ts';
import { constantInput, input, output, resolveAxis } from '../../../ops/shapes.ts';
import { axisMap, transposedTable } from '../../ops/axisMap.ts';
import { gatherGradient, sliceGradient } from '../../ops/scatter.ts';
import type { Rule, Rules } from '../rule.ts';
import { filled, reshaped, summed, unbroadcast } from '../shaping.ts';
import { expanded } from './expanded.ts';

/** Between floats; others have no gradient. */
const castRule: Rule<CastAttributes> = (node, [dy]) => (input(node, 0).type === output(node).type ? [dy] : []);

const transposeRule: Rule<TransposeAttributes> = (node, [dy], tape) => {
  const perm = permOf(node);
  return [tape.add(transpose, [dy], { perm: perm.map((_, axis) => perm.indexOf(axis)) })];
};

/** Concatenated again; parts that nobody used are zeros. */
const splitRule: Rule<SplitAttributes> = (node, gradients, tape) => {
  const { dims } = input(node, 0);
  const axis = resolveAxis(node, node.attributes.axis, dims.length);
  const missing = (size: number) =>
    expanded(
      tape,
      filled(0),
      dims.map((dim, a) => (a === axis ? size : dim)),
    );
  const parts = node.outputs.map((value, i) => gradients[i] ?? missing(at(value.dims, axis)));
  // Outputs at the end that nobody reads are not made.
  const rest = at(dims, axis) - node.outputs.reduce((sum, value) => sum + at(value.dims, axis), 0);
  return [tape.add(concat, rest > 0 ? [...parts, missing(rest)] : parts, { axis })];
};

const sliceRule: Rule<SliceAttributes> = (node, [dy], tape) => {
  const ranges = rangesOf(node).map(({ start, step }) => ({ start, step }));
  return [tape.add(sliceGradient, [dy], { dims: input(node, 0).dims, ranges })];
};

const gatherRule: Rule<AxisAttributes> = (node, [dy], tape) => {
  const [{ dims }, indices] = [input(node, 0), input(node, 1)];
  const axis = axisOf(node);
  const length = at(dims, axis);
  // The dimensions of the indices as one.
  const gradient = reshaped(tape, dy as Value, [...dims.slice(0, axis), product(indices.dims), ...dims.slice(axis + 1)]);
  if (!indices.constant) return [tape.add(gatherGradient, [gradient, indices], { axis, dims })];
  const rows = Int32Array.from(indices.constant.read() as Iterable<number | bigint>, (index) => wrapIndex(node, index, length));
  return [tape.add(axisMap, [gradient], { steps: [{ axis, ...transposedTable({ taps: 1, indices: rows }, length) }] })];
};

const expandRule: Rule = (node, [dy], tape) => [unbroadcast(tape, dy as Value, input(node, 0).dims)];

/** Every axis as one of repeats and one of elements; the sum over the repeats. */
const tileRule: Rule = (node, [dy], tape) => {
  const { dims } = input(node, 0);
  const repeats = integers(node, constantInput(node, 1));
  const split = dims.flatMap((size, axis) => (repeats[axis] === 1 ? [size] : [at(repeats, axis), size]));
  let next = 0;
  const axes = repeats.flatMap((count) => {
    next += count === 1 ? 1 : 2;
    return count === 1 ? [] : [next - 2];
  });
  return [reshaped(tape, summed(tape, reshaped(tape, dy as Value, split), axes), dims)];
};

const padRule: Rule<PadAttributes> = (node, [dy], tape) => {
  const [x, y] = [input(node, 0), dy as Value];
  const pads = padsOf(node);
  if (node.attributes.mode !== 'constant') {
    const steps = pads.flatMap(([begin, end], axis) => {
      const size = at(x.dims, axis);
      if (begin === 0 && end === 0) return [];
      const indices = Int32Array.from({ length: size + begin + end }, (_, i) => source(node.attributes.mode, i - begin, size));
      return [{ axis, ...transposedTable({ taps: 1, indices }, size) }];
    });
    return [tape.add(axisMap, [y], { steps: steps.reverse() })];
  }
  // What was cropped gets zeros.
  const crops = pads.flat().some((count) => count < 0);
  const [begins, ends] = [pads.map(([begin]) => -begin), pads.map(([, end]) => -end)];
  const given = { starts: pads.map(([begin]) => begin), ends: pads.map(([begin], axis) => begin + at(x.dims, axis)), axes: undefined };
  const dx = crops
    ? tape.add(pad, [y], { mode: 'constant', given: { pads: [...begins, ...ends], value: 0 } })
    : tape.add(slice, [y], { given });
  const value = node.inputs[2];
  if (!tape.wants(value)) return [dx];
  const total = (of: Value) =>
    reshaped(
      tape,
      summed(
        tape,
        of,
        of.dims.map((_, axis) => axis),
      ),
      value.dims,
    );
  return [dx, undefined, tape.add(sub, [total(y), total(dx)], {})];
};

interface Block {
  readonly block: number;
  readonly columnsFirst: boolean;
}

const depthToSpaceRule: Rule<Block> = (node, [dy], tape) => {
  const { block, columnsFirst } = node.attributes;
  const deep = tape.add(spaceToDepth, [dy], { block, columnsFirst: true });
  return [columnsFirst ? deep : tape.add(channelShuffle, [deep], { groups: block * block })];
};

const spaceToDepthRule: Rule<Block> = ({ attributes: { block } }, [dy], tape) => [
  tape.add(depthToSpace, [dy], { block, columnsFirst: true }),
];

const chosen = hosted(where);

const whereRule: Rule = (node, [dy], tape) => {
  const [condition, a, b] = [input(node, 0), input(node, 1), input(node, 2)];
  const zero = filled(0);
  return [
    undefined,
    tape.wants(a) ? unbroadcast(tape, tape.add(chosen, [condition, dy, zero], {}), a.dims) : undefined,
    tape.wants(b) ? unbroadcast(tape, tape.add(chosen, [condition, zero, dy], {}), b.dims) : undefined,
  ];
};

/** Summed from the other end. */
const cumSumRule: Rule<{ readonly exclusive: boolean; readonly reverse: boolean }> = (node, [dy], tape) => {
  const { exclusive, reverse } = node.attributes;
  return [tape.add(hosted(node.op), [dy, node.inputs[1]], { exclusive, reverse: !reverse })];
};

export const rareMoveRules: Rules = {
  Cast: castRule,
  CumSum: cumSumRule,
  DepthToSpace: depthToSpaceRule,
  Expand: expandRule,
  Gather: gatherRule,
  Pad: padRule,
  Slice: sliceRule,
  SpaceToDepth: spaceToDepthRule,
  Split: splitRule,
  Tile: tileRule,
  Transpose: transposeRule,
  Where: whereRule,
};
