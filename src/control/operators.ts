import { LanewiseError } from '../errors.ts';
import type { GraphNode } from '../graph/graph.ts';
import { nodeTitle } from '../ops/attributes.ts';
import type { Operator } from '../ops/operator.ts';
import { input } from '../ops/shapes.ts';
import { type NodeRunner, subgraph } from './around.ts';
import { identityRunner, listOperators } from './lists.ts';
import { loop, scan } from './loops.ts';

const ifOperator: Operator = {
  name: 'If',
  since: 1,
  inputs: [1, 1],
  outputs: [1, Number.POSITIVE_INFINITY],
  constantInputs: [0],
  inferShape: () => [],
  expand(source, inputs) {
    const title = nodeTitle(source);
    const condition = input({ name: source.name, inputs }, 0);
    const [decision, ...more] = condition.constant?.read() ?? [];
    if (condition.type !== 'bool' || decision === undefined || more.length > 0) {
      throw new LanewiseError(
        'INVALID_MODEL',
        `${title}: its condition '${condition.name}' is one bool, got ${condition.type} [${condition.dims}]`,
      );
    }
    const { nodes, outputs, constants } = subgraph(source, decision ? 'then_branch' : 'else_branch');
    if (outputs.length < source.outputs.length) {
      throw new LanewiseError('INVALID_MODEL', `${title} has ${source.outputs.length} outputs, its branch ${outputs.length}`);
    }
    const named = source.outputs.flatMap((name, i): GraphNode[] =>
      name === ''
        ? []
        : [{ op: 'Identity', domain: '', name: source.name, inputs: [outputs[i]?.name ?? ''], outputs: [name], attributes: new Map() }],
    );
    return { nodes: [...nodes, ...named], constants };
  },
};

const dynamic: Readonly<Record<string, NodeRunner>> = { Loop: loop, Scan: scan, ...listOperators };

/** By op_type. Identity only for values that are no tensors. */
export const runners: ReadonlyMap<string, NodeRunner> = new Map([...Object.entries(dynamic), ['Identity', identityRunner]]);

export const all: readonly Operator[] = [
  ifOperator,
  ...Object.keys(dynamic).map(
    (name): Operator => ({ name, since: 1, inputs: [0, Number.POSITIVE_INFINITY], dynamic: true, inferShape: () => [] }),
  ),
];
