import { at } from '../../../graph/at.ts';
import type { TypedArray } from '../../../graph/tensor.ts';
import type { OpenNode, Operator } from '../../operator.ts';
import { input, invalid } from '../../shapes.ts';

interface NmsAttributes {
  readonly centered: boolean;
}

/**
 * ONNX NonMaxSuppression: boxes [batch, count, 4] (two corners, or centre and size), scores [batch, classes, count] to the
 * selected [selected, 3] of batch, class and box index, class by class, the highest scores first. Only a run tells how many
 * there are.
 */
export const nonMaxSuppression: Operator<NmsAttributes> = {
  name: 'NonMaxSuppression',
  since: 10,
  inputs: [2, 5],
  evaluatedTypes: [['float32'], ['float32'], ['int64'], ['float32'], ['float32']],
  attributes(reader) {
    return { centered: reader.flag('center_point_box') };
  },
  inferShape(node) {
    const [boxes, scores] = [input(node, 0).dims, input(node, 1).dims];
    if (boxes.length !== 3 || boxes[2] !== 4 || scores.length !== 3 || scores[0] !== boxes[0] || scores[2] !== boxes[1]) {
      throw invalid(node, `boxes [${boxes}] and scores [${scores}] should be [batch, count, 4] and [batch, classes, count]`);
    }
    return [{ type: 'int64', dims: [0, 3] }];
  },
  sizes: (_, data) => [[at(data, 0).length / 3, 3]],
  evaluate(node, [boxData, scoreData, most, iou, threshold]) {
    const [boxes, scores] = [boxData as Float32Array, scoreData as Float32Array];
    const [batch = 0, classes = 0, count = 0] = input(node, 1).dims;
    const limit = numberIn(most);
    const least = threshold ? Number(threshold[0]) : Number.NEGATIVE_INFINITY;
    const overlap = numberIn(iou);
    const selected: number[] = [];
    for (let n = 0; n < batch && count > 0; n++) {
      const corners = Array.from({ length: count }, (_, i) =>
        cornersOf(node, boxes.subarray((n * count + i) * 4, (n * count + i + 1) * 4)),
      );
      for (let c = 0; c < classes; c++) {
        const own = scores.subarray((n * classes + c) * count, (n * classes + c + 1) * count);
        const order = Array.from(own.keys())
          .filter((i) => at(own, i) > least)
          .sort((a, b) => at(own, b) - at(own, a) || a - b);
        const kept: number[] = [];
        for (const i of order) {
          if (kept.length >= limit) break;
          if (kept.every((other) => overlapOf(corners[i] as Corners, corners[other] as Corners) <= overlap)) kept.push(i);
        }
        for (const i of kept) selected.push(n, c, i);
      }
    }
    return [BigInt64Array.from(selected, BigInt)];
  },
};

/** A single number's value; 0 if it is missing. */
const numberIn = (data: TypedArray | undefined): number => Number(data?.[0] ?? 0);

/** [left, top, right, bottom]. */
type Corners = readonly [number, number, number, number];

function cornersOf(node: OpenNode<NmsAttributes>, box: Float32Array): Corners {
  const [a = 0, b = 0, c = 0, d = 0] = box;
  if (node.attributes.centered) return [a - c / 2, b - d / 2, a + c / 2, b + d / 2];
  // Any two opposite corners, as (y, x).
  return [Math.min(b, d), Math.min(a, c), Math.max(b, d), Math.max(a, c)];
}

/** Intersection over union. */
function overlapOf(a: Corners, b: Corners): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0]);
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const area = ([left, top, right, bottom]: Corners) => (right - left) * (bottom - top);
  const shared = width * height;
  return shared / (area(a) + area(b) - shared);
}
