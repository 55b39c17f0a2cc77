import type { Value } from '../../../graph/value.ts';
import { expand } from '../../../ops/more/move/expand.ts';
import type { Tape } from '../../tape.ts';
import { ints } from '../shaping.ts';

/** A value repeated to a shape that it broadcasts to. */
export const expanded = (tape: Tape, value: Value, dims: readonly number[]): Value =>
  value.dims.join() === dims.join() ? value : tape.add(expand, [value, ints(dims)], {});
