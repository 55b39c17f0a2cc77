import { bind } from '../../src/compiler/bind.ts';
import type { Attribute } from '../../src/graph/graph.ts';
import { type DataType, Tensor } from '../../src/graph/tensor.ts';
import { failure } from '../failure.ts';
import { constantOf, graphOf } from '../kernels/graph.ts';
import { runTyped } from '../kernels/run.ts';
import { type DequantizeOptions, dequantize } from '../reference/dequantize.ts';
import { array, random, sizeOf } from '../reference/index.ts';
import { expectBoth, rangeOf, tensor } from './typed.ts';

const quantised = ['int8', 'uint8', 'int16', 'uint16', 'int32'] as const;

/** Whole numbers all over a type's range. */
function codes(type: DataType, dims: readonly number[], seed: number): Tensor {
  const [low, high] = rangeOf(type).map(Number) as [number, number];
  const values = Array.from(random(dims, seed, low, high).data, Math.round);
  return tensor(type, values, dims);
}

const plain = ({ dims, data }: Tensor) => array(dims, Array.from(data as ArrayLike<number>));

interface Case extends DequantizeOptions {
  dims: readonly number[];
  scales: readonly number[];
  type?: DataType;
  zero?: boolean;
  opset?: number;
}

/** The node's parts and what it should give. */
function caseOf({ dims, scales, type = 'int8', zero = true, axis, block }: Case) {
  const x = codes(type, dims, 1);
  const scale = random(scales, 2, 0.001, 0.3);
  // In ONNX int32 has no other zero point.
  const zeroPoint = zero ? (type === 'int32' ? tensor(type, Array(sizeOf(scales)).fill(0), scales) : codes(type, scales, 3)) : undefined;
  const inputs = [x, new Tensor('float32', Float32Array.from(scale.data), scales), zeroPoint];
  // An int32 is a float32 first, as in ONNX's own reference.
  const rounded = array(
    dims,
    Array.from(x.data as ArrayLike<number>, (value) => (type === 'int32' ? Math.fround(value) : value)),
  );
  const expected = dequantize(rounded, scale, zeroPoint && plain(zeroPoint), {
    ...(axis === undefined ? {} : { axis }),
    ...(block ? { block } : {}),
  });
  const attributes: Record<string, Attribute | undefined> = { axis, block_size: block };
  return { attributes, inputs, expected: new Tensor('float32', Float32Array.from(expected.data), dims) };
}

function check(spec: Case): void {
  const { attributes, inputs, expected } = caseOf(spec);
  expectBoth({ op: 'DequantizeLinear', opset: spec.opset ?? (spec.block ? 21 : 13), attributes, inputs }, expected);
}

