import { sumDepth } from '../../src/ops/gemm/blocks.ts';

/**
 * What the strict kernels promise to the last bit: products rounded to float32 are added in their order, rounded each time, in sums of sumDepth(depth): the
 * first from the bias on, the others from 0 and then to what there is.
 */
export function partialSums(depth: number, bias: number, product: (k: number) => number): number {
  const length = sumDepth(depth);
  let total = bias;
  for (let from = 0; from < depth; from += length) {
    let sum = from === 0 ? bias : 0;
    for (let k = from; k < Math.min(depth, from + length); k++) sum = Math.fround(sum + Math.fround(product(k)));
    total = from === 0 ? sum : Math.fround(total + sum);
  }
  return total;
}
