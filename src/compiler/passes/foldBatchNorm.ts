import { product } from '../../graph/dims.ts';
import type { Constant } from '../../graph/graph.ts';
import { type BatchNormAttributes, batchNormalization } from '../../ops/batchNormalization.ts';
import { type ConvAttributes, conv } from '../../ops/conv.ts';
import type { Node, Value } from '../../ops/operator.ts';
import { constantValue } from '../../ops/shapes.ts';
import type { Pass } from './pass.ts';

/**
 * Batch-norm after a convolution whose output nobody else reads becomes part of its weights and bias:
 * W' = W * a, b' = (b - mean) * a + bias, a = scale / sqrt(variance + epsilon); in float64, rounded once.
 */
export const foldBatchNorm: Pass = {
  name: 'foldBatchNorm',
  match(node, network) {
    if (node.op !== batchNormalization) return undefined;
    const [x, ...vectors] = node.inputs;
    const [output] = node.outputs;
    const before = x && (network.producer(x) as Node<ConvAttributes> | undefined);
    if (!before || before.op !== (conv as unknown) || before.attributes.clamp || before.inputs[3] || !network.isPrivate(x, node))
      return undefined;
    const [input, weights, bias] = before.inputs;
    const constants = vectors.map((vector) => vector?.constant);
    if (!output || !weights?.constant || (bias && !bias.constant) || !constants.every((constant) => constant !== undefined))
      return undefined;
    const { epsilon, clamp } = node.attributes as BatchNormAttributes;
    const fixed = [weights, bias, ...vectors].every((value) => !value || value.fixed);
    const fold = { weights: weights.constant, bias: bias?.constant, statistics: constants, epsilon, fixed };
    return {
      label: `${node.name}: folded into ${before.name}`,
      remove: [before, node],
      insert: [
        {
          ...before,
          attributes: { ...before.attributes, clamp },
          inputs: [input, foldedWeights(output.name, fold), foldedBias(output.name, fold)],
          outputs: node.outputs,
        },
      ],
      rename: new Map(),
    };
  },
};

interface Fold {
  readonly weights: Constant;
  readonly bias: Constant | undefined;
  /** Scale, bias, mean, variance. */
  readonly statistics: readonly Constant[];
  readonly epsilon: number;
  readonly fixed: boolean;
}

/** @param by the folded value's name, which no other value has: weights are told apart by their names */
function foldedWeights(by: string, fold: Fold): Value {
  const { name, type, dims } = fold.weights;
  const constant: Constant = {
    name: JSON.stringify([name, '*', by]),
    type,
    dims,
    read() {
      const { a } = coefficients(fold);
      const perFilter = product(dims.slice(1));
      return Float32Array.from(fold.weights.read() as Float32Array, (w, i) => w * (a[Math.floor(i / perFilter)] ?? 0));
    },
  };
  return constantValue(constant, constant.name, fold.fixed);
}

function foldedBias(by: string, fold: Fold): Value {
  const filters = fold.weights.dims[0] ?? 0;
  const constant: Constant = {
    name: JSON.stringify([fold.bias?.name ?? fold.weights.name, '+', by]),
    type: 'float32',
    dims: [filters],
    read() {
      const { a, b } = coefficients(fold);
      const bias = fold.bias?.read() ?? [];
      return Float32Array.from({ length: filters }, (_, i) => Number(bias[i] ?? 0) * (a[i] ?? 0) + (b[i] ?? 0));
    },
  };
  return constantValue(constant, constant.name, fold.fixed);
}

/** y = a * x + b per channel, in float64. */
function coefficients({ statistics, epsilon }: Fold): { a: number[]; b: number[] } {
  const [scale = [], bias = [], mean = [], variance = []] = statistics.map((constant) => Array.from(constant.read(), Number));
  const a = scale.map((s, i) => s / Math.sqrt((variance[i] ?? 0) + epsilon));
  return { a, b: bias.map((shift, i) => shift - (mean[i] ?? 0) * (a[i] ?? 0)) };
}
