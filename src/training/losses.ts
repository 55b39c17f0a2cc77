// What a network may learn: the losses.

import { ElementLossKind } from '../../assembly/opcodes-training.ts';
import { checkOptions, invalidInput, shown } from '../arguments.ts';
import { at } from '../graph/at.ts';
import { product } from '../graph/dims.ts';
import { formatDims } from '../graph/tensor.ts';
import type { Value, ValueType } from '../graph/value.ts';
import type { Node } from '../ops/operator.ts';
import { reshape } from '../ops/shape/reshape.ts';
import { constantValue } from '../ops/shapes.ts';
import type { Loss } from './loss.ts';
import { crossEntropyLoss } from './ops/crossEntropy.ts';
import { elementLoss } from './ops/elementLoss.ts';

/** The options of `crossEntropy`. */
export interface CrossEntropyOptions {
  /**
   * How much of each target is spread evenly over all classes, from 0 to below 1 (label smoothing, Szegedy et al. 2015,
   * arXiv:1512.00567, section 7). Default 0.
   */
  readonly smoothing?: number;
  /** A factor for each class, 0 or more; the mean is then weighted by the labels' factors. Default: 1 for all. */
  readonly weights?: readonly number[] | Float32Array;
  /** Places with this label do not count: a number that is no class, such as -100 or 255. Default: there is none. */
  readonly ignore?: number;
}

const isFactor = (value: unknown): boolean => typeof value === 'number' && value >= 0 && Number.isFinite(Math.fround(value));
const isList = (value: unknown): value is ArrayLike<number> => Array.isArray(value) || value instanceof Float32Array;

/**
 * Cross-entropy of softmax(output) against classes or their probabilities, as torch.nn.functional.cross_entropy with its
 * default `reduction`, the mean. It takes logits: leave out the softmax at the network's end while it learns.
 *
 * The output is float32 [N, C, ...], C classes; the labels are int32 [N, ...], a class from 0 to C - 1 for each place, or
 * float32 as the output, a probability for each class. The mean is over all places that count; with `weights` and int32 labels
 * it is divided by the sum of the labels' weights. Where no place counts it is NaN, and the gradient is 0. `correct` counts the
 * places whose greatest output (the first of equals) is the label, or the greatest probability.
 * @param options smoothing, weights of classes, a label to ignore
 * @throws LanewiseError INVALID_INPUT for options that make no sense
 * @example
 * import { crossEntropy } from 'lanewise/train';
 *
 * const loss = crossEntropy({ smoothing: 0.1 });
 */
export function crossEntropy(options: CrossEntropyOptions = {}): Loss {
  checkOptions('crossEntropy', options, {
    smoothing: ['a number from 0 to below 1', (value) => isFactor(value) && (value as number) < 1],
    weights: ['a list of numbers from 0 on, one for each class', (value) => isList(value) && Array.from(value).every(isFactor)],
    ignore: ['an int32', (value) => value === ((value as number) | 0)],
  });
  const { smoothing = 0, ignore } = options;
  const weights = options.weights && Array.from(options.weights);
  const name = 'crossEntropy';
  return {
    name,
    applies: 'Softmax',
    check(output, labels) {
      const [batch = 0, classes = 0, ...rest] = output.dims;
      checkFloat(name, output);
      if (output.dims.length < 2 || classes === 0) {
        throw invalidInput(`${name} takes an output [N, C, ...] of C classes, this one is ${formatDims(output.dims)}`);
      }
      if (weights && weights.length !== classes) {
        throw invalidInput(`${name} has ${weights.length} weights for an output of ${classes} classes: give one for each`);
      }
      const fits = labels.type === 'int32' ? [batch, ...rest] : labels.type === 'float32' ? output.dims : [];
      if (fits.length === 0 || labels.dims.join() !== fits.join()) {
        throw invalidInput(
          `${name} of an output ${formatDims(output.dims)} takes labels int32 ${formatDims([batch, ...rest])}, the classes, or float32 ${formatDims(
            output.dims,
          )}, their probabilities; these are ${labels.type} ${formatDims(labels.dims)}`,
        );
      }
    },
    checkLabels(labels, output) {
      const classes = at(output.dims, 1);
      if (labels.length === product(output.dims) && !(labels instanceof Int32Array)) return checkRange(labels, name, 1);
      for (let i = 0; i < labels.length; i++) {
        const label = at(labels, i);
        if (!(label >= 0 && label < classes && Number.isInteger(label)) && label !== ignore) {
          const ignored = ignore === undefined ? '' : `, or ${ignore} for what does not count`;
          throw invalidInput(`label ${i} is ${label}; there are ${classes} classes, from 0 to ${classes - 1}${ignored}`);
        }
      }
    },
    ...(ignore !== undefined && { counted: (labels: ArrayLike<number>) => Array.from(labels).filter((label) => label !== ignore).length }),
    write(tape, output, labels) {
      const [loss, correct] = tape.all(crossEntropyLoss, {
        inputs: [output, labels],
        attributes: { smoothing, weights, ignore },
        outputs: 3,
      });
      return { loss: loss as Value, correct: correct as Value };
    },
  };
}

