// What stays in memory between steps: what learns, and the statistics of batch-norms.

import { onnxName } from '../analysis/onnxName.ts';
import { parametersOf } from '../analysis/parameters.ts';
import { product } from '../graph/dims.ts';
import type { Constant } from '../graph/graph.ts';
import type { Value } from '../graph/value.ts';
import type { Node } from '../ops/operator.ts';

/** A tensor that a network keeps between steps. */
export interface State {
  readonly value: Value;
  /** Whether it follows its gradient; statistics run along instead. */
  readonly learned: boolean;
  /** Whether it is a matrix or a kernel, which decays; biases, scales and slopes do not unless asked. */
  readonly decays: boolean;
}

/** The inputs that hold a matrix or a kernel. */
const matrices: Readonly<Record<string, readonly number[]>> = { Conv: [1], ConvTranspose: [1], Gather: [0], Gemm: [0, 1], MatMul: [0, 1] };

/**
 * The states of a network whose constants they still are, by name, in execution order.
 * @param known names of all that may be states, where that is known: a layer may have constants that nobody learns, such as the
 *   shares of pixels in the windows of `adaptiveAvgPool2d`
 */
export function statesOf(nodes: readonly Node[], known?: ReadonlySet<string>): Map<string, State> {
  const states = new Map<string, State>();
  for (const node of nodes) {
    const add = ({ name, type, dims, constant }: Value, learned: boolean) => {
      if (type !== 'float32' || !constant || known?.has(name) === false) return;
      const decays = (matrices[onnxName(node) ?? ''] ?? []).some((i) => node.inputs[i]?.name === name);
      const before = states.get(name);
      if (before) states.set(name, { ...before, learned: before.learned || learned, decays: before.decays || decays });
      else states.set(name, { value: stateOf(name, dims, constant), learned, decays });
    };
    for (const value of parametersOf(node)) add(value, true);
    if (onnxName(node) === 'BatchNormalization') for (const value of node.inputs.slice(3)) if (value) add(value, false);
  }
  return states;
}

/** A state of those elements at first. */
export const stateOf = (name: string, dims: readonly number[], state: Constant): Value => ({ name, type: 'float32', dims, state });

/** A state of zeros. */
export const zeroState = (name: string, dims: readonly number[]): Value =>
  stateOf(name, dims, { name, type: 'float32', dims, read: () => new Float32Array(product(dims)) });

/** The nodes, reading states where they read constants of these names. */
export const withStates = (nodes: readonly Node[], states: ReadonlyMap<string, Value>): Node[] =>
  nodes.map((node) => ({ ...node, inputs: node.inputs.map((value) => (value?.constant && states.get(value.name)) || value) }));
