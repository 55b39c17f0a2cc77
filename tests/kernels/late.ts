import { addControl, Stages } from '../../src/control/index.ts';
import type { Graph } from '../../src/graph/graph.ts';
import type { Tensor, TypedArray } from '../../src/graph/tensor.ts';
import type { Plan } from '../../src/plan/plan.ts';
import type { Held } from '../../src/runtime/running.ts';

addControl();

/**
 * The outputs of a graph whose plan has run.
 * @param values what the plan was given and gave
 * @param run runs another plan
 */
export function finished(
  graph: Graph,
  { late }: Plan,
  values: Map<string, Held>,
  run: (plan: Plan, feeds: readonly Tensor[]) => readonly TypedArray[],
): Tensor[] {
  if (late) {
    const programs = new Stages(graph, {}).finish(late, values);
    for (let asked = programs.next([]); !asked.done; ) asked = programs.next(run(asked.value.plan, asked.value.feeds));
  }
  return graph.outputs.map(({ name }) => values.get(name) as Tensor);
}
