import { BinaryKind, Op, UnaryKind } from '../../../assembly/opcodes.ts';
import { packOfKind } from '../../plan/packs.ts';
import type { AttributeReader } from '../attributes.ts';
import { emitBinary, emitUnary, operand } from '../emit.ts';
import type { Operator } from '../operator.ts';
import { input, output } from '../shapes.ts';
import { elementwise, operandOf } from './binary.ts';

/** The two parameters of the kernel's function; 0 if it has none. */
export interface UnaryAttributes {
  readonly alpha: number;
  readonly beta: number;
}

interface Unary {
  readonly name: string;
  readonly kind: UnaryKind;
  readonly since?: number;
  readonly attributes?: (reader: AttributeReader) => UnaryAttributes & { readonly kind?: UnaryKind };
}

/** The function's kind, if it is not the operator's own. */
export type Attributes = UnaryAttributes & { readonly kind?: UnaryKind };

export function unary({ name, kind, since = 6, attributes = () => ({ alpha: 0, beta: 0 }) }: Unary): Operator<Attributes> {
  return {
    ...elementwise,
    pack: packOfKind(Op.Unary, kind),
    name,
    since,
    inputs: [1, 1],
    attributes,
    inferShape: (node) => [{ type: input(node, 0).type, dims: input(node, 0).dims }],
    lower(node, lowering) {
      const y = output(node);
      const x = operandOf(input(node, 0), lowering);
      emitUnary(
        lowering,
        node.attributes.kind ?? kind,
        operand(y.dims, lowering.define(y)),
        x,
        node.attributes.alpha,
        node.attributes.beta,
      );
    },
  };
}

export const alpha = (fallback: number) => (reader: AttributeReader) => ({ alpha: reader.float('alpha', fallback), beta: 1 });

export const sigmoid = unary({ name: 'Sigmoid', kind: UnaryKind.Sigmoid });
export const hardSigmoid = unary({
  name: 'HardSigmoid',
  kind: UnaryKind.HardSigmoid,
  attributes: (reader) => ({ alpha: reader.float('alpha', 0.2), beta: reader.float('beta', 0.5) }),
});
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

export const tanh = unary({ name: 'Tanh', kind: UnaryKind.Tanh });

const silu = unary({ name: 'Swish', kind: UnaryKind.Silu, since: 24, attributes: alpha(1) });

/**
 * ONNX Swish: x * sigmoid(alpha * x). With alpha 1, which passes also make of a Sigmoid and a Mul, it is SiLU and has a
 * kernel.
 */
export const swish: Operator<Attributes> = {
  ...silu,
  lower(node, lowering) {
    const { alpha } = node.attributes;
    if (alpha === 1) return silu.lower?.(node, lowering);
    const y = output(node);
    const [x, target] = [operandOf(input(node, 0), lowering), operand(y.dims, lowering.define(y))];
    emitUnary(lowering, UnaryKind.Scale, target, x, alpha);
    emitUnary(lowering, UnaryKind.Sigmoid, target, target);
    emitBinary(lowering, BinaryKind.Mul, target, target, x);
  },
};

/** Element-wise operators of one input: activations of CNNs. */
export const unaries: readonly Operator<Attributes>[] = [
  sigmoid,
  hardSigmoid,
  gelu,
  hardSwish,
  unary({ name: 'LeakyRelu', kind: UnaryKind.LeakyRelu, attributes: alpha(0.01) }),
  tanh,
  swish,
];
