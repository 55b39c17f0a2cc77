import { BinaryKind, UnaryKind } from '../../assembly/opcodes.ts';
import type { TypedArray } from '../graph/tensor.ts';
import type { AttributeReader } from './attributes.ts';
import { elementwise, operandOf } from './binary.ts';
import { allocate, type Element, isBig } from './elements.ts';
import { emitBinary, emitUnary, operand } from './emit.ts';
import type { Operator, Value } from './operator.ts';
import { input } from './shapes.ts';

/** The two parameters that the kernel's function has; 0 where it has none. */
export interface UnaryAttributes {
  readonly alpha: number;
  readonly beta: number;
}

interface Unary {
  readonly name: string;
  readonly kind: UnaryKind;
  readonly since?: number;
  readonly attributes?: (reader: AttributeReader) => UnaryAttributes & { readonly kind?: UnaryKind };
  /** The function of a number where every engine computes it to the same bits. */
  readonly exact?: (x: number) => number;
}

type Attributes = UnaryAttributes & { readonly kind?: UnaryKind };

function unary({ name, kind, since = 6, attributes = () => ({ alpha: 0, beta: 0 }), exact }: Unary): Operator<Attributes> {
  const evaluate: Operator['evaluate'] = exact
    ? (node, [x]) => {
        const { type } = node.outputs[0] as Value;
        const data = x as TypedArray;
        const y = allocate(type, data.length);
        const f = isBig(type) ? (v: Element) => big(name, v as bigint) : (v: Element) => exact(v as number);
        for (let i = 0; i < data.length; i++) y[i] = f(data[i] as Element) as never;
        return [y];
      }
    : undefined;
  return {
    ...elementwise,
    name,
    since,
    inputs: [1, 1],
    attributes,
    inferShape: (node) => [{ type: input(node, 0).type, dims: input(node, 0).dims }],
    ...(evaluate ? { evaluate } : {}),
    ...(exact && !whole.has(name) ? { evaluatedTypes: [['float32', 'float64']] } : {}),
    lower(node, to) {
      const y = node.outputs[0] as Value;
      const x = operandOf(input(node, 0), to);
      emitUnary(to, node.attributes.kind ?? kind, operand(y.dims, to.define(y)), x, node.attributes.alpha, node.attributes.beta);
    },
  };
}

/** Those that take whole numbers as well. */
const whole: ReadonlySet<string> = new Set(['Abs', 'Neg', 'Sign']);

/** int64 and uint64. */
function big(name: string, x: bigint): bigint {
  if (name === 'Sign') return x > 0n ? 1n : x < 0n ? -1n : 0n;
  return name === 'Abs' && x >= 0n ? x : -x;
}

/** Half to even, as ONNX and IEEE 754 have it. */
function roundHalfEven(x: number): number {
  const up = Math.round(x);
  return Math.abs(x % 1) === 0.5 && up % 2 !== 0 ? up - 1 : up;
}

const alpha = (fallback: number) => (reader: AttributeReader) => ({ alpha: reader.float('alpha', fallback), beta: 1 });

export const sigmoid = unary({ name: 'Sigmoid', kind: UnaryKind.Sigmoid });
export const hardSigmoid = unary({
  name: 'HardSigmoid',
  kind: UnaryKind.HardSigmoid,
  since: 6,
  attributes: (reader) => ({ alpha: reader.float('alpha', 0.2), beta: reader.float('beta', 0.5) }),
});
export const erf = unary({ name: 'Erf', kind: UnaryKind.Erf, since: 9 });
export const gelu = unary({
  name: 'Gelu',
  kind: UnaryKind.Gelu,
  since: 20,
  attributes(reader) {
    const approximate = reader.choice('approximate', 'none', 'tanh');
    return { alpha: 0, beta: 0, kind: approximate === 'tanh' ? UnaryKind.GeluTanh : UnaryKind.Gelu };
  },
});
export const hardSwish = unary({ name: 'HardSwish', kind: UnaryKind.HardSwish, since: 14 });

export const tanh = unary({ name: 'Tanh', kind: UnaryKind.Tanh, since: 6 });

export const softplus = unary({ name: 'Softplus', kind: UnaryKind.Softplus, since: 1 });

export const mish = unary({ name: 'Mish', kind: UnaryKind.Mish, since: 18 });

const silu = unary({ name: 'Swish', kind: UnaryKind.Silu, since: 24, attributes: alpha(1) });

/** ONNX Swish: x * sigmoid(alpha * x). With 1, which passes make of a Sigmoid and a Mul too, it is SiLU and has a kernel. */
export const swish: Operator<Attributes> = {
  ...silu,
  lower(node, to) {
    const { alpha } = node.attributes;
    if (alpha === 1) return silu.lower?.(node, to);
    const y = node.outputs[0] as Value;
    const [x, output] = [operandOf(input(node, 0), to), operand(y.dims, to.define(y))];
    emitUnary(to, UnaryKind.Scale, output, x, alpha);
    emitUnary(to, UnaryKind.Sigmoid, output, output);
    emitBinary(to, BinaryKind.Mul, output, output, x);
  },
};

/** The operators of one input that work element by element. */
export const unaries: readonly Operator<Attributes>[] = [
  sigmoid,
  hardSigmoid,
  erf,
  gelu,
  hardSwish,
  unary({ name: 'LeakyRelu', kind: UnaryKind.LeakyRelu, since: 6, attributes: alpha(0.01) }),
  unary({ name: 'Elu', kind: UnaryKind.Elu, since: 6, attributes: alpha(1) }),
  unary({ name: 'Celu', kind: UnaryKind.Celu, since: 12, attributes: alpha(1) }),
  unary({
    name: 'Selu',
    kind: UnaryKind.Elu,
    since: 6,
    attributes: (reader) => ({ alpha: reader.float('alpha', 1.6732632423543772), beta: reader.float('gamma', 1.0507009873554805) }),
  }),
  tanh,
  softplus,
  unary({ name: 'Softsign', kind: UnaryKind.Softsign, since: 1 }),
  mish,
  swish,
  unary({ name: 'ThresholdedRelu', kind: UnaryKind.ThresholdedRelu, since: 10, attributes: alpha(1) }),
  unary({ name: 'Abs', kind: UnaryKind.Abs, since: 6, exact: Math.abs }),
  unary({ name: 'Neg', kind: UnaryKind.Neg, since: 6, exact: (x) => -x }),
  unary({ name: 'Exp', kind: UnaryKind.Exp, since: 6 }),
  unary({ name: 'Log', kind: UnaryKind.Log, since: 6 }),
  unary({ name: 'Sqrt', kind: UnaryKind.Sqrt, since: 6, exact: Math.sqrt }),
  unary({ name: 'Reciprocal', kind: UnaryKind.Reciprocal, since: 6, exact: (x) => 1 / x }),
  unary({ name: 'Floor', kind: UnaryKind.Floor, since: 6, exact: Math.floor }),
  unary({ name: 'Ceil', kind: UnaryKind.Ceil, since: 6, exact: Math.ceil }),
  unary({ name: 'Round', kind: UnaryKind.Round, since: 11, exact: roundHalfEven }),
  unary({ name: 'Sign', kind: UnaryKind.Sign, since: 9, exact: Math.sign }),
  unary({ name: 'Sin', kind: UnaryKind.Sin, since: 7 }),
  unary({ name: 'Cos', kind: UnaryKind.Cos, since: 7 }),
];
