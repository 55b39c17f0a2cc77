import { as } from '../../compiler/network.ts';
import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { add, mul } from '../../ops/elementwise/binary.ts';
import { cast } from '../../ops/elementwise/cast.ts';
import type { Node } from '../../ops/operator.ts';
import { output } from '../../ops/shapes.ts';
import { convInteger } from '../ops/convInteger.ts';
import { matMulInteger } from '../ops/matMul.ts';
import { convIntegerToFloat, matMulIntegerToFloat } from '../ops/products.ts';
import { isSingle } from '../scales.ts';
import { following, isPerChannel, nodeOf, type Rule, readerOf, replace, zeroOf } from './facts.ts';

/**
 * ConvInteger or MatMulInteger, a Cast to float32, a Mul by a scale (which a run computes, from that of DynamicQuantizeLinear), an
 * Add of a bias perhaps and a clamp perhaps become one instruction, with the same bits.
 */
export const fuseDynamic: Rule = (node, network) => {
  const convolution = as(node, convInteger);
  const [x, w, xZero, wZero] = node.inputs;
  if ((!convolution && !as(node, matMulInteger)) || !x || !w?.constant) return undefined;
  const { dims } = output(node);
  const axis = convolution ? 1 : dims.length - 1;
  // A vector, or a matrix for each of a batch, is left to the operator itself.
  if (!convolution && (w.dims.length !== 2 || x.dims.length < 2)) return undefined;
  const channels = at(dims, axis);
  const zeros = product(wZero?.dims ?? []);
  if ((wZero && !wZero.constant) || (zeros !== 1 && zeros !== channels) || (xZero && !isSingle(xZero))) return undefined;

  const converted = as(readerOf(output(node), network), cast);
  if (converted?.attributes.to !== 'float32' || converted.attributes.rounding) return undefined;
  const scaled = as(readerOf(output(converted), network), mul);
  const scale = scaled?.inputs.find((value) => value !== output(converted));
  if (!scaled || !scale || scaled.attributes.axis !== undefined || !isPerChannel(scale, channels, axis, dims.length)) return undefined;
  const shifted = as(readerOf(output(scaled), network), add);
  const shift = shifted?.inputs.find((value) => value !== output(scaled));
  const hasShift = shift?.constant && product(shift.dims) === channels && isPerChannel(shift, channels, axis, dims.length);
  const nodes = [node, converted, scaled, ...(hasShift && shifted?.attributes.axis === undefined ? [shifted] : [])] as Node[];
  // A Q stays: the sums become float32.
  const { nodes: after, clamp, value } = following(output(nodes.at(-1) as Node), network, false);
  const zero = xZero ?? zeroOf({ value: x, scale, zero: xZero });
  const inputs = [x, zero, w, wZero, scale, nodes.length > 3 ? shift : undefined];
  return replace(
    network,
    [...nodes, ...after],
    [
      convolution
        ? nodeOf(node, convIntegerToFloat, { ...convolution.attributes, ...(clamp && { clamp }) }, inputs, [value])
        : nodeOf(node, matMulIntegerToFloat, { transB: false, ...(clamp && { clamp }) }, inputs, [value]),
    ],
  );
};
