// The context of a control-flow node while it runs: its inputs, and what it may call.

import { LanewiseError } from '../errors.ts';
import type { GraphNode, Subgraph } from '../graph/graph.ts';
import { Tensor } from '../graph/tensor.ts';
import { AttributeReader, nodeTitle } from '../ops/attributes.ts';
import type { Held, Running } from '../runtime/running.ts';

/** A running node and its context. */
export interface Around {
  readonly node: GraphNode;
  readonly opset: number;
  /** Undefined for inputs that are left out. */
  readonly inputs: readonly (Held | undefined)[];
  /**
   * Runs a body.
   * @param values by the names of its inputs
   * @returns the values of its outputs
   */
  run(body: Subgraph, values: Iterable<readonly [string, Held]>): Running<Held[]>;
  /** @throws LanewiseError TOO_LARGE */
  checkBytes(what: string, bytes: number): void;
}

/** Runs a node. Gives the values of its outputs. */
export type NodeRunner = (around: Around) => Running<readonly Held[]>;

/** @throws LanewiseError INVALID_MODEL if the attribute is no graph */
export function subgraph(node: GraphNode, name: string): Subgraph {
  const value = new AttributeReader(node).any(name);
  if (typeof value === 'object' && 'nodes' in value) return value;
  throw new LanewiseError('INVALID_MODEL', `${nodeTitle(node)}: attribute '${name}' is a graph, which is not there`);
}

/** The input's tensor. @throws LanewiseError INVALID_MODEL */
export function tensorOf({ node, inputs }: Around, i: number): Tensor {
  const held = inputs[i];
  if (held instanceof Tensor) return held;
  const got = held === undefined ? 'nothing' : held ? 'a sequence' : 'an empty optional';
  throw new LanewiseError('INVALID_MODEL', `${nodeTitle(node)}: input '${node.inputs[i] ?? i}' is a tensor, got ${got}`);
}

/** The one element of an input. */
export function scalarOf(around: Around, i: number): number {
  const { data, dims } = tensorOf(around, i);
  if (data.length === 1) return Number(data[0]);
  throw new LanewiseError('INVALID_INPUT', `${nodeTitle(around.node)}: input '${around.node.inputs[i]}' has one element, got [${dims}]`);
}
