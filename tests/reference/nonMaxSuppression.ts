import { array, at, type NdArray } from './array.ts';

export interface NmsOptions {
  most?: number;
  iou?: number;
  score?: number;
  centered?: boolean;
}

/** ONNX NonMaxSuppression: again and again the best box that is left, and away with those that overlap it too much. */
export function nonMaxSuppression(boxes: NdArray, scores: NdArray, { most = 0, iou = 0, score, centered = false }: NmsOptions): NdArray {
  const [batch = 0, classes = 0, count = 0] = scores.dims;
  const selected: number[] = [];
  for (let n = 0; n < batch; n++) {
    for (let c = 0; c < classes; c++) {
      const scoreOf = (i: number) => at(scores.data, (n * classes + c) * count + i);
      const box = (i: number) => Array.from({ length: 4 }, (_, k) => at(boxes.data, (n * count + i) * 4 + k));
      let left = Array.from({ length: count }, (_, i) => i).filter((i) => score === undefined || scoreOf(i) > score);
      for (let taken = 0; taken < most && left.length > 0; taken++) {
        const best = left.reduce((a, b) => (scoreOf(b) > scoreOf(a) ? b : a));
        selected.push(n, c, best);
        left = left.filter((i) => i !== best && overlap(box(best), box(i), centered) <= iou);
      }
    }
  }
  return array([selected.length / 3, 3], selected);
}

/** Shared area over the area of both. */
function overlap(first: number[], second: number[], centered: boolean): number {
  // [begin, end] of either axis.
  const sides = (box: number[], axis: 0 | 1): [number, number] => {
    const [a, b] = [at(box, axis), at(box, axis + 2)];
    return centered ? [a - b / 2, a + b / 2] : [Math.min(a, b), Math.max(a, b)];
  };
  const length = (box: number[], axis: 0 | 1) => sides(box, axis)[1] - sides(box, axis)[0];
  const area = (box: number[]) => length(box, 0) * length(box, 1);
  let shared = 1;
  for (const axis of [0, 1] as const) {
    const [a, b] = [sides(first, axis), sides(second, axis)];
    shared *= Math.max(0, Math.min(a[1], b[1]) - Math.max(a[0], b[0]));
  }
  return shared === 0 ? 0 : shared / (area(first) + area(second) - shared);
}
