import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import type { Constant } from '../../graph/graph.ts';
import type { Value } from '../../graph/value.ts';
import { add, div, mul, sub } from '../../ops/elementwise/binary.ts';
import type { Clamped } from '../../ops/elementwise/clamp.ts';
import { type GemmAttributes, gemm } from '../../ops/gemm/gemm.ts';
import { type BatchNormAttributes, batchNormalization } from '../../ops/norm/batchNormalization.ts';
import type { Node } from '../../ops/operator.ts';
import { type ConvAttributes, ConvInput, conv } from '../../ops/window/conv.ts';
import { convTranspose } from '../../ops/window/convTranspose.ts';
import { as } from '../network.ts';
import { derived, filler } from './constants.ts';
import type { Pass } from './pass.ts';

/**
 * Batch-norm, or a constant for each channel that is multiplied or added, becomes part of the weights and the bias of the
 * convolution (or dense layer) before it, if nobody else reads its output: W' = W * a, b' = b * a + shift; in float64,
 * rounded once.
 */
export const foldAffine: Pass = {
  match(node, network) {
    const [x] = node.inputs.filter((value) => value && !value.constant);
    const before = as<FoldedAttributes>(network.privateProducer(x, node), conv, convTranspose, gemm);
    const [output] = node.outputs;
    if (!x || !before || !output) return undefined;
    const order = weightOrderOf(before);
    const affine = affineOf(node, x);
    const [input, weights, bias] = before.inputs;
    if (!affine || !weights?.constant || before.inputs[ConvInput.Residual] || before.attributes.clamp) return undefined;
    const channels = at(output.dims, 1);
    if (bias && !(bias.constant && product(bias.dims) === channels && bias.dims.at(-1) === channels)) return undefined;
    const { beta = 1 } = before.attributes;
    const { scale, shift, from } = affine;
    // Infinity times a weight of 0 is NaN, which the product after the sum need not be.
    if (scale && !scale().every(Number.isFinite)) return undefined;
    const { clamp } = node.attributes as Clamped;
    const newWeights = scale
      ? derived(JSON.stringify([weights.name, '*', output.name]), weights.dims, [weights, ...from], scaled(weights.constant, order, scale))
      : weights;
    const shiftedBias = () => {
      const [a, b, old] = [scale?.(), shift?.(), bias?.constant?.read()];
      // A missing scale is 1, a missing shift 0.
      return Float32Array.from({ length: channels }, (_, i) => beta * Number(old?.[i] ?? 0) * (a?.[i] ?? 1) + (b?.[i] ?? 0));
    };
    const newBias = derived(JSON.stringify([bias?.name ?? weights.name, '+', output.name]), [channels], [bias, ...from], {
      read: shiftedBias,
    });
    return {
      remove: [before, node],
      insert: [
        {
          ...before,
          attributes: { ...before.attributes, clamp, ...('beta' in before.attributes ? { beta: 1 } : {}) },
          inputs: [input, newWeights, newBias, ...before.inputs.slice(ConvInput.Residual)],
          outputs: node.outputs,
        },
      ],
    };
  },
};

type FoldedAttributes = Partial<ConvAttributes & GemmAttributes>;

/**
 * Where the weights of an output channel are: weight i is of channel floor(i / outer) * channels + floor(i / inner) %
 * channels.
 */
interface WeightOrder {
  /** How many consecutive weights are of one channel. */
  readonly inner: number;
  readonly channels: number;
  readonly outer: number;
}

function weightOrderOf(node: Node<FoldedAttributes>): WeightOrder {
  const dims = node.inputs[1]?.dims ?? [];
  const [rows = 1, columns = 1, ...kernel] = dims;
  const all = product(dims);
  if (node.op === conv) return { inner: product(dims.slice(1)), channels: rows, outer: all };
  if (node.op === convTranspose) {
    const { group = 1 } = node.attributes;
    return { inner: product(kernel), channels: columns, outer: all / group };
  }
  return node.attributes.transB ? { inner: columns, channels: rows, outer: all } : { inner: 1, channels: columns, outer: all };
}

