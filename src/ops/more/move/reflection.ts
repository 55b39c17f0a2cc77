import { at } from '../../../graph/at.ts';
import type { Value } from '../../../graph/value.ts';
import { type AxisStep, checkRows, emitAxes } from '../../move/axis.ts';
import { type PadAttributes, padsOf, source } from '../../move/pad.ts';
import type { Lowering, Node } from '../../operator.ts';

/** Pads with the input's own elements, by tables of rows. */
export function lowerReflection(node: Node<PadAttributes>, lowering: Lowering, y: Value, x: Value): void {
  const pads = padsOf(node);
  const rows = y.dims.map((length, axis) => {
    const size = at(x.dims, axis);
    checkRows(node, length);
    return Array.from({ length }, (_, i) => source(node.attributes.mode, i - at(pads, axis)[0], size));
  });
  const steps = rows.map((row, axis): AxisStep => ({ axis, taps: 1, indices: Int32Array.from(row) }));
  emitAxes(
    lowering,
    y,
    x,
    steps.filter(({ axis, indices }) => indices.length !== x.dims[axis] || indices.some((row, i) => row !== i)),
  );
}
