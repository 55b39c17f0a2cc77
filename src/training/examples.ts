// What a step is fed: inputs and labels, checked.

import { invalidInput } from '../arguments.ts';
import { product } from '../graph/dims.ts';
import { Tensor, type TypedArray } from '../graph/tensor.ts';
import type { ValueType } from '../graph/value.ts';
import { checkFeeds, tensorsOf } from '../runtime/feeds.ts';
import type { PlanSource } from '../runtime/ports.ts';
import { type Inputs, type Labels, labelData, labelTensor } from './batches.ts';
import type { StepFeeds } from './core.ts';
import type { Loss } from './loss.ts';
import { LABELS } from './recipe.ts';
import type { Counted } from './report.ts';

/** A checked batch. */
export interface Example extends StepFeeds, Counted {}

/**
 * A batch as the network and the loss take it.
 * @throws LanewiseError INVALID_INPUT for inputs that do not fit, and for labels that are none
 */
export function exampleOf(source: PlanSource, loss: Loss, inputs: Inputs, labels: Labels): Example {
  const [only] = source.inputs;
  const named =
    inputs instanceof Tensor && only && source.inputs.length === 1 ? { [only.name]: inputs } : (inputs as Exclude<Inputs, Tensor>);
  const tensors = tensorsOf(checkFeeds(named, source.inputs, source.unreadInputs, source.narrow));
  const target = labelTensor(labels);
  const data = labelData(target);
  const classes = data instanceof Int32Array;
  // A loss without labels takes what the network takes.
  const [first] = tensors.values();
  const [examples = first?.dims[0] ?? 1, channels = 1, ...places] = data.length > 0 ? target.dims : [];
  if (examples === 0) throw invalidInput('the batch has no examples');
  const counted = classes ? loss.counted?.(data) : undefined;
  return {
    dims: new Map([...tensors].map(([name, { dims }]) => [name, dims])),
    labels: { type: classes ? 'int32' : 'float32', dims: target.dims },
    data: new Map<string, TypedArray>([
      ...[...tensors].map(([name, tensor]) => [name, tensor.data as TypedArray] as const),
      [LABELS, data],
    ]),
    examples,
    answers: counted ?? examples * (classes ? channels : 1) * product(places),
  };
}

/** The labels that a loss takes for an output: classes, or else numbers. */
export function usualLabels(loss: Loss, output: ValueType): ValueType | undefined {
  const [examples = 1, , ...places] = output.dims;
  const kinds: ValueType[] = [
    { type: 'int32', dims: [examples, ...places] },
    { type: 'float32', dims: output.dims },
  ];
  return kinds.find((labels) => {
    try {
      loss.check(output, labels);
      return true;
    } catch {
      return false;
    }
  });
}
