import { LanewiseError } from '../../src/errors.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { load } from '../../src/load.ts';
import { encodeModel, type GraphSpec, type ModelSpec } from '../formats/onnx-writer.ts';

export const modelOf = (spec: ModelSpec, options = {}) => load(encodeModel({ ir: 8, opset: 16, ...spec }), options);
export const floats = (values: number[], dims = [values.length]) => new Tensor('float32', values, dims);
export const list = (tensor: Tensor | undefined) => Array.from(tensor?.data ?? [], Number);
export const scalar = (name: string, type: 'int64' | 'float32' | 'bool', value: number) => ({ name, type, dims: [], data: [value] });
export const rejection = async (action: Promise<unknown>) => {
  const error = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LanewiseError);
  return error as LanewiseError;
};

/** A branch of one node. */
export const branch = (op: string, inputs: string[], output: string, more: Partial<GraphSpec> = {}): { graph: GraphSpec } => ({
  graph: { nodes: [{ op, inputs, outputs: [output] }], outputs: [{ name: output, type: null }], ...more },
});
