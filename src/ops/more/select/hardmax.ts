import type { TypedArray } from '../../../graph/tensor.ts';
import { allocate } from '../../elements.ts';
import { alongAxis, around, type SoftmaxAttributes } from '../../norm/softmax.ts';
import type { Operator } from '../../operator.ts';
import { output } from '../../shapes.ts';

/** ONNX Hardmax: 1 for the first of the largest elements along an axis, 0 for the others. */
export const hardmax: Operator<SoftmaxAttributes> = {
  ...alongAxis('Hardmax'),
  evaluatedTypes: [['float32', 'float64']],
  evaluate(node, [x]) {
    const { type } = output(node);
    const { outer, length, inner } = around(node, 'rowMajor');
    const data = x as Exclude<TypedArray, BigInt64Array | BigUint64Array>;
    const y = allocate(type, data.length);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        const start = o * length * inner + i;
        let best = start;
        for (let at = start; at < start + length * inner; at += inner) {
          const [other, most] = [data[at] as number, data[best] as number];
          // NaN counts as the largest, as in ArgMax.
          if (!(other <= most || Number.isNaN(most))) best = at;
        }
        y[best] = 1 as never;
      }
    }
    return [y];
  },
};
