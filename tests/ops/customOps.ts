import { compile } from '../../src/compiler/compile.ts';
import { verify } from '../../src/compiler/verify.ts';
import { type DataType, Tensor } from '../../src/graph/tensor.ts';
import type { LoadOptions } from '../../src/load.ts';
import { type CustomOperator, defineOp, type OperatorTensor } from '../../src/ops/custom.ts';
import type { Variant } from '../../src/runtime/wasm.ts';
import { type GraphSpec, graphOf, type NodeSpec } from '../kernels/graph.ts';
import { runPlan } from '../kernels/run.ts';
import { array, type NdArray } from '../reference/index.ts';
import { modelOf } from '../runtime/models.ts';

/** float32 elements. */
export const floatsOf = (tensor: OperatorTensor): Float32Array => {
  if (tensor.type !== 'float32') throw new Error(`float32 only, got ${tensor.type}`);
  return tensor.data;
};

/** Adds every element's place, so that elements in another order give other results. */
export const ramp = defineOp({
  name: 'Ramp',
  domain: 'my.ops',
  run({ inputs: [x], outputs: [y] }) {
    const to = floatsOf(y);
    floatsOf(x).forEach((value, i) => {
      to[i] = value + i / 16;
    });
  },
});

export const rampReference = ({ dims, data }: NdArray): NdArray =>
  array(
    dims,
    Array.from(data, (value, i) => value + i / 16),
  );

/** Elements of any type, backwards. */
export const backwards = defineOp({
  name: 'Backwards',
  domain: 'my.ops',
  run({ inputs: [x], outputs: [y] }) {
    y.data.set(x.data as never);
    y.data.reverse();
  },
});

interface Tensors {
  readonly inputs: readonly [OperatorTensor];
  readonly outputs: readonly [OperatorTensor];
  readonly attributes: object;
}

/** An operator for one test, of one input and an output like it. */
export const operator = (run: (tensors: Tensors) => void): CustomOperator => defineOp({ name: 'Test', domain: 'my.ops', run });

/** The outputs of a graph of custom operators, in memory that is watched. */
export function run(
  spec: GraphSpec,
  feeds: Record<string, NdArray>,
  operators: readonly CustomOperator[] = [ramp],
  variant: Variant = 'strict',
) {
  const dims = new Map(Object.entries(feeds).map(([name, value]) => [name, value.dims]));
  return runPlan(compile(graphOf(spec), { dims, operators, verify }), feeds, variant);
}

export const node = (op: string, inputs: string[], outputs: string[], attributes?: NodeSpec['attributes']): NodeSpec => ({
  op,
  domain: ['Ramp', 'Backwards', 'Test'].includes(op) ? 'my.ops' : '',
  name: outputs[0] ?? op,
  inputs,
  outputs,
  ...(attributes && { attributes }),
});

/** A model of one custom operator, of float32 [n] or what `x` says. */
export const single = (op: CustomOperator, x: Tensor | readonly (number | string)[] = ['N'], options: LoadOptions = {}) => {
  const input = x instanceof Tensor ? { type: x.type as DataType, dims: x.dims } : { type: 'float32' as const, dims: x };
  const spec = { op: op.name, domain: op.domain, name: 'it', inputs: ['x'], outputs: ['y'] };
  return modelOf(graphOf({ inputs: { x: input }, nodes: [spec] }), { operators: [op], ...options });
};

export const vector = (...values: number[]): Tensor => new Tensor('float32', values);
