import type { Value } from '../../graph/value.ts';
import { add, div, mul } from '../../ops/elementwise/binary.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { clip } from '../../ops/elementwise/relu.ts';
import { hardSigmoid, hardSwish, sigmoid, swish, type UnaryAttributes } from '../../ops/elementwise/unary.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import { isOp, type Network, type Patch } from '../network.ts';
import { isAbout, numberOf } from './constants.ts';
import type { Pass } from './pass.ts';
import { rare } from './rare.ts';

/**
 * Activations that files spell as products become one node: x·sigmoid(x), x·hardSigmoid(x), x·min(max(x + 3, 0), 6) / 6, and those of
 * more/gates.ts. What comes in between must be nobody else's.
 */
export const fuseActivation: Pass = {
  match(node, network) {
    const [output] = node.outputs;
    if (!output || (node.attributes as Clamped)?.clamp) return undefined;
    // The two operands as they are, before a product of products is taken apart.
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
    const fused: Node = { ...node, op: gate.op as Operator, attributes: { alpha: 1, beta: 0 }, inputs: [x] };
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
  const [a, b] = node?.inputs ?? [];
  const op: unknown = node?.op;
  if (!node || !a || !b || depth < 0 || (op !== mul && op !== div) || (node.attributes as Clamped).clamp) return undefined;
  if (op === div && numberOf(b) === undefined) return undefined;
  const sides = [a, b].map((value, i): Factors => {
    const number = numberOf(value);
    if (number !== undefined) return { values: [], scale: op === div && i === 1 ? 1 / number : number, nodes: [] };
    return factorsOf(network.producer(value), network, depth - 1) ?? { values: [value], scale: 1, nodes: [] };
  });
  return {
    values: sides.flatMap(({ values }) => values),
    scale: sides.reduce((product, { scale }) => product * scale, 1),
    nodes: [...sides.flatMap(({ nodes }) => nodes), node],
  };
}

/** What takes the place of a product, and the nodes that it is made of. */
export type Gate = { op: Operator<UnaryAttributes>; nodes: Node[] } | undefined;

/** What `other` makes of x, if their product with the scale is an activation. */
function gateOf(x: Value, other: Value, scale: number, network: Network): Gate {
  const node = network.producer(other);
  const op: unknown = node?.op;
  const [inner] = node?.inputs ?? [];
  if (!node || !inner) return undefined;
  if (op === sigmoid && inner === x && scale === 1) return { op: swish, nodes: [node] };
  if (op === hardSigmoid && inner === x && scale === 1) {
    const { alpha, beta } = node.attributes as UnaryAttributes;
    return isAbout(alpha, 1 / 6) && isAbout(beta, 0.5) ? { op: hardSwish, nodes: [node] } : undefined;
  }
  const before = network.producer(inner);
  if (op === clip && before && isOp(before, add)) {
    const clamp = (node.attributes as Clamped).clamp;
    const sum = addend(before);
    const fits = sum?.value === x && sum.number === 3 && clamp?.[0] === 0 && clamp[1] === 6 && isAbout(scale, 1 / 6);
    return fits ? { op: hardSwish, nodes: [before, node] } : undefined;
  }
  return rare.gateOf?.(x, node, scale, network);
}

/** A sum of a value and a number. */
export function addend({ inputs: [a, b], attributes }: Node): { value: Value; number: number } | undefined {
  if (!a || !b || (attributes as Clamped).clamp) return undefined;
  const [left, right] = [numberOf(a), numberOf(b)];
  if (left !== undefined && right === undefined) return { value: b, number: left };
  return right !== undefined && left === undefined ? { value: a, number: right } : undefined;
}
