// Programs of all instructions, small ones, so that all of their words can be looked at and changed.

import type { Graph } from '../../src/graph/graph.ts';
import { graphOf, int64 } from '../kernels/graph.ts';
import { random } from '../reference/index.ts';
import { smallNetwork } from '../runtime/models.ts';

export const graphs: Record<string, Graph> = {
  'a small network': smallNetwork([1, 3, 9, 7]),
  'windows and axes': graphOf({
    opset: 13,
    inputs: { x: [1, 12, 8, 8] },
    constants: {
      w: random([12, 12, 3, 3], 1),
      d: random([12, 1, 3, 3], 2),
      t: random([12, 5, 2, 2], 3),
      a: int64('a', [2]),
      sizes: int64('sizes', [1, 5, 11, 9]),
    },
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'], attributes: { pads: [1, 1, 1, 1] } },
      { op: 'Conv', inputs: ['c', 'd'], outputs: ['g'], attributes: { group: 12, pads: [1, 1, 1, 1] } },
      { op: 'MaxPool', inputs: ['g'], outputs: ['m'], attributes: { kernel_shape: [2, 2], strides: [2, 2] } },
      { op: 'LRN', inputs: ['m'], outputs: ['l'], attributes: { size: 3 } },
      { op: 'ConvTranspose', inputs: ['l', 't'], outputs: ['u'], attributes: { strides: [2, 2] } },
      { op: 'Resize', inputs: ['u', '', '', 'sizes'], outputs: ['r'], attributes: { mode: 'linear' } },
      { op: 'AveragePool', inputs: ['r'], outputs: ['p'], attributes: { kernel_shape: [3, 3] } },
      { op: 'ReduceMax', inputs: ['p'], outputs: ['s'], attributes: { axes: [2], keepdims: 1 } },
      { op: 'Sub', inputs: ['p', 's'], outputs: ['b'] },
      { op: 'Transpose', inputs: ['b'], outputs: ['q'], attributes: { perm: [0, 2, 3, 1] } },
      { op: 'Softmax', inputs: ['q'], outputs: ['f'] },
      { op: 'Sigmoid', inputs: ['f'], outputs: ['y'] },
    ],
    outputs: ['y'],
  }),
  'what is left': graphOf({
    opset: 16,
    inputs: { x: [2, 7, 6, 5], w: [7, 7, 1, 1], grid: [2, 3, 2, 2] },
    constants: {
      d: random([7, 1, 3, 3], 1),
      v: random([7], 2, 0.5, 2),
      n: random([11, 7, 1, 1], 6),
      rows: int64('rows', [0, 3, 1]),
      from: int64('from', [-1]),
      to: int64('to', [-100]),
      axis: int64('axis', [3]),
      back: int64('back', [-2]),
    },
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'] },
      { op: 'Conv', inputs: ['c', 'd'], outputs: ['g'], attributes: { group: 7, dilations: [2, 2], pads: [2, 2, 2, 2] } },
      { op: 'Add', inputs: ['g', 'x'], outputs: ['sum'] },
      { op: 'BatchNormalization', inputs: ['sum', 'v', 'v', 'v', 'v'], outputs: ['b'] },
      { op: 'Relu', inputs: ['b'], outputs: ['r'] },
      // Normalises its input as it packs that.
      { op: 'Conv', inputs: ['r', 'n'], outputs: ['e'] },
      { op: 'BatchNormalization', inputs: ['x', 'v', 'v', 'v', 'v'], outputs: ['alone'] },
      { op: 'Tanh', inputs: ['alone'], outputs: ['tanh'] },
      { op: 'Relu', inputs: ['tanh'], outputs: ['clamped'] },
      { op: 'Gather', inputs: ['clamped', 'rows'], outputs: ['h'], attributes: { axis: 2 } },
      { op: 'Slice', inputs: ['h', 'from', 'to', 'axis', 'back'], outputs: ['y'] },
      { op: 'GridSample', inputs: ['clamped', 'grid'], outputs: ['z'] },
    ],
    outputs: ['y', 'z', 'e'],
  }),
  "Winograd's algorithm": graphOf({
    inputs: { x: [1, 3, 20, 20] },
    constants: { w: random([64, 3, 1, 1], 1), v: random([61, 64, 3, 3], 2), b: random([61], 3) },
    nodes: [
      { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'] },
      { op: 'Conv', inputs: ['c', 'v', 'b'], outputs: ['y'], attributes: { pads: [1, 1, 1, 1] } },
    ],
  }),
};
