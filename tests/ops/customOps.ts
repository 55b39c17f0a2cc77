import { type CustomOperator, defineOp, type OperatorTensor } from '../../src/ops/custom.ts';
import { array, type NdArray } from '../reference/index.ts';

/** float32 elements. */
export const floatsOf = (tensor: OperatorTensor): Float32Array => {
  if (tensor.type !== 'float32') throw new Error(`float32 only, got ${tensor.type}`);
  return tensor.data;
};

/** Adds every element's place, so that elements in another order give other results. */
export const ramp = defineOp({
  name: 'Ramp',
  domain: 'my.ops',
  run({ inputs: [x], outputs: [y] }) {
    const to = floatsOf(y);
    floatsOf(x).forEach((value, i) => {
      to[i] = value + i / 16;
    });
  },
});

export const rampReference = ({ dims, data }: NdArray): NdArray =>
  array(
    dims,
    Array.from(data, (value, i) => value + i / 16),
  );

/** Elements of any type, backwards. */
export const backwards = defineOp({
  name: 'Backwards',
  domain: 'my.ops',
  run({ inputs: [x], outputs: [y] }) {
    y.data.set(x.data as never);
    y.data.reverse();
  },
});

interface Tensors {
  readonly inputs: readonly [OperatorTensor];
  readonly outputs: readonly [OperatorTensor];
  readonly attributes: object;
}

/** An operator for one test, of one input and an output like it. */
export const operator = (run: (tensors: Tensors) => void): CustomOperator => defineOp({ name: 'Test', domain: 'my.ops', run });