/** The options of `binaryCrossEntropy`. */
export interface BinaryCrossEntropyOptions {
  /** A factor of the loss where the label is 1, above 0: above 1 if such labels are rare. Default 1. */
  readonly positiveWeight?: number;
}

/**
 * Cross-entropy of sigmoid(output) against labels from 0 to 1, each element by itself: the mean over all, as
 * torch.nn.functional.binary_cross_entropy_with_logits. It takes logits: leave out the sigmoid at the network's end while it
 * learns.
 *
 * The output is float32 of any shape, the labels are float32 of the same. If there is one element for each picture (dims [N] or
 * [N, 1]), `correct` counts those above 0 where the label is above ½, and the others where it is not.
 * @param options a weight of the positive
 * @throws LanewiseError INVALID_INPUT for a weight that is not above 0
 * @example
 * import { binaryCrossEntropy } from 'lanewise/train';
 *
 * const loss = binaryCrossEntropy({ positiveWeight: 3 });
 */
export function binaryCrossEntropy(options: BinaryCrossEntropyOptions = {}): Loss {
  checkOptions('binaryCrossEntropy', options, {
    positiveWeight: ['a number above 0', (value) => isFactor(value) && (value as number) > 0],
  });
  const loss = elementWise('binaryCrossEntropy', ElementLossKind.BinaryCrossEntropy, options.positiveWeight, 1);
  return { ...loss, applies: 'Sigmoid' };
}

/**
 * The mean of (output - label)² over all elements, as torch.nn.functional.mse_loss.
 *
 * The output is float32 of any shape, the labels are float32 of the same.
 * @example
 * import { meanSquaredError } from 'lanewise/train';
 *
 * const loss = meanSquaredError();
 */
export const meanSquaredError = (): Loss => elementWise('meanSquaredError', ElementLossKind.Squared);

/**
 * The mean of |output - label| over all elements, as torch.nn.functional.l1_loss; its derivative is 0 where both are equal.
 *
 * The output is float32 of any shape, the labels are float32 of the same.
 * @example
 * import { l1 } from 'lanewise/train';
 *
 * const loss = l1();
 */
export const l1 = (): Loss => elementWise('l1', ElementLossKind.Absolute);

/** The options of `smoothL1`. */
export interface SmoothL1Options {
  /** Where the square ends and the straight line begins, 0 or more, in units of the output; 0: `l1`. Default 1. */
  readonly beta?: number;
}

/**
 * The mean over all elements of d² / (2·beta) where |d| is below beta, else |d| - beta / 2, d = output - label (Girshick 2015,
 * arXiv:1504.08083, section 2.3), as torch.nn.functional.smooth_l1_loss.
 *
 * The output is float32 of any shape, the labels are float32 of the same.
 * @param options where the square ends
 * @throws LanewiseError INVALID_INPUT for a negative beta
 * @example
 * import { smoothL1 } from 'lanewise/train';
 *
 * const loss = smoothL1({ beta: 0.5 });
 */
