// Normalisations that layers do not write, but files hold: from existing operators, which compute the statistics again.

import { at } from '../../../graph/at.ts';
import { product } from '../../../graph/dims.ts';
import type { Value } from '../../../graph/value.ts';
import { add, div, max, mul, sub } from '../../../ops/elementwise/binary.ts';
import type { Attributes } from '../../../ops/elementwise/unary.ts';
import { functions } from '../../../ops/more/elementwise/functions.ts';
import { type BatchNormAttributes, batchNormalization } from '../../../ops/norm/batchNormalization.ts';
import type { Node, Operator } from '../../../ops/operator.ts';
import { reduceMean } from '../../../ops/reduce/reduce.ts';
import { input, output, resolveAxis, unsupported } from '../../../ops/shapes.ts';
import { Counting, globalWindow } from '../../../ops/window/pool.ts';
import { resolveWindow, type Window, type WindowAttributes } from '../../../ops/window/window.ts';
import { averagePoolGradient } from '../../ops/poolGradient.ts';
import type { Tape } from '../../tape.ts';
import type { Rule, Rules } from '../rule.ts';
import { filled, reshaped, unbroadcast } from '../shaping.ts';

const sqrt = functions.find(({ name }) => name === 'Sqrt') as Operator<Attributes>;

/** How a node normalises. */
interface Normalization {
  /** The dimensions in which it sees its input, and the axes of the statistics. */
  readonly dims: readonly number[];
  readonly axes: readonly number[];
  /** Those in which it sees scale and bias. */
  readonly vector: readonly number[];
  readonly epsilon: number;
}

/**
 * With n = (x - mean)·r, r = 1 / sqrt(variance + epsilon), and g = dy·scale: dx = r·(g - mean of g - n·mean of g·n), as Ba, Kiros
 * and Hinton have it (arXiv:1607.06450), dScale = the sum of dy·n, dBias = that of dy.
 */
const normalizes =
  <A>(of: (node: Node<A>) => Normalization): Rule<A> =>
  (node, [gradient, ...others], tape) => {
    if (!gradient || others.some(Boolean)) throw unsupported(node, 'the statistics that it gives have no gradient');
    const [x, scale, bias] = node.inputs as [Value, Value?, Value?];
    const { dims, axes, vector, epsilon } = of(node);
    const binary = (op: typeof mul, a: Value, b: Value) => tape.add(op, [a, b], {});
    const mean = (value: Value) => tape.add(reduceMean, [value], { keepDims: true, axes, noopWithEmptyAxes: false });
    const seen = reshaped(tape, x, dims);
    const dy = reshaped(tape, gradient, dims);
    const centered = binary(sub, seen, mean(seen));
    const variance = mean(binary(mul, centered, centered));
    const inverse = binary(div, filled(1), tape.add(sqrt, [binary(add, variance, filled(epsilon))], { alpha: 0, beta: 0 }));
    const normal = binary(mul, centered, inverse);
    const sums = (value: Value | undefined, products: () => Value) =>
      tape.wants(value) ? reshaped(tape, unbroadcast(tape, products(), vector), value.dims) : undefined;
    const g = () => (scale ? binary(mul, dy, reshaped(tape, scale, vector)) : dy);
    return [
      tape.wants(x) ? reshaped(tape, back(g()), x.dims) : undefined,
      sums(scale, () => binary(mul, dy, normal)),
      sums(bias, () => dy),
    ];

    function back(g: Value): Value {
      const along = binary(mul, normal, mean(binary(mul, g, normal)));
      return binary(mul, inverse, binary(sub, binary(sub, g, mean(g)), along));
    }
  };

const from = (first: number, rank: number): number[] => Array.from({ length: rank - first }, (_, i) => first + i);

/** In inference mode, by given statistics: a scale and a bias. */
const batchNormRule: Rule<BatchNormAttributes> = (node, [dy], tape) => {
  const [x, scale, bias, mean, variance] = node.inputs as [Value, Value, Value, Value, Value];
  if (node.attributes.momentum !== undefined) throw unsupported(node, 'it is in training mode, but not in its training form');
  const [zeros, ones] = [0, 1].map((number) => filled(number, scale.dims)) as [Value, Value];
  const normalized = (value: Value, ...vectors: Value[]) => tape.add(batchNormalization, [value, ...vectors, variance], node.attributes);
  const vector = [at(scale.dims, 0), ...x.dims.slice(2).map(() => 1)];
  const sums = (value: Value) => reshaped(tape, unbroadcast(tape, value, vector), scale.dims);
  const gradient = dy as Value;
  return [
    tape.wants(x) ? normalized(gradient, scale, zeros, zeros) : undefined,
    tape.wants(scale) ? sums(tape.add(mul, [gradient, normalized(x, ones, zeros, mean)], {})) : undefined,
    tape.wants(bias) ? sums(gradient) : undefined,
  ];
};

/** Of Euclidean lengths: dx = x·(sum over windows of dy / y); 0 where all elements are 0. */
const lengths =
  <A extends { readonly p: number }>(windowOf: (node: Node<A>) => Window): Rule<A> =>
  (node, [dy], tape: Tape) => {
    if (node.attributes.p !== 2) throw unsupported(node, `with p ${node.attributes.p} it has no gradient; 2 is supported`);
    const x = input(node, 0);
    const shares = tape.add(div, [dy, tape.add(max, [output(node), filled(2 ** -126)], {})], {});
    const summed = tape.add(averagePoolGradient, [shares], { window: windowOf(node), dims: x.dims, counting: Counting.None });
    return [tape.add(mul, [x, summed], {})];
  };

export const normalizationRules: Rules = {
  BatchNormalization: batchNormRule,
  GlobalLpPool: lengths(globalWindow),
  GroupNormalization: normalizes<{ readonly epsilon: number; readonly groups: number; readonly perGroup: boolean }>((node) => {
    const [n = 1, c = 1, ...spatial] = input(node, 0).dims;
    const { epsilon, groups, perGroup } = node.attributes;
    const dims = [n, groups, c / groups, product(spatial)];
    return { dims, axes: [2, 3], vector: [groups, perGroup ? 1 : c / groups, 1], epsilon };
  }),
  InstanceNormalization: normalizes<{ readonly epsilon: number }>((node) => {
    const { dims } = input(node, 0);
    return { dims, axes: from(2, dims.length), vector: [at(dims, 1), ...dims.slice(2).map(() => 1)], ...node.attributes };
  }),
  LayerNormalization: normalizes<{ readonly axis: number; readonly epsilon: number }>((node) => {
    const { dims } = input(node, 0);
    const { axis, epsilon } = node.attributes;
    return { dims, axes: from(resolveAxis(node, axis, dims.length), dims.length), vector: input(node, 1).dims, epsilon };
  }),
  LpPool: lengths<WindowAttributes & { readonly p: number }>((node) => resolveWindow(node, input(node, 0).dims)),
  MeanVarianceNormalization: normalizes<{ readonly axes: readonly number[] }>((node) => {
    const { dims } = input(node, 0);
    const axes = [...new Set(node.attributes.axes.map((axis) => resolveAxis(node, axis, dims.length)))];
    return { dims, axes, vector: [], epsilon: 1e-18 };
  }),
};