describe('DequantizeLinear', () => {
  test.each(quantised)('of %s', (type) => {
    for (const zero of [true, false]) {
      for (const opset of [10, 13, 19, 21, 23, 24, 25]) check({ dims: [3, 5], scales: [], type, zero, opset });
      check({ dims: [3, 5], scales: [1], type, zero });
      check({ dims: [3, 5, 2], scales: [5], type, zero });
      check({ dims: [4, 5, 3], scales: [4, 2, 3], type, zero, axis: 1, block: 3 });
    }
  });

  test('has a scale for each index of any axis', () => {
    for (const dims of [[7], [1, 1], [5, 3], [3, 1, 4], [2, 17, 3, 5]]) {
      dims.forEach((dim, axis) => {
        check({ dims, scales: [dim], axis });
        check({ dims, scales: [dim], axis: axis - dims.length });
      });
    }
  });

  test('has a scale for each block along any axis, the last of which may be cut', () => {
    for (const dims of [[9], [4, 6], [1, 5], [3, 8, 5], [2, 7, 3, 4]]) {
      dims.forEach((dim, axis) => {
        for (const block of [1, 2, 3, 4, 16]) {
          check({ dims, scales: dims.map((size, i) => (i === axis ? Math.ceil(dim / block) : size)), axis, block });
        }
      });
    }
  });

  test('of nothing, and of a single number', () => {
    check({ dims: [], scales: [] });
    check({ dims: [0, 3], scales: [] });
    check({ dims: [2, 0], scales: [0] });
    check({ dims: [2, 0, 3], scales: [2, 0, 3], axis: 1, block: 4 });
  });

  test('is rounded once, as float32 is', () => {
    const inputs = [tensor('int32', [16777217, -16777219, 2147483647]), new Tensor('float32', [Math.fround(0.1)], [])];
    const expected = [16777216, -16777220, 2147483648].map((value) => Math.fround(value * Math.fround(0.1)));
    expectBoth({ op: 'DequantizeLinear', inputs }, new Tensor('float32', expected));
  });

  test('gives float32 whatever float its output_dtype asks for', () => {
    for (const output_dtype of [0, 1, 10, 16]) {
      const inputs = [tensor('uint8', [3, 250]), new Tensor('float32', [0.5], [])];
      expectBoth({ op: 'DequantizeLinear', opset: 23, attributes: { output_dtype }, inputs }, new Tensor('float32', [1.5, 125]));
    }
  });

  test.each<Case>([
    { dims: [6, 5, 4], scales: [] },
    { dims: [6, 5, 4], scales: [5] },
    { dims: [6, 5, 4], scales: [6], axis: 0 },
    { dims: [6, 5, 4], scales: [4], axis: 2, zero: false },
    { dims: [6, 5, 4], scales: [6, 2, 4], axis: 1, block: 3 },
    { dims: [6, 5, 4], scales: [2, 5, 4], axis: 0, block: 4 },
    { dims: [6, 5, 4], scales: [6, 5, 2], axis: 2, block: 2, zero: false },
    { dims: [1, 1], scales: [1, 1], axis: 1, block: 2 },
  ])('of constants can be had in parts: %j', (spec) => {
    const { attributes, inputs, expected } = caseOf(spec);
    for (const parts of [true, false]) {
      const constants = inputs.flatMap((value, i) => {
        if (!value) return [];
        const constant = constantOf(`input${i}`, value);
        const fill = (target: Tensor['data'], from: number) => target.set(value.data.subarray(from, from + target.length) as never);
        return [[`input${i}`, parts ? { ...constant, fill } : constant] as const];
      });
      const nodes = [{ op: 'DequantizeLinear', attributes, inputs: constants.map(([name]) => name), outputs: ['y'] }];
      const graph = graphOf({ opset: 21, inputs: {}, constants: Object.fromEntries(constants), nodes });
      const { constant } = bind(graph, { dims: new Map() }).network.outputs[0] ?? {};
      for (let from = 0; from < expected.data.length; from++) {
        for (const length of [1, 2, 7, 40].filter((count) => from + count <= expected.data.length)) {
          const part = new Float32Array(length);
          constant?.fill?.(part, from);
          expect(part).toEqual(expected.data.slice(from, from + length));
        }
      }
      expect(constant?.read()).toEqual(expected.data);
    }
  });

  const x = tensor('int8', [1, 2, 3, 4, 5, 6], [2, 3]);
  const scale = (...dims: number[]) => new Tensor('float32', Array(sizeOf(dims)).fill(1), dims);
  test.each<[string, (Tensor | undefined)[], Record<string, Attribute>, number, string]>([
    ['a scale of another length', [x, scale(2)], {}, 13, "node 'DequantizeLinear_0': its scale is [2], expected [3]"],
    ['as many scales as elements', [x, scale(2, 3)], {}, 13, 'its scale is [2, 3], expected [3]'],
    ['an axis that is none', [x, scale(2)], { axis: 2 }, 13, 'axis 2 is outside a tensor of rank 2'],
    ['too few blocks', [x, scale(2, 1)], { block_size: 2 }, 21, 'its scale is [2, 1], expected [2, 2]'],
    ['a negative block', [x, scale(2, 1)], { block_size: -1 }, 21, "attribute 'block_size' is -1, expected 0 or more"],
    ['a zero point of another type', [x, scale(), tensor('uint8', [1], [])], {}, 13, 'its zero point is uint8 [], expected int8 []'],
    ['a zero point of another shape', [x, scale(3), tensor('int8', [1], [])], {}, 13, 'its zero point is int8 [], expected int8 [3]'],
    ['blocks before opset 21', [x, scale(2, 2)], { block_size: 2 }, 19, "attribute 'block_size' is not known at this opset"],
    ['an axis before opset 13', [x, scale(3)], { axis: 1 }, 10, "attribute 'axis' is not known at this opset"],
    ['an output of whole numbers', [x, scale()], { output_dtype: 3 }, 23, "an output of ONNX's element type 3 is not supported"],
    ['floats to dequantise', [scale(2), scale()], {}, 13, "input 'input0' is float32; other types are supported"],
  ])('is refused with %s', (_, inputs, attributes, opset, message) => {
    expect(failure(() => runTyped({ op: 'DequantizeLinear', opset, attributes, inputs })).message).toMatch(message);
  });
});
