import { as, type Network } from '../../compiler/network.ts';
import { numberOf as numberIn } from '../../compiler/passes/constants.ts';
import type { Value } from '../../graph/value.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { clip, relu } from '../../ops/elementwise/relu.ts';
import type { UnaryAttributes } from '../../ops/elementwise/unary.ts';
import { exp } from '../../ops/exact.ts';
import { operators } from '../../ops/index.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import { input, output } from '../../ops/shapes.ts';
import { numberAt } from '../byte.ts';
import { dequantizeLinear } from '../ops/dequantizeLinear.ts';
import { lookup, tableOf } from '../ops/lookup.ts';
import { type Bytes, dequantized, isAlike, meaningOf, nodeOf, quantized, type Rule, replace } from './facts.ts';

type Parameters = UnaryAttributes & Clamped & { readonly axis?: number; readonly kind?: number };
type Scalar = (numbers: readonly number[], parameters: Parameters) => number;

const sigmoid = (x: number): number => 1 / (1 + exp(-x));
const tanh = (x: number): number => 1 - 2 / (exp(2 * x) + 1);
const limited = (x: number, least: number, most: number): number => Math.min(Math.max(x, least), most);

/** Functions of one number, or of two of which one is a constant, in float64. */
const functions: Readonly<Record<string, Scalar>> = {
  Add: ([a = 0, b = 0]) => a + b,
  Clip: ([x = 0]) => x,
  Div: ([a = 0, b = 0]) => a / b,
  HardSigmoid: ([x = 0], { alpha, beta }) => limited(alpha * x + beta, 0, 1),
  HardSwish: ([x = 0]) => x * limited(x / 6 + 0.5, 0, 1),
  LeakyRelu: ([x = 0], { alpha }) => (x < 0 ? alpha * x : x),
  Max: (numbers) => Math.max(...numbers),
  Min: (numbers) => Math.min(...numbers),
  Mul: ([a = 0, b = 0]) => a * b,
  Relu: ([x = 0]) => x,
  Sigmoid: ([x = 0]) => sigmoid(x),
  Sub: ([a = 0, b = 0]) => a - b,
  Swish: ([x = 0], { alpha }) => x * sigmoid(alpha * x),
  Tanh: ([x = 0]) => tanh(x),
};

/**
 * A clamp of numbers that a DQ made clamps the bytes instead, if they are exact then: what computes with bytes may read them. Behind
 * it is more than functions, which become one table with it.
 */
export const clampBytes: Rule = (node, network) => {
  const { inputs } = node;
  if (Object.hasOwn(functions, node.op.name) && inputs.filter((value) => !value?.constant).length < 2) return undefined;
  for (const value of inputs) {
    const clamped = value && as(network.producer(value), relu, clip);
    const x = clamped?.inputs.length === 1 && dequantized(clamped.inputs[0], network);
    const { clamp } = clamped?.attributes ?? {};
    if (!value || !clamped || !x || !clamp) continue;
    const meaning = meaningOf(x);
    const f = (number: number) => limited(number, ...clamp);
    const table = tableOf(meaning, meaning, f);
    if (!table.every((byte, i) => numberAt(byte, meaning) === f(numberAt(i, meaning)))) continue;
    // The node is replaced by itself, so that the rules look at it again.
    if (table.every((byte, i) => byte === i))
      return { remove: [clamped, node], insert: [node], rename: new Map([[value, input(clamped, 0)]]) };
    const bytes: Value = { ...value, name: JSON.stringify(['bytes', value.name]), type: x.value.type };
    return replace(
      network,
      [clamped],
      [
        nodeOf(clamped, lookup, { table, type: bytes.type as 'uint8' }, [x.value], [bytes]),
        nodeOf(clamped, dequantizeLinear as Operator, { axis: 1, block: 0 }, [bytes, x.scale, x.zero], [value], value.name),
      ],
    );
  }
  return undefined;
};

/** What lies between a DQ and a Q and works on each number alone. */
interface Region {
  x?: Bytes;
  readonly nodes: Set<Node>;
}

const MOST_NODES = 16;

/** The function that makes a value of the number in the region's bytes; undefined if something else is needed for it. */
function functionOf(value: Value, region: Region, network: Network): ((x: number) => number) | undefined {
  const number = numberIn(value);
  if (number !== undefined) return () => number;
  const bytes = dequantized(value, network);
  if (bytes) {
    region.x ??= bytes;
    return region.x.value === bytes.value && isAlike(region.x, bytes) ? (x) => x : undefined;
  }
  const node = network.producer(value);
  const apply = node && Object.hasOwn(functions, node.op.name) && operators.get(node.op.name) === node.op && functions[node.op.name];
  if (!apply || region.nodes.size >= MOST_NODES) return undefined;
  const { clamp, axis, ...parameters } = (node.attributes ?? {}) as Parameters;
  // A Clip whose limits are not known yet, and the broadcasting of opset 6.
  if (axis !== undefined || (/Clip|Relu$/.test(node.op.name) && node.inputs.length > 1)) return undefined;
  region.nodes.add(node);
  const parts = node.inputs.map((_, i) => functionOf(input(node, i), region, network));
  const [least, most] = clamp ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  return parts.every((part) => part !== undefined)
    ? (x) =>
        Math.fround(
          limited(
            apply(
              parts.map((part) => part(x)),
              parameters,
            ),
            least,
            most,
          ),
        )
    : undefined;
}

/**
 * A chain of functions of one value between a DQ and a Q becomes a table of 256 bytes; nothing, if there is no function and both
 * mean the same.
 */
export const fuseFunctions: Rule = (node, network) => {
  const bytes = quantized(node);
  const region: Region = { nodes: new Set() };
  const f = bytes && functionOf(input(node, 0), region, network);
  const { x, nodes } = region;
  if (!f || !x || x.value.dims.join() !== bytes.value.dims.join() || x.value.constant) return undefined;
  const inside = new Set([...nodes, node]);
  const isPrivate = [...nodes].every((part) => {
    const value = output(part);
    return !network.outputs.includes(value) && network.readers(value).every((reader) => inside.has(reader));
  });
  if (!isPrivate) return undefined;
  const ordered = [...nodes].sort((a, b) => network.nodes.indexOf(a) - network.nodes.indexOf(b));
  if (nodes.size === 0 && isAlike(x, bytes)) return replace(network, [node], [], new Map([[bytes.value, x.value]]));
  const table = tableOf(meaningOf(x), meaningOf(bytes), f);
  return replace(
    network,
    [...ordered, node],
    [nodeOf(node, lookup, { table, type: bytes.value.type as 'uint8' }, [x.value], [bytes.value])],
  );
};
