import type { Value } from '../../graph/value.ts';
import { add, div, mul } from '../../ops/elementwise/binary.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { clip } from '../../ops/elementwise/relu.ts';
import { hardSigmoid, hardSwish, sigmoid, swish } from '../../ops/elementwise/unary.ts';
import type { Node } from '../../ops/operator.ts';
import { as, type Network, type Patch } from '../network.ts';
import { isAbout, numberOf } from './constants.ts';
import type { Pass } from './pass.ts';
import { type Gate, rare } from './rare.ts';

/**
 * Activations that files express as products become one node: x·sigmoid(x), x·hardSigmoid(x), x·min(max(x + 3, 0), 6) / 6,
 * and those of more/gates.ts. Nobody else may read the values in between.
 */
export const fuseActivation: Pass = {
  match(node, network) {
    const [output] = node.outputs;
    if (!output || (node.attributes as Clamped)?.clamp) return undefined;
    // The two operands as they are, before nested products are expanded.
    for (const depth of [0, 2]) {
      const factors = factorsOf(node, network, depth);
      const patch = factors?.values.length === 2 ? fuse(node, output, factors, network) : undefined;
      if (patch) return patch;
    }
    return undefined;
  },
};

function fuse(node: Node, output: Value, factors: Factors, network: Network): Patch | undefined {
  for (const [x, other] of [factors.values, [...factors.values].reverse()]) {
    const gate = x && other && gateOf(x, other, factors.scale, network);
    if (!gate || x.dims.join() !== output.dims.join()) continue;
    // A factor may be part of the gate as well.
    const remove = [...new Set([...gate.nodes, ...factors.nodes])].sort((a, b) => network.nodes.indexOf(a) - network.nodes.indexOf(b));
    if (!remove.every((part) => part === node || part.outputs.every((value) => onlyReadBy(value, remove, network)))) continue;
    const fused: Node = { ...node, op: gate.op, attributes: { alpha: 1, beta: 0 }, inputs: [x] };
    return { remove, insert: [fused] };
  }
  return undefined;
}

const onlyReadBy = (value: Value, nodes: readonly Node[], network: Network): boolean =>
  !network.outputs.includes(value) && network.readers(value).every((reader) => nodes.includes(reader));

export interface Factors {
  readonly values: readonly Value[];
  readonly scale: number;
  readonly nodes: readonly Node[];
}

/** The values that a tree of Mul, and Div by a constant, multiplies, and the product of its constants. */
export function factorsOf(node: Node | undefined, network: Network, depth: number): Factors | undefined {
  const factors = as(node, mul, div);
  const [a, b] = factors?.inputs ?? [];
  if (!factors || !a || !b || depth < 0 || factors.attributes.clamp) return undefined;
  const divides = factors.op === div;
  if (divides && numberOf(b) === undefined) return undefined;
  const sides = [a, b].map((value, i): Factors => {
    const number = numberOf(value);
    if (number !== undefined) return { values: [], scale: divides && i === 1 ? 1 / number : number, nodes: [] };
    return factorsOf(network.producer(value), network, depth - 1) ?? { values: [value], scale: 1, nodes: [] };
  });
  return {
    values: sides.flatMap(({ values }) => values),
    scale: sides.reduce((product, { scale }) => product * scale, 1),
    nodes: [...sides.flatMap(({ nodes }) => nodes), factors],
  };
}

/** The activation that `other` makes of x, if their product with the scale is one. */
function gateOf(x: Value, other: Value, scale: number, network: Network): Gate {
  const node = network.producer(other);
  const [inner] = node?.inputs ?? [];
  if (!node || !inner) return undefined;
  if (inner === x && scale === 1) {
    if (as(node, sigmoid)) return { op: swish, nodes: [node] };
    const hard = as(node, hardSigmoid)?.attributes;
    if (hard) return isAbout(hard.alpha, 1 / 6) && isAbout(hard.beta, 0.5) ? { op: hardSwish, nodes: [node] } : undefined;
  }
  const before = network.producer(inner);
  const clipped = as(node, clip);
  const shifted = clipped && as(before, add);
  if (shifted) {
    const { clamp } = clipped.attributes;
    const sum = addend(shifted);
    const fits = sum?.value === x && sum.number === 3 && clamp?.[0] === 0 && clamp[1] === 6 && isAbout(scale, 1 / 6);
    return fits ? { op: hardSwish, nodes: [shifted, node] } : undefined;
  }
  return rare.gateOf?.(x, node, scale, network);
}

/** A sum of a value and a number. */
export function addend(node: Node<Clamped> | undefined): { value: Value; number: number } | undefined {
  const [a, b] = node?.inputs ?? [];
  if (!a || !b || node?.attributes.clamp) return undefined;
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined && right === undefined) return { value: b, number: left };
  return right !== undefined && left === undefined ? { value: a, number: right } : undefined;
}
