import type { Value } from '../../../graph/value.ts';
import { add } from '../../../ops/elementwise/binary.ts';
import { gelu, tanh } from '../../../ops/elementwise/unary.ts';
import { erf, mish, softplus } from '../../../ops/more/elementwise/functions.ts';
import type { Node } from '../../../ops/operator.ts';
import { isOp, type Network } from '../../network.ts';
import { isAbout } from '../constants.ts';
import { addend, factorsOf, type Gate } from '../fuseActivation.ts';

/** x·tanh(softplus(x)) and x·(1 + erf(x / √2)) / 2: what `node` makes of x, if their product with the scale is one of these. */
export function gateOf(x: Value, node: Node, scale: number, network: Network): Gate {
  const [inner] = node.inputs;
  const before = inner && network.producer(inner);
  if (isOp(node, tanh) && before && isOp(before, softplus) && before.inputs[0] === x && scale === 1)
    return { op: mish, nodes: [before, node] };
  const sum = isOp(node, add) ? addend(node) : undefined;
  const function_ = sum && network.producer(sum.value);
  const argument = function_?.inputs[0] && network.producer(function_.inputs[0]);
  if (!function_ || !isOp(function_, erf) || sum.number !== 1 || !isAbout(scale, 0.5)) return undefined;
  const factors = factorsOf(argument, network, 2);
  const fits = factors?.values.length === 1 && factors.values[0] === x && isAbout(factors.scale, Math.SQRT1_2);
  return fits ? { op: gelu, nodes: [...factors.nodes, function_, node] } : undefined;
}
