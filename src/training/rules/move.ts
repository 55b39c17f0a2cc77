import { at } from '../../graph/at.ts';
import type { Value } from '../../graph/value.ts';
import type { ConcatAttributes } from '../../ops/move/concat.ts';
import { slice } from '../../ops/move/slice.ts';
import { input, resolveAxis } from '../../ops/shapes.ts';
import type { Tape } from '../tape.ts';
import type { Rule, Rules } from './rule.ts';
import { reshaped } from './shaping.ts';

/** The same elements in other dimensions. */
const still: Rule = (node, [dy], tape) => [reshaped(tape, dy as Value, input(node, 0).dims)];

/** Part of a tensor along one axis. */
const part = (tape: Tape, x: Value, axis: number, start: number, size: number): Value =>
  tape.add(slice, [x], { given: { starts: [start], ends: [start + size], axes: [axis] } });

/** Slices, which along channels lie where they are: see src/compiler/slices.ts. */
const concatRule: Rule<ConcatAttributes> = (node, [dy], tape) => {
  const axis = resolveAxis(node, node.attributes.axis, input(node, 0).dims.length);
  let start = 0;
  return (node.inputs as readonly Value[]).map((x) => {
    const size = at(x.dims, axis);
    start += size;
    return tape.wants(x) ? part(tape, dy as Value, axis, start - size, size) : undefined;
  });
};

export const moveRules: Rules = {
  Concat: concatRule,
  Dropout: still,
  Flatten: still,
  Identity: still,
  Reshape: still,
  Squeeze: still,
  Unsqueeze: still,
};
