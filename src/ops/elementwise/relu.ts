import { BinaryKind } from '../../../assembly/opcodes.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { type Element, isFloat, mapElements } from '../elements.ts';
import { emitBinary, emitClamp, operand } from '../emit.ts';
import { firstAlike } from '../layouts.ts';
import type { Node, Operator } from '../operator.ts';
import { input, invalid, output } from '../shapes.ts';
import { arithmetic } from './arithmetic.ts';
import { elementwise, operandOf } from './binary.ts';
import type { Clamped } from './clamp.ts';

/** ONNX Relu: max(x, 0). */
export const relu: Operator<Clamped> = {
  ...elementwise,
  name: 'Relu',
  since: 6,
  inputs: [1, 1],
  attributes: () => ({ clamp: [0, Number.POSITIVE_INFINITY] }),
  inferShape: (node) => [{ type: input(node, 0).type, dims: input(node, 0).dims }],
  evaluate: (node, [x]) => {
    const { type, dims } = output(node);
    const zero = type === 'int64' ? 0n : 0;
    return [mapElements(type, dims, [{ data: x as TypedArray, dims }], (v) => (v < zero ? zero : v))];
  },
  lower(node, lowering) {
    const y = output(node);
    const x = operandOf(input(node, 0), lowering);
    emitClamp(lowering, operand(y.dims, lowering.define(y)), x, node.attributes);
  },
};

/** ONNX Clip: min(max(x, low), high). Up to opset 10 the limits are attributes, then inputs; NaN stays NaN. */
export const clip: Operator<Clamped> = {
  ...elementwise,
  name: 'Clip',
  since: 6,
  inputs: [1, 3],
  attributes(reader, opset) {
    if (opset >= 11) return {};
    const largest = 3.4028234663852886e38;
    const clamp = [reader.float('min', -largest, false), reader.float('max', largest, false)] as const;
    if (clamp.some(Number.isNaN)) throw reader.unsupported('a limit of NaN is not supported');
    return { clamp };
  },
  inferShape(node) {
    const { type, dims } = input(node, 0);
    if (node.attributes.clamp && !isFloat(type)) throw invalid(node, `it takes no ${type} up to opset 10`);
    for (const limit of node.inputs.slice(1)) {
      if (limit?.dims.some((dim) => dim !== 1)) throw invalid(node, 'its limits should be single numbers');
      if (limit && limit.type !== type) throw invalid(node, `its limits are ${limit.type}, its input ${type}`);
    }
    return [{ type, dims }];
  },
  layout: firstAlike,
  evaluate(node, [x, low, high]) {
    const { type, dims } = output(node);
    const [larger, smaller] = [arithmetic(node, BinaryKind.Max, type), arithmetic(node, BinaryKind.Min, type)];
    const limit = (data: TypedArray | undefined, i: 0 | 1): Element | undefined => data?.[0] ?? node.attributes.clamp?.[i];
    const [least, most] = [limit(low, 0), limit(high, 1)];
    return [
      mapElements(type, dims, [{ data: x as TypedArray, dims }], (v) => {
        const raised = least === undefined ? v : larger(v, least);
        return most === undefined ? raised : smaller(raised, most);
      }),
    ];
  },
  lower(node, lowering) {
    const y = output(node);
    const x = operandOf(input(node, 0), lowering);
    const target = operand(y.dims, lowering.define(y));
    const clamp = constantClamp(node);
    if (clamp) return emitClamp(lowering, target, x, { clamp });
    const [, low, high] = node.inputs;
    // A limit that is computed at run time: one number, which broadcasts.
    const limit = (value: Value) => ({ ...operandOf(value, lowering), dims: [], strides: [] });
    emitBinary(lowering, BinaryKind.Max, target, x, low ? limit(low) : x);
    if (high) emitBinary(lowering, BinaryKind.Min, target, target, limit(high));
  },
};

/** The limits of a Clip or a Relu, if they are known when the plan is made. */
export function constantClamp(node: Node<Clamped>): readonly [number, number] | undefined {
  const [, low, high] = node.inputs;
  if ((low && !low.constant) || (high && !high.constant)) return undefined;
  const limit = (value: Value | undefined, fallback: number) => (value?.constant ? Number(value.constant.read()[0]) : fallback);
  const [least, most] = node.attributes.clamp ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
  const clamp = [limit(low, least), limit(high, most)] as const;
  // A NaN limit makes everything NaN, which a clamp does not.
  return clamp.some(Number.isNaN) ? undefined : clamp;
}
