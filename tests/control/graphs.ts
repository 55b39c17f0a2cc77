import type { GraphSpec } from '../formats/onnx-writer.ts';

/** A branch of one node. */
export const branch = (op: string, inputs: string[], output: string, more: Partial<GraphSpec> = {}): { graph: GraphSpec } => ({
  graph: { nodes: [{ op, inputs, outputs: [output] }], outputs: [{ name: output, type: null }], ...more },
});
