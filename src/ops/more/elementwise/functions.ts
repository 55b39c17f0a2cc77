// Functions of one number that few CNNs use.

import { UnaryKind } from '../../../../assembly/opcodes.ts';
import type { TypedArray } from '../../../graph/tensor.ts';
import { allocate, type Element, isBig } from '../../elements.ts';
import { type Attributes, alpha, unary } from '../../elementwise/unary.ts';
import type { Operator } from '../../operator.ts';
import { output } from '../../shapes.ts';

/**
 * A function that every engine computes to the same bits, so that the host can run it.
 * @param whole the function for bigints, if it takes integers
 */
const exact = (operator: Operator<Attributes>, f: (x: number) => number, whole?: (x: bigint) => bigint): Operator<Attributes> => ({
  ...operator,
  evaluate(node, [x]) {
    const { type } = output(node);
    const data = x as TypedArray;
    const y = allocate(type, data.length);
    const compute = (isBig(type) ? whole : f) as (x: Element) => Element;
    for (let i = 0; i < data.length; i++) y[i] = compute(data[i] as Element) as never;
    return [y];
  },
  ...(whole ? {} : { evaluatedTypes: [['float32', 'float64']] }),
});

/** Rounds half to even, as ONNX and IEEE 754 do. */
function roundHalfEven(x: number): number {
  const up = Math.round(x);
  return Math.abs(x % 1) === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

export const erf = unary({ name: 'Erf', kind: UnaryKind.Erf, since: 9 });
export const softplus = unary({ name: 'Softplus', kind: UnaryKind.Softplus, since: 1 });
export const mish = unary({ name: 'Mish', kind: UnaryKind.Mish, since: 18 });

export const functions: readonly Operator<Attributes>[] = [
  erf,
  softplus,
  mish,
  unary({ name: 'Elu', kind: UnaryKind.Elu, attributes: alpha(1) }),
  unary({ name: 'Celu', kind: UnaryKind.Celu, since: 12, attributes: alpha(1) }),
  unary({
    name: 'Selu',
    kind: UnaryKind.Elu,
    attributes: (reader) => ({ alpha: reader.float('alpha', 1.6732632423543772), beta: reader.float('gamma', 1.0507009873554805) }),
  }),
  unary({ name: 'Softsign', kind: UnaryKind.Softsign, since: 1 }),
  unary({ name: 'ThresholdedRelu', kind: UnaryKind.ThresholdedRelu, since: 10, attributes: alpha(1) }),
  exact(unary({ name: 'Abs', kind: UnaryKind.Abs }), Math.abs, (x) => (x < 0n ? -x : x)),
  exact(
    unary({ name: 'Neg', kind: UnaryKind.Neg }),
    (x) => -x,
    (x) => -x,
  ),
  unary({ name: 'Exp', kind: UnaryKind.Exp }),
  unary({ name: 'Log', kind: UnaryKind.Log }),
  exact(unary({ name: 'Sqrt', kind: UnaryKind.Sqrt }), Math.sqrt),
  exact(unary({ name: 'Reciprocal', kind: UnaryKind.Reciprocal }), (x) => 1 / x),
  exact(unary({ name: 'Floor', kind: UnaryKind.Floor }), Math.floor),
  exact(unary({ name: 'Ceil', kind: UnaryKind.Ceil }), Math.ceil),
  exact(unary({ name: 'Round', kind: UnaryKind.Round, since: 11 }), roundHalfEven),
  exact(unary({ name: 'Sign', kind: UnaryKind.Sign, since: 9 }), Math.sign, (x) => (x > 0n ? 1n : x < 0n ? -1n : 0n)),
  unary({ name: 'Sin', kind: UnaryKind.Sin, since: 7 }),
  unary({ name: 'Cos', kind: UnaryKind.Cos, since: 7 }),
];
