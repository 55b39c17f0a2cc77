import type { Value } from '../graph/value.ts';
import type { Node } from '../ops/operator.ts';
import { onnxName } from './onnxName.ts';

/** The inputs that hold learned numbers if they are constants: from the first of these on, up to the second. */
const learnedInputs: Readonly<Record<string, readonly [from: number, before: number]>> = {
  // The running mean and variance are statistics, not learned.
  BatchNormalization: [1, 3],
  Conv: [1, 3],
  ConvTranspose: [1, 3],
  Gather: [0, 1],
  Gemm: [0, 3],
  GroupNormalization: [1, 3],
  InstanceNormalization: [1, 3],
  LayerNormalization: [1, 3],
  MatMul: [0, 2],
  PRelu: [1, 2],
};

/** The inputs of integers that hold learned numbers if they are constants: weights and biases. */
const learnedIntegers: Readonly<Record<string, readonly number[]>> = {
  ConvInteger: [1],
  MatMulInteger: [0, 1],
  QLinearConv: [3, 8],
  QLinearMatMul: [0, 3],
  'com.microsoft.QGemm': [3, 6],
};

/** The inputs of arithmetic operators, because exporters also write those for a bias or a scale. */
const arithmetic: ReadonlySet<string> = new Set(['Add', 'Sub', 'Mul', 'Div']);

/**
 * The constants of a node that are learned numbers, as frameworks count them. A lone factor or addend in arithmetic is part
 * of a formula (the 3 and the 6 of a hard swish). For the user's own operators, every floating-point constant counts.
 */
export function parametersOf(node: Node): Value[] {
  const integers = learnedIntegers[node.op.name];
  if (integers) return integers.flatMap((i) => node.inputs[i] ?? []).filter(({ constant, fixed }) => constant && fixed);
  const name = onnxName(node);
  const calculates = name !== undefined && arithmetic.has(name);
  const [from, before] = name === undefined ? [0, node.inputs.length] : (learnedInputs[name] ?? [0, calculates ? 2 : 0]);
  return node.inputs.slice(from, before).filter((value): value is Value => {
    if (!value?.constant || !value.fixed || !value.type.startsWith('float')) return false;
    return !calculates || value.dims.some((dim) => dim !== 1);
  });
}
