// Where Lanewise and onnxruntime differ and both have a reason, each as narrow as it can be told: a node and what it reads. Everything that
// follows from such a node is not compared.

import type { FuzzNode, FuzzTensor } from './graph.ts';
import type { Result } from './onnxruntime.ts';

type Read = Result | FuzzTensor | undefined;

export interface Known {
  readonly name: string;
  readonly reason: string;
  matches(node: FuzzNode, inputs: readonly Read[], opset: number): boolean;
}

export const known: readonly Known[] = [];

/** What Lanewise leaves out, as docs/operators.md has it: the refusal of a graph that onnxruntime runs. */
export const limits: readonly (readonly [name: string, pattern: RegExp])[] = [];

/** The names of the values that known differences reach, each with the name of one. */
export function reached(nodes: readonly FuzzNode[], opset: number, readValue: (name: string) => Read): Map<string, string> {
  const found = new Map<string, string>();
  for (const node of nodes) {
    const read = node.inputs.map((name) => (name === '' ? undefined : readValue(name)));
    const why = node.inputs.map((name) => found.get(name)).find(Boolean) ?? known.find((entry) => entry.matches(node, read, opset))?.name;
    if (why) for (const name of node.outputs) found.set(name, why);
  }
  return found;
}
