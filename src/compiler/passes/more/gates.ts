import type { Value } from '../../../graph/value.ts';
import { add } from '../../../ops/elementwise/binary.ts';
import { gelu, tanh } from '../../../ops/elementwise/unary.ts';
import { erf, mish, softplus } from '../../../ops/more/elementwise/functions.ts';
import type { Node } from '../../../ops/operator.ts';
import { as, type Network } from '../../network.ts';
import { isAbout } from '../constants.ts';
import { addend, factorsOf } from '../fuseActivation.ts';
import type { Gate } from '../rare.ts';

/** x·tanh(softplus(x)) and x·(1 + erf(x / √2)) / 2: what `node` makes of x, if their product with the scale is one of these. */
export function gateOf(x: Value, node: Node, scale: number, network: Network): Gate {
  const [inner] = node.inputs;
  const soft = as(node, tanh) && inner && as(network.producer(inner), softplus);
  if (soft?.inputs[0] === x && scale === 1) return { op: mish, nodes: [soft, node] };
  const sum = addend(as(node, add));
  const function_ = sum && as(network.producer(sum.value), erf);
  const argument = function_?.inputs[0] && network.producer(function_.inputs[0]);
  if (!function_ || sum.number !== 1 || !isAbout(scale, 0.5)) return undefined;
  const factors = factorsOf(argument, network, 2);
  const fits = factors?.values.length === 1 && factors.values[0] === x && isAbout(factors.scale, Math.SQRT1_2);
  return fits ? { op: gelu, nodes: [...factors.nodes, function_, node] } : undefined;
}
