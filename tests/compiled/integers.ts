// Programs of all instructions of integers, as those of programs.ts.

import type { Graph } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { constantOf, graphOf } from '../kernels/graph.ts';
import { random } from '../reference/index.ts';

addQuantized();

const integer = (name: string, type: 'int8' | 'uint8' | 'int32', data: readonly number[], dims: readonly number[] = []) => {
  const array = { int8: Int8Array, uint8: Uint8Array, int32: Int32Array }[type] as Uint8ArrayConstructor;
  return [name, constantOf(name, new Tensor(type, array.from(data), dims))] as const;
};
const scale = (name: string, ...values: number[]) =>
  [name, constantOf(name, new Tensor('float32', values, values.length > 1 ? [values.length] : []))] as const;
const weights = (name: string, dims: readonly number[], seed: number) =>
  integer(name, 'int8', Array.from(random([...dims], seed, -127, 127).data, Math.round), dims);

/** All instructions of the pack *quantized*. */
export const integers: Record<string, Graph> = {
  'a network of integers': graphOf({
    inputs: { x: [1, 5, 9, 8] },
    constants: Object.fromEntries([
      scale('s', 0.01),
      integer('z', 'uint8', [128]),
      integer('signed', 'int8', [-3]),
      weights('w', [16, 5, 3, 3], 1),
      scale('ws', ...Array.from({ length: 16 }, (_, i) => 0.002 + 0.0001 * i)),
      integer('wz', 'int8', new Array(16).fill(0), [16]),
      integer('b', 'int32', Array.from(random([16], 3, -2000, 2000).data, Math.round), [16]),
      weights('v', [16, 16, 3, 3], 6),
      weights('g', [12, 8, 3, 3], 2),
      scale('gs', 0.004),
      integer('gz', 'int8', [0]),
    ]),
    nodes: [
      { op: 'QuantizeLinear', inputs: ['x', 's', 'z'], outputs: ['q'] },
      { op: 'QLinearConv', inputs: ['q', 's', 'z', 'w', 'ws', 'wz', 's', 'z', 'b'], outputs: ['c'], attributes: { pads: [1, 1, 1, 1] } },
      { op: 'QLinearConv', inputs: ['c', 's', 'z', 'v', 's', 'gz', 's', 'z'], outputs: ['v3'], attributes: { pads: [1, 1, 1, 1] } },
      {
        op: 'QLinearConv',
        inputs: ['v3', 's', 'z', 'g', 'gs', 'gz', 's', 'signed'],
        outputs: ['d'],
        attributes: { group: 2, strides: [2, 2] },
      },
      { op: 'DequantizeLinear', inputs: ['d', 's', 'signed'], outputs: ['y'] },
    ],
    outputs: ['y'],
  }),
  'more integers': graphOf({
    inputs: { x: [2, 11, 6, 7] },
    constants: Object.fromEntries([
      weights('w', [16, 11, 1, 1], 1),
      integer('z', 'uint8', [100]),
      integer('gz', 'int8', [0]),
      scale('s', 0.004),
      weights('dw', [11, 1, 3, 3], 4),
      integer('u', 'uint8', Array.from(random([10, 11, 2, 2], 5, 0, 255).data, Math.round), [10, 11, 2, 2]),
      integer('uz', 'uint8', [40]),
    ]),
    nodes: [
      { op: 'DynamicQuantizeLinear', inputs: ['x'], outputs: ['q', 'qs', 'qz'] },
      { op: 'ConvInteger', inputs: ['q', 'w', 'qz', 'gz'], outputs: ['sums'] },
      { op: 'QuantizeLinear', inputs: ['x', 's', 'z'], outputs: ['b'] },
      {
        op: 'QLinearConv',
        inputs: ['b', 's', 'z', 'dw', 's', 'gz', 's', 'z'],
        outputs: ['d'],
        attributes: { group: 11, pads: [1, 1, 1, 1] },
      },
      { op: 'QLinearConv', inputs: ['d', 's', 'z', 'u', 's', 'uz', 's', 'z'], outputs: ['e'] },
      { op: 'DequantizeLinear', inputs: ['e', 's', 'z'], outputs: ['y'] },
    ],
    outputs: ['y', 'sums'],
  }),
  // The kernel that stores channels twice.
  'weights that int8 cannot hold': graphOf({
    inputs: { x: [1, 16, 5, 6] },
    constants: Object.fromEntries([
      integer(
        'w',
        'uint8',
        Array.from(random([9, 16, 3, 3], 6, 20, 255).data, (w, i) => Math.round(i % 144 === 30 ? 0 : w)),
        [9, 16, 3, 3],
      ),
      integer('wz', 'uint8', [140]),
    ]),
    nodes: [
      { op: 'DynamicQuantizeLinear', inputs: ['x'], outputs: ['q', 'qs', 'qz'] },
      { op: 'ConvInteger', inputs: ['q', 'w', 'qz', 'wz'], outputs: ['sums'] },
      { op: 'Cast', inputs: ['sums'], outputs: ['floats'], attributes: { to: 1 } },
      { op: 'Mul', inputs: ['floats', 'qs'], outputs: ['y'] },
    ],
    outputs: ['y'],
  }),
  'bytes without products': graphOf({
    inputs: { x: [1, 21, 7, 6] },
    constants: Object.fromEntries([scale('s', 0.01), scale('t', 0.02), integer('z', 'uint8', [128]), integer('signed', 'int8', [-3])]),
    nodes: [
      { op: 'QuantizeLinear', inputs: ['x', 's', 'z'], outputs: ['q'] },
      { op: 'MaxPool', inputs: ['q'], outputs: ['m'], attributes: { kernel_shape: [3, 3], pads: [1, 1, 1, 1] } },
      { op: 'com.microsoft.QLinearAdd', inputs: ['m', 's', 'z', 'q', 's', 'z', 't', 'signed'], outputs: ['a'] },
      {
        op: 'com.microsoft.QLinearAveragePool',
        inputs: ['a', 't', 'signed', 's', 'z'],
        outputs: ['p'],
        attributes: { kernel_shape: [2, 3] },
      },
      { op: 'com.microsoft.QLinearSigmoid', inputs: ['p', 's', 'z', 't', 'z'], outputs: ['f'] },
      { op: 'DequantizeLinear', inputs: ['f', 't', 'z'], outputs: ['y'] },
    ],
    outputs: ['y'],
  }),
};
