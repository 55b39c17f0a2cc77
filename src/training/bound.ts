import { type BindOptions, type Bound, bind } from '../compiler/bind.ts';
import { LanewiseError } from '../errors.ts';
import type { Graph } from '../graph/graph.ts';

/** As `bind`. @throws LanewiseError UNSUPPORTED where the output has to wait for a run */
export function bound(graph: Graph, output: string, options: BindOptions): Bound {
  const made = bind(graph, options);
  if (made.names.includes(output)) return made;
  const [first] = made.late?.nodes ?? [];
  throw new LanewiseError(
    'UNSUPPORTED',
    `a network whose course or sizes only a run can tell does not learn: output '${output}' waits for ${first?.op} '${first?.name}'`,
  );
}
