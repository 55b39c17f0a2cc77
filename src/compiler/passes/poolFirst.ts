import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { Value } from '../../graph/value.ts';
import type { Node } from '../../ops/operator.ts';
import { conv, isPointwise } from '../../ops/window/conv.ts';
import { averagePool, globalAveragePool } from '../../ops/window/pool.ts';
import { resolveWindow } from '../../ops/window/window.ts';
import { as } from '../network.ts';
import type { Pass } from './pass.ts';

/** How many multiply-accumulates of a convolution take as long as one tap of a pool. */
const TAP_COST = 8;

/**
 * The average of a 1×1 convolution is the 1×1 convolution of the average, because both are linear and an average's weights
 * add up to 1. In this order, as in DenseNet's transitions, the convolution has fewer pixels.
 */
export const poolFirst: Pass = {
  match(node, network) {
    const [pooled] = node.inputs;
    const [output] = node.outputs;
    const before = as(network.privateProducer(pooled, node), conv);
    const [x, weights, bias, ...fused] = before?.inputs ?? [];
    if (!pooled || !before || !x || !output || fused.length > 0 || before.attributes.clamp) return undefined;
    const taps = tapsOf(node, pooled);
    if (taps === undefined || !isPointwise(before)) return undefined;
    const [from, to] = [at(x.dims, 1), at(output.dims, 1)];
    const [pixels, fewer] = [product(pooled.dims) / to, product(output.dims) / to];
    const [now, then] = [to * (pixels * from + fewer * taps * TAP_COST), fewer * from * (to + taps * TAP_COST)];
    if (!(then < now)) return undefined;
    const average: Value = {
      name: JSON.stringify([x.name, node.name]),
      type: x.type,
      dims: [...x.dims.slice(0, 2), ...output.dims.slice(2)],
    };
    return {
      remove: [before, node],
      insert: [
        { ...node, inputs: [x], outputs: [average] },
        { ...before, inputs: [average, weights, bias], outputs: [output] },
      ],
    };
  },
};

/** The taps of an average over what is inside the picture; undefined for another node. */
function tapsOf(node: Node, { dims }: Value): number | undefined {
  if (as(node, globalAveragePool)) return product(dims.slice(2));
  const average = as(node, averagePool);
  if (!average) return undefined;
  const { countIncludePad, ceilMode } = average.attributes;
  const { kernel, dilation, padBegin, padEnd } = resolveWindow(average, dims);
  const pads = [...padBegin, ...padEnd];
  // A window without any tap in the picture gives 0, without the convolution's bias.
  if (dilation.some((step) => step > 1) || pads.some((count, i) => count >= at(kernel, i % kernel.length))) return undefined;
  return countIncludePad && (ceilMode || pads.some((count) => count > 0)) ? undefined : product(kernel);
}