export function smoothL1(options: SmoothL1Options = {}): Loss {
  checkOptions('smoothL1', options, { beta: ['a number from 0 on', isFactor] });
  return elementWise('smoothL1', ElementLossKind.SmoothAbsolute, options.beta ?? 1);
}

/**
 * An output that is the loss already: a network that computes its own. It takes no labels, or labels that are inputs of the
 * network.
 *
 * The output is float32 with one element: [], [1] or [1, 1].
 * @example
 * import { outputLoss } from 'lanewise/train';
 *
 * const loss = outputLoss();
 */
export const outputLoss = (): Loss => ({
  name: 'outputLoss',
  check(output) {
    checkFloat('outputLoss', output);
    if (product(output.dims) !== 1) throw invalidInput(`outputLoss takes an output of one number, this one is ${formatDims(output.dims)}`);
  },
  write(tape, output) {
    if (output.dims.length === 0) return { loss: output };
    const shape = constantValue({ name: 'scalar', type: 'int64', dims: [0], read: () => new BigInt64Array(0) });
    return { loss: tape.add(reshape, [output, shape], { allowZero: false }) };
  },
});

/** @param most the greatest label; without it they may be anything finite */
function elementWise(name: string, kind: ElementLossKind, alpha = 1, most?: number): Loss {
  return {
    name,
    rare: true,
    check(output, labels) {
      checkFloat(name, output);
      if (labels.type !== 'float32' || labels.dims.join() !== output.dims.join()) {
        throw invalidInput(
          `${name} takes labels float32 ${formatDims(output.dims)}, as the output; these are ${labels.type} ${formatDims(labels.dims)}`,
        );
      }
    },
    checkLabels: (labels) => checkRange(labels, name, most),
    write(tape, output, labels) {
      const single = most !== undefined && product(output.dims) === (output.dims[0] ?? 1);
      const [loss, correct] = tape.all(elementLoss, {
        inputs: [output, labels],
        attributes: { kind, alpha },
        outputs: single ? 2 : 1,
      });
      return { loss: loss as Value, ...(correct && { correct }) };
    },
  };
}

function checkFloat(name: string, { type }: ValueType): void {
  if (type !== 'float32') throw invalidInput(`${name} takes a float32 output, this one is ${type}`);
}

/** Labels that are shares lie between 0 and `most`; others are finite. */
function checkRange(labels: ArrayLike<number>, name: string, most: number | undefined): void {
  for (let i = 0; i < labels.length; i++) {
    const label = at(labels, i);
    if (most === undefined ? !Number.isFinite(label) : !(label >= 0 && label <= most)) {
      throw invalidInput(
        `label ${i} is ${shown(label)}; ${name} takes ${most === undefined ? 'finite numbers' : `numbers from 0 to ${most}`}`,
      );
    }
  }
}

/** Operators that change no element. */
const still = new Set(['Identity', 'Reshape', 'Flatten', 'Squeeze', 'Unsqueeze', 'Dropout']);

/**
 * What is wrong with a network that already ends in what its loss applies: a softmax before crossEntropy, a sigmoid before
 * binaryCrossEntropy. It would learn, but slowly, because the function would be applied twice.
 * @param nodes the network, in execution order
 * @param output what the loss reads
 * @returns a sentence for an error or a warning; undefined if nothing is
 * @internal
 */
export function repeated(loss: Loss, nodes: readonly Node[], output: Value): string | undefined {
  const producer = (value: Value | undefined) => nodes.find(({ outputs }) => value !== undefined && outputs.includes(value));
  let node = producer(output);
  while (node && still.has(node.op.name)) node = producer(node.inputs[0]);
  if (!node || node.op.name !== loss.applies) return undefined;
  const applied = node.op.name.toLowerCase();
  return (
    `${loss.name} takes logits and applies a ${applied} itself, but output '${output.name}' is what the ${node.op.name} '${node.name}' gives: ` +
    `train the network without that ${applied}, and add it again for use`
  );
}
