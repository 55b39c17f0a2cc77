import { as } from '../../compiler/network.ts';
import type { Value } from '../../graph/value.ts';
import { add, mul, sub } from '../../ops/elementwise/binary.ts';
import type { Node, Operator } from '../../ops/operator.ts';
import { axesOf, reduceMean } from '../../ops/reduce/reduce.ts';
import { flatten } from '../../ops/shape/reshape.ts';
import { output } from '../../ops/shapes.ts';
import { averagePool, globalAveragePool } from '../../ops/window/pool.ts';
import { qLinearAveragePool, qLinearGlobalAveragePool } from '../ops/averagePool.ts';
import { qLinearAdd, qLinearMul } from '../ops/binary.ts';
import { type Bytes, dequantized, floats, following, isAlike, meaningOf, nodeOf, type Rule, rangeOf, replace, zeroOf } from './facts.ts';

const parts = (bytes: Bytes): Value[] => [bytes.value, bytes.scale, zeroOf(bytes)];

/** The sum, the difference or the product of two values of bytes, behind which is a Q (perhaps after a clamp). */
export const fuseBinary: Rule = (node, network) => {
  const binary = as(node, add, mul, sub);
  if (!binary || binary.attributes.axis !== undefined || binary.attributes.clamp) return undefined;
  const [a, b] = node.inputs.map((value) => dequantized(value, network));
  const { nodes, clamp, bytes, value } = following(output(node), network);
  // A function of one value is a table: see fuseFunctions.
  if (!a || !b || !bytes || (a.value === b.value && isAlike(a, b))) return undefined;
  // a - b = a + -b, in float32 too, and -b has the negative scale.
  const scale = as(node, sub) ? floats(JSON.stringify(['-', b.scale.name]), [-meaningOf(b).scale], b.scale.fixed) : b.scale;
  const inputs = [...parts(a), b.value, scale, zeroOf(b), bytes.scale, zeroOf(bytes)];
  const range = rangeOf(clamp, bytes);
  const op = as(node, mul) ? qLinearMul : qLinearAdd;
  return replace(network, [node, ...nodes], [nodeOf(node, op, { ...(range && { range }) }, inputs, [value])]);
};

/** The average of a window or of a whole picture of bytes, behind which is a Q. */
export const fuseAverage: Rule = (node, network) => {
  const x = dequantized(node.inputs[0], network);
  const { nodes, clamp, bytes, value } = following(output(node), network);
  const pool = averageOf(node);
  if (!x || !bytes || !pool) return undefined;
  const range = rangeOf(clamp, bytes);
  // The pool has no limits of its own: the type's have to be enough.
  if (range && (range[0] > least(bytes) || range[1] < least(bytes) + 255)) return undefined;
  const dims = pool.dims ?? value.dims;
  const picture: Value = dims === value.dims ? value : { ...value, name: JSON.stringify(['picture', value.name]), dims };
  const pooled = nodeOf(node, pool.op, pool.attributes, [...parts(x), bytes.scale, zeroOf(bytes)], [picture]);
  const flat = nodeOf(node, flatten as Operator, { axis: 1 }, [picture], [value], value.name);
  return replace(network, [node, ...nodes], picture === value ? [pooled] : [pooled, flat]);
};

const least = ({ value }: Bytes): number => (value.type === 'int8' ? -128 : 0);

/** The pool of bytes for an average, and the dimensions of its output, if the node drops some. */
function averageOf(node: Node): { op: Operator<never>; attributes: never; dims?: readonly number[] } | undefined {
  const found = (op: object, attributes: object, dims?: readonly number[]) =>
    ({ op, attributes, ...(dims && { dims }) }) as ReturnType<typeof averageOf>;
  const average = as(node, averagePool);
  if (average) return found(qLinearAveragePool, { ...average.attributes, channelsLast: false });
  if (as(node, globalAveragePool)) return found(qLinearGlobalAveragePool, { channelsLast: false });
  const mean = as(node, reduceMean);
  const { dims = [] } = node.inputs[0] ?? {};
  if (!mean || dims.length < 3) return undefined;
  const axes = axesOf(mean).sort((a, b) => a - b);
  if (
    axes.join() !==
    dims
      .map((_, axis) => axis)
      .slice(2)
      .join()
  )
    return undefined;
  const kept = [...dims.slice(0, 2), ...dims.slice(2).map(() => 1)];
  return found(qLinearGlobalAveragePool, { channelsLast: false }, mean.attributes.keepDims ? undefined : kept);
}
