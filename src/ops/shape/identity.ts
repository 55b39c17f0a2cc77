import type { TypedArray } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { alike, rowMajor } from '../layouts.ts';
import type { Node, Operator } from '../operator.ts';
import { input, output, unsupported } from '../shapes.ts';

/** ONNX Identity: the value under another name. */
export const identity: Operator = {
  still: true,
  name: 'Identity',
  since: 1,
  inputs: [1, 1],
  types: ['any'],
  inferShape: (node) => [input(node, 0)].map(({ type, dims }) => ({ type, dims })),
  evaluate: (_, [x]) => [x as TypedArray],
  layout: alike,
  lower: (node, lowering) => lowering.alias(output(node), input(node, 0)),
};

export interface DropoutAttributes {
  /** The share that training drops, up to opset 11; then it is an input. */
  readonly ratio?: number;
}

/** ONNX Dropout at inference, which is Identity; the mask, if somebody reads it, is all true. */
export const dropout: Operator<DropoutAttributes> = {
  ...(identity as Operator<DropoutAttributes>),
  name: 'Dropout',
  since: 6,
  inputs: [1, 3],
  outputs: [1, 2],
  types: ['any', 'any', 'bool'],
  attributes: (reader, opset) => {
    if (opset < 7 && !reader.flag('is_test')) throw reader.unsupported('is_test 0 is not supported; export for inference');
    if (opset < 12) return { ratio: reader.float('ratio', 0.5) };
    reader.int('seed', 0);
    return {};
  },
  inferShape(node) {
    const training = node.inputs[2];
    if (training && !(training.constant && Number(training.constant.read()[0]) === 0)) {
      throw unsupported(node, 'training_mode that may be true is not supported; export for inference');
    }
    const { type, dims } = input(node, 0);
    // Up to opset 9 the mask has the input's type.
    return [
      { type, dims },
      { type: 'bool' as const, dims },
    ].slice(0, node.outputCount);
  },
  evaluate: (node, [x]) => [x as TypedArray, new Uint8Array((x as TypedArray).length).fill(1)].slice(0, node.outputCount),
  lower(node, lowering) {
    const [y, mask] = node.outputs as readonly [Value, Value?];
    if (mask) lowering.evaluate(node as Node);
    else lowering.alias(y, input(node, 0));
  },
  layout: (node) => (node.outputCount > 1 ? rowMajor() : alike()),
};
