import { type Case, f32, i64, NAN, type Row, u8 } from '../row.ts';

const gather = (name: string, index: number, expected: number | string, op = 'Gather'): Case => ({
  name: `${op} of ${name}`,
  op,
  attributes: { axis: 0 },
  inputs: [f32([10, 20, 30]), i64([index])],
  expected: typeof expected === 'string' ? expected : [f32([expected])],
});
const UNIT = [0, 0, 1, 1];
const [SECOND, THIRD] = [
  [2, 2, 3, 3],
  [4, 4, 5, 5],
];
const nms = (
  name: string,
  boxes: readonly (readonly number[])[],
  scores: readonly number[],
  kept: readonly number[],
  score?: number,
): Case => ({
  name,
  op: 'NonMaxSuppression',
  inputs: [
    f32(boxes.flat(), [1, boxes.length, 4]),
    f32(scores, [1, 1, scores.length]),
    i64([10]),
    f32([0.5]),
    ...(score === undefined ? [] : [f32([score])]),
  ],
  expected: [
    i64(
      kept.flatMap((box) => [0, 0, box]),
      [kept.length, 3],
    ),
  ],
});
const pad = (mode: string, pads: readonly number[], expected: readonly number[] | string): Case => ({
  name: `${mode} by ${pads.join(' and ')}`,
  op: 'Pad',
  opset: 19,
  attributes: { mode },
  inputs: [f32([1, 2, 3]), i64(pads)],
  constants: [1],
  expected: typeof expected === 'string' ? expected : [f32(expected)],
});
const resize = (
  name: string,
  x: Case['inputs'][number],
  size: number,
  attributes: Case['attributes'],
  expected: Case['expected'],
): Case => ({
  name,
  op: 'Resize',
  attributes,
  inputs: [x, undefined, undefined, i64([1, 1, 1, size])],
  constants: [3],
  expected,
});
const aligned = { mode: 'linear', coordinate_transformation_mode: 'align_corners' };
const scaled = (name: string, scale: number, attributes: Case['attributes'], expected: Case['expected']): Case => ({
  name,
  op: 'Resize',
  attributes,
  inputs: [row(1, 2, 3, 4), undefined, f32([1, 1, 1, scale])],
  constants: [2],
  expected,
});
const row = (...values: readonly number[]) => f32(values, [1, 1, 1, values.length]);

export const pixels: readonly Row[] = [
  {
    title: 'Gather with indices that are negative or too large',
    cases: [
      gather('-1', -1, 30),
      gather('-1', -1, 30, 'GatherElements'),
      gather('3', 3, "node 'Gather_0': index 3 is outside a dimension of 3"),
      gather('-4', -4, "node 'Gather_0': index -4 is outside a dimension of 3"),
    ],
  },
  {
    title: 'NonMaxSuppression at its thresholds, and flipped boxes',
    cases: [
      nms('an overlap of exactly 0.5', [UNIT, [0, 0, 1, 0.5]], [0.9, 0.8], [0, 1]),
      nms('a score of exactly 0.5', [UNIT, SECOND], [0.5, 0.75], [1], 0.5),
      nms('equal scores', [UNIT, SECOND, THIRD], [0.5, 0.5, 0.5], [0, 1, 2]),
      nms('equal scores and boxes', [UNIT, SECOND, SECOND], [0.4, 0.5, 0.5], [1, 0]),
      nms('corners the other way round', [[1, 1, 0, 0], UNIT], [0.9, 0.8], [0]),
    ],
  },
  {
    title: 'NaN among the scores of NonMaxSuppression',
    cases: [nms('without a threshold', [UNIT, SECOND, THIRD], [0.5, NAN, 0.7], [2, 0])],
  },
  {
    title: 'Pad that wraps or reflects further than the axis is long',
    cases: [
      pad('wrap', [2, 2], [2, 3, 1, 2, 3, 1, 2]),
      pad('wrap', [4, 4], [3, 1, 2, 3, 1, 2, 3, 1, 2, 3, 1]),
      pad('reflect', [2, 2], [3, 2, 1, 2, 3, 2, 1]),
      pad('reflect', [3, 3], "node 'Pad_0': a reflection of 3 over 3 elements"),
    ],
  },
  {
    title: 'PRelu with a slope for each channel',
    cases: [
      {
        name: '[C] lies along the width',
        op: 'PRelu',
        inputs: [f32([-1, -1, -1, -1], [1, 2, 1, 2]), f32([10, 100])],
        expected: [f32([-10, -100, -10, -100], [1, 2, 1, 2])],
      },
      {
        name: '[C, 1, 1] lies along the channels',
        op: 'PRelu',
        inputs: [f32([-1, -1, -1, -1], [1, 2, 1, 2]), f32([10, 100], [2, 1, 1])],
        expected: [f32([-10, -10, -100, -100], [1, 2, 1, 2])],
      },
    ],
  },
  {
    title: "Resize's pixels in float32",
    cases: [
      { ...resize('whole sizes, align_corners', row(1, 2, 3, 4), 6, aligned, [row(1, 1.6, 2.2, 2.8, 3.4, 4)]), within: 1e-6 },
      scaled('by 0.6, align_corners', 0.6, aligned, [row(1, 4)]),
      scaled('by 0.8, cubic, align_corners', 0.8, { ...aligned, mode: 'cubic' }, [row(1, 2.5, 4)]),
    ],
  },
  {
    title: 'Nearest pixels where two are equally near',
    cases: [
      resize('halved', row(1, 2, 3, 4), 2, { mode: 'nearest' }, [row(1, 3)]),
      resize('halved, round_prefer_ceil', row(1, 2, 3, 4), 2, { mode: 'nearest', nearest_mode: 'round_prefer_ceil' }, [row(2, 4)]),
    ],
  },
  {
    title: 'Resize of bytes',
    cases: [
      resize('nearest', u8([0, 255, 10, 11], [1, 1, 1, 4]), 6, { mode: 'nearest' }, [u8([0, 0, 255, 10, 10, 11], [1, 1, 1, 6])]),
      resize('linear', u8([0, 255, 10, 11], [1, 1, 1, 4]), 6, { mode: 'linear' }, "node 'Resize_0': linear half_pixel of uint8"),
    ],
  },
];
