import { addControl, Stages } from '../../src/control/index.ts';
import type { Graph } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { initialDims, type LoadOptions, planSource } from '../../src/load.ts';
import { Model } from '../../src/runtime/model.ts';
import type { PlanSource } from '../../src/runtime/ports.ts';
import type { Variant } from '../../src/runtime/wasm.ts';
import { graphOf } from '../kernels/graph.ts';
import { moduleOf } from '../kernels/run.ts';
import { random, toTensor } from '../reference/index.ts';

addControl();

/** What load makes of a graph. `planned` hears of every plan that is made. */
export function modelOf(graph: Graph, options: LoadOptions = {}, variant: Variant = 'strict', planned = () => {}): Model {
  const source = planSource(graph, options, undefined, Stages);
  const heard: PlanSource = {
    ...source,
    plan(...args) {
      planned();
      return source.plan(...args);
    },
  };
  return new Model(heard, { module: moduleOf(variant), variant }, initialDims(graph, options));
}

/** Pictures [N, 3, H, W] to 5 numbers each: a convolution, Relu, pools, a dense layer. */
export const smallNetwork = (dims: (number | string)[] = ['N', 3, 'H', 'W']): Graph =>
  graphOf({
    inputs: { picture: dims },
    constants: { w: random([8, 3, 3, 3], 11), b: random([8], 12), d: random([5, 8], 13), e: random([5], 14) },
    nodes: [
      { op: 'Conv', inputs: ['picture', 'w', 'b'], attributes: { pads: [1, 1, 1, 1] } },
      { op: 'Relu', inputs: ['Conv_0'] },
      { op: 'MaxPool', inputs: ['Relu_1'], attributes: { kernel_shape: [2, 2] } },
      { op: 'GlobalAveragePool', inputs: ['MaxPool_2'] },
      { op: 'Flatten', inputs: ['GlobalAveragePool_3'] },
      { op: 'Gemm', inputs: ['Flatten_4', 'd', 'e'], outputs: ['scores'], attributes: { transB: 1 } },
    ],
  });

export const picture = (batch = 1, height = 6, width = 7, seed = 1): Tensor => toTensor(random([batch, 3, height, width], seed));

export const ones = (dims: readonly number[]): Tensor =>
  new Tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(1), dims);

/** The elements of a result's only tensor. */
export const onlyOutput = (outputs: Record<string, Tensor>): number[] => Array.from(Object.values(outputs)[0]?.data ?? [], Number);
