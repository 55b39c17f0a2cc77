import type { Value } from '../../../graph/value.ts';
import { axesOf } from '../../../ops/resample/resize.ts';
import { coordinates, type ResizeAttributes, tableOf } from '../../../ops/resample/resizeTable.ts';
import { axisMap, transposedTable } from '../../ops/axisMap.ts';
import type { Rule, Rules } from '../rule.ts';

/** The transposed tables, the last axis first. Rows outside the picture, which only tf_crop_and_resize has, come from nowhere. */
const resizeRule: Rule<ResizeAttributes> = (node, [dy], tape) => {
  const { attributes } = node;
  const crops = attributes.coordinates === 'tf_crop_and_resize';
  const steps = axesOf(node).flatMap((axis, i) => {
    const table = tableOf(axis, attributes);
    const inside = (row: number) => {
      const place = crops ? coordinates(axis, row, attributes.coordinates) : 0;
      return place >= 0 && place <= axis.from - 1;
    };
    return table ? [{ axis: i, ...transposedTable(table, axis.from, inside) }] : [];
  });
  return [steps.length > 0 ? tape.add(axisMap, [dy], { steps: steps.reverse() }) : (dy as Value)];
};

export const resampleRules: Rules = { Resize: resizeRule, Upsample: resizeRule };
