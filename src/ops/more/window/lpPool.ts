import { BinaryKind, UnaryKind } from '../../../../assembly/opcodes.ts';
import type { Place } from '../../../plan/place.ts';
import type { AttributeReader } from '../../attributes.ts';
import { operandOf } from '../../elementwise/binary.ts';
import { emitBinary, emitUnary, type Operand, operand } from '../../emit.ts';
import { channelsLast } from '../../layouts.ts';
import type { Lowering, Node, Operator } from '../../operator.ts';
import { input } from '../../shapes.ts';
import { stridesOf } from '../../strides.ts';
import { Counting, globalWindow, imagesOf, lowerAverage, pooled, shared } from '../../window/pool.ts';
import { readWindow, resolveWindow, type Window, type WindowAttributes } from '../../window/window.ts';

interface LpPoolAttributes extends WindowAttributes {
  readonly p: number;
}

const readP = (reader: AttributeReader): number => reader.positive('p', 2);

/** (sum over the window of |x|^p)^(1/p): powers, a pool that sums, then the root in place. */
function lowerLp(node: Node<{ readonly p: number }>, window: Window, lowering: Lowering): void {
  const images = imagesOf(node as Node, lowering);
  const { p } = node.attributes;
  const x = operandOf(images.x, lowering);
  const y = operand(images.y.dims, images.target);
  const powers = lowering.define({ name: '', type: 'float32', dims: images.x.dims });
  // In scratch space the pixels have the input's layout, without gaps.
  const strides = stridesOf('channelsLast', x.dims, 4);
  const place: Place = { ...powers, layout: 'channelsLast', strides };
  const target = operand(x.dims, place);
  const exponent = (value: number): Operand => ({ dims: [], strides: [], pointer: lowering.table(Float32Array.of(value)) });
  emitUnary(lowering, UnaryKind.Abs, target, x);
  if (p === 2) emitBinary(lowering, BinaryKind.Mul, target, target, target);
  else if (p !== 1) emitBinary(lowering, BinaryKind.Pow, target, target, exponent(p));
  lowerAverage(lowering, window, { ...images, source: place }, Counting.None);
  if (p === 2) emitUnary(lowering, UnaryKind.Sqrt, y, y);
  else if (p !== 1) emitBinary(lowering, BinaryKind.Pow, y, y, exponent(1 / p));
}

/** ONNX LpPool: the p-norm of every window. */
export const lpPool: Operator<LpPoolAttributes> = {
  ...shared,
  pack: 'more',
  name: 'LpPool',
  since: 2,
  inputs: [1, 1],
  attributes: (reader) => ({ ...readWindow(reader, { ceil: true }), p: readP(reader) }),
  inferShape: (node) => pooled(node, resolveWindow(node, input(node, 0).dims)),
  layout: channelsLast,
  lower: (node, lowering) => lowerLp(node, resolveWindow(node, input(node, 0).dims), lowering),
};

/** ONNX GlobalLpPool. */
export const globalLpPool: Operator<{ readonly p: number }> = {
  slices: true,
  pack: 'more',
  name: 'GlobalLpPool',
  since: 2,
  inputs: [1, 1],
  attributes: (reader) => ({ p: readP(reader) }),
  inferShape: (node) => pooled(node, globalWindow(node)),
  layout: channelsLast,
  lower: (node, lowering) => lowerLp(node, globalWindow(node), lowering),
};
