import { LanewiseError } from '../errors.ts';
import type { GraphNode, Subgraph } from '../graph/graph.ts';
import { Tensor } from '../graph/tensor.ts';
import { AttributeReader, nodeTitle } from '../ops/attributes.ts';
import type { Operator } from '../ops/operator.ts';
import { input } from '../ops/shapes.ts';
import type { Held, Running } from '../runtime/running.ts';
import { identityRunner, listOperators } from './lists.ts';
import { loop, scan } from './loops.ts';

/** A node that runs, and what is around it. */
export interface Around {
  readonly node: GraphNode;
  readonly opset: number;
  /** Undefined for those that are left out. */
  readonly inputs: readonly (Held | undefined)[];
  /**
   * Runs a body.
   * @param values by the names of its inputs
   * @returns what its outputs stand for
   */
  run(body: Subgraph, values: Iterable<readonly [string, Held]>): Running<Held[]>;
  /** @throws LanewiseError TOO_LARGE */
  checkBytes(what: string, bytes: number): void;
}

/** Runs a node: what its outputs stand for. */
export type Runner = (around: Around) => Running<readonly Held[]>;

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

/** @throws LanewiseError INVALID_MODEL where the attribute is no graph */
export function subgraph(node: GraphNode, name: string): Subgraph {
  const value = new AttributeReader(node).any(name);
  if (typeof value === 'object' && 'nodes' in value) return value;
  throw new LanewiseError('INVALID_MODEL', `${nodeTitle(node)}: attribute '${name}' is a graph, which is not there`);
}

/** The tensor that an input is. @throws LanewiseError INVALID_MODEL */
export function tensorOf({ node, inputs }: Around, i: number): Tensor {
  const held = inputs[i];
  if (held instanceof Tensor) return held;
  const got = held === undefined ? 'nothing' : held ? 'a sequence' : 'an empty optional';
  throw new LanewiseError('INVALID_MODEL', `${nodeTitle(node)}: input '${node.inputs[i] ?? i}' is a tensor, got ${got}`);
}

/** The one element that an input holds. */
export function scalarOf(around: Around, i: number): number {
  const { data, dims } = tensorOf(around, i);
  if (data.length === 1) return Number(data[0]);
  throw new LanewiseError('INVALID_INPUT', `${nodeTitle(around.node)}: input '${around.node.inputs[i]}' has one element, got [${dims}]`);
}

const dynamic: Readonly<Record<string, Runner>> = { Loop: loop, Scan: scan, ...listOperators };

/** By op_type. Identity only of what is no tensor. */
export const runners: ReadonlyMap<string, Runner> = new Map([...Object.entries(dynamic), ['Identity', identityRunner]]);

export const all: readonly Operator[] = [
  ifOperator,
  ...Object.keys(dynamic).map(
    (name): Operator => ({ name, since: 1, inputs: [0, Number.POSITIVE_INFINITY], dynamic: true, inferShape: () => [] }),
  ),
];