/** Weights times their channel's factor. */
function scaled(
  weights: Constant,
  { inner, channels, outer }: WeightOrder,
  scale: () => readonly number[],
): Pick<Constant, 'read' | 'fill'> {
  const unscaled = filler(weights);
  let factors: readonly number[] | undefined;
  const fill = (target: Float32Array, from: number) => {
    unscaled(target, from);
    factors ??= scale();
    const { length } = target;
    for (let i = 0; i < length; ) {
      const run = Math.floor((from + i) / inner);
      const factor = at(factors, Math.floor((from + i) / outer) * channels + (run % channels));
      // The loop does nothing else, because it runs over every weight of a model.
      for (const end = Math.min(length, (run + 1) * inner - from); i < end; i++) target[i] = (target[i] as number) * factor;
    }
  };
  return {
    fill: fill as Constant['fill'],
    read() {
      const all = new Float32Array(product(weights.dims));
      fill(all, 0);
      return all;
    },
  };
}

/** y = scale * x + shift per channel, in float64. Default: scale 1, shift 0. */
interface Affine {
  readonly scale?: () => readonly number[];
  readonly shift?: () => readonly number[];
  /** The constants that scale and shift are computed from. */
  readonly from: readonly (Value | undefined)[];
}

/** What a node computes of x, if that is affine per channel. */
export function affineOf(node: Node, x: Value): Affine | undefined {
  const [a, b, ...rest] = node.inputs;
  const norm = as(node, batchNormalization);
  if (norm) return a === x ? batchNormAffine(norm) : undefined;
  const other = a === x ? b : a;
  const binary = as(node, add, sub, mul, div);
  if (!binary || !other?.constant || rest.length > 0 || binary.attributes.axis !== undefined) return undefined;
  const { op } = binary;
  // If x is subtracted or divided by, the function is not affine, or not one that networks have.
  if ((op === sub || op === div) && a !== x) return undefined;
  const channels = at(x.dims, 1);
  if (!isPerChannel(other.dims, x.dims) || node.outputs[0]?.dims.join() !== x.dims.join()) return undefined;
  const read = (f: (value: number) => number) => () => {
    const data = other.constant?.read();
    return Array.from({ length: channels }, (_, i) => f(Number(data?.[data.length === 1 ? 0 : i])));
  };
  if (op === mul) return { scale: read((value) => value), from: [other] };
  if (op === div) return { scale: read((value) => 1 / value), from: [other] };
  return { shift: read((value) => (op === add ? value : -value)), from: [other] };
}

/** Whether `dims` broadcast to `target` with one number for all or one for each channel (dimension 1). */
function isPerChannel(dims: readonly number[], target: readonly number[]): boolean {
  const missing = target.length - dims.length;
  return missing >= 0 && dims.every((dim, i) => dim === 1 || i + missing === 1);
}

/** Undefined if the statistics are computed at run time, or are the input's own. */
export function batchNormAffine({ inputs, attributes: { epsilon, momentum } }: Node<BatchNormAttributes>): Required<Affine> | undefined {
  const [scale, bias, mean, variance] = inputs.slice(1);
  const vectors = [scale, bias, mean, variance];
  if (momentum !== undefined || !vectors.every((value) => value?.constant)) return undefined;
  const read = (value: Value | undefined): number[] => Array.from(value?.constant?.read() ?? [], Number);
  const factors = () => {
    const deviation = read(variance);
    return read(scale).map((s, i) => s / Math.sqrt(at(deviation, i) + epsilon));
  };
  const shift = () => {
    const [a, means] = [factors(), read(mean)];
    return read(bias).map((b, i) => b - at(means, i) * at(a, i));
  };
  return { scale: factors, shift, from: vectors };
}
