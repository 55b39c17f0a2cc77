import type { LrnAttributes } from '../../ops/norm/lrn.ts';
import { input } from '../../ops/shapes.ts';
import { type BatchNormTrainingAttributes, batchNormGradient } from '../ops/batchNorm.ts';
import { lrnGradient } from '../ops/lrnGradient.ts';
import type { Rule, Rules } from './rule.ts';

/** Reads x and the statistics again, and y where a clamp masks; the residual's gradient is the masked one. */
export const batchNormRule: Rule<BatchNormTrainingAttributes> = (node, [dy], tape) => {
  const [x, scale, , , , residual] = node.inputs;
  const [y, mean, invStd] = node.outputs;
  const { clamp } = node.attributes;
  const passes = tape.wants(x) || tape.wants(residual);
  const [dScale, dBias, dX, masked] = tape.all(batchNormGradient, {
    inputs: [dy, x, scale, mean, invStd, clamp && y],
    attributes: clamp ? { clamp } : {},
    outputs: passes ? (clamp ? 4 : 3) : 2,
  });
  // Without a clamp, the residual's gradient is the gradient as it is.
  return [dX, dScale, dBias, undefined, undefined, residual && (masked ?? dy)];
};

const lrnRule: Rule<LrnAttributes> = (node, [dy], tape) => [tape.add(lrnGradient, [input(node, 0), dy], node.attributes)];

export const normRules: Rules = { LRN: lrnRule };
