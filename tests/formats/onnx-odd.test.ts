// What Protocol Buffers and ONNX allow and few exporters write: nodes in any order, messages in several parts, unknown groups, odd bools.

import { readOnnx } from '../../src/formats/onnx/index.ts';
import type { Constant } from '../../src/graph/graph.ts';
import { failure } from '../failure.ts';
import { encodeModel, type GraphSpec, type NodeSpec } from './onnx-writer.ts';

const VARINT = 0;
const BYTES = 2;
const GROUP = 3;
const GROUP_END = 4;

const varint = (value: number): number[] => (value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))]);
const tag = (field: number, type: number): number[] => varint(field * 8 + type);
/** A field that holds a message, of fields, or text. */
const message = (field: number, ...parts: readonly (readonly number[] | string)[]): number[] => {
  const bytes = parts.flatMap((part) => (typeof part === 'string' ? [...new TextEncoder().encode(part)] : part));
  return [...tag(field, BYTES), ...varint(bytes.length), ...bytes];
};
const int = (field: number, value: number): number[] => [...tag(field, VARINT), ...varint(value)];

const opset = message(8, int(2, 13));
const read = (...fields: readonly (readonly number[])[]) => readOnnx(Uint8Array.from([int(1, 8), ...fields, opset].flat()), 'm.onnx');
const node = (...fields: readonly (readonly number[])[]) => message(1, ...fields);
const shapeOf = (...sizes: number[]) => message(2, ...sizes.map((size) => message(1, int(1, size))));

describe('nodes', () => {
  const order = (spec: GraphSpec) => readOnnx(encodeModel(spec)).nodes.map(({ name }) => name);
  const named = (name: string, inputs: string[], outputs = [name]): NodeSpec => ({ op: 'Sum', name, inputs, outputs });
  const spec = (...nodes: NodeSpec[]): GraphSpec => ({ inputs: [{ name: 'x', dims: [1] }], nodes });

  test('that stand in order stay as they are', () => {
    expect(order(spec(named('b', ['x']), named('a', ['x']), named('c', ['a', 'b'])))).toEqual(['b', 'a', 'c']);
  });

  test('come behind what they read, and else as the file has them', () => {
    const nodes = spec(named('last', ['c', 'b', 'c']), named('d', ['x']), named('c', ['b', '', 'a']), named('b', ['x']), named('a', ['x']));
    expect(order(nodes)).toEqual(['d', 'b', 'a', 'c', 'last']);
  });

  test('may have any number of inputs that come later', () => {
    const count = 20_000;
    const names = Array.from({ length: count }, (_, i) => `n${i}`);
    const nodes = spec(named('all', names), ...names.map((name) => named(name, ['x'])).reverse());
    expect(order(nodes)).toEqual([...names].reverse().concat('all'));
  });

  test('may stand the wrong way round altogether', () => {
    const count = 20_000;
    const nodes = Array.from({ length: count }, (_, i) => named(`n${i}`, [i === 0 ? 'x' : `n${i - 1}`]));
    expect(order(spec(...nodes.toReversed()))).toEqual(nodes.map(({ name }) => name));
  });

  test('of a long circle are named in part', () => {
    const nodes = Array.from({ length: 1000 }, (_, i) => named(`n${i}`, [`n${(i + 999) % 1000}`]));
    const error = failure(() => order(spec(...nodes)));
    expect(error.code).toBe('INVALID_MODEL');
    expect(error.message).toMatch(/^the model: nodes read each other's outputs in a circle: (Sum 'n\d+', ){4}Sum 'n\d+' and 995 more$/);
  });
});

describe('a message in several parts is merged:', () => {
  const input = (name: string, ...shape: number[]) => message(11, message(1, name), message(2, message(1, int(1, 1), shapeOf(...shape))));

  test('the graph', () => {
    const graph = read(
      message(7, node(message(1, 'x'), message(2, 'a'), message(4, 'Relu')), message(2, 'first'), input('x', 2)),
      message(7, node(message(1, 'a'), message(2, 'y'), message(4, 'Neg')), message(2, 'second'), message(12, message(1, 'y'))),
    );
    expect(graph.nodes.map(({ name }) => name)).toEqual(['Relu_0', 'Neg_1']);
    expect(graph.name).toBe('second');
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['y']);
  });

  test('the type of an input, and its shape', () => {
    const tensorType = (...fields: readonly (readonly number[])[]) => message(2, message(1, ...fields));
    const halves = message(11, message(1, 'x'), tensorType(int(1, 1), shapeOf(2)), tensorType(shapeOf(3)));
    expect(read(message(7, halves)).inputs).toEqual([{ name: 'x', type: 'float32', dims: [2, 3] }]);
  });

  test('of several kinds of an input the last counts', () => {
    const sequence = message(4, []);
    const tensor = message(1, int(1, 1), shapeOf(2));
    expect(read(message(7, message(11, message(1, 'x'), message(2, sequence, tensor)))).inputs).toHaveLength(1);
    const last = (type: Parameters<typeof message>[1]) => read(message(7, message(11, message(1, 'x'), message(2, tensor, type))));
    expect(last(sequence).inputs).toMatchObject([{ name: 'x', list: 'sequence' }]);
    const error = failure(() => last(message(5, [])));
    expect(error.message).toBe("m.onnx: the input 'x' is not a tensor");
  });

  test('the tensor of an attribute', () => {
    const first = message(5, int(1, 2), int(2, 7), int(7, 11));
    const second = message(5, int(1, 1), int(7, 22));
    const attribute = message(5, message(1, 'value'), first, second, int(20, 4));
    const graph = read(message(7, node(message(2, 'y'), message(4, 'Constant'), attribute)));
    const value = graph.nodes[0]?.attributes.get('value') as Constant;
    expect([value.dims, [...value.read()]]).toEqual([
      [2, 1],
      [11n, 22n],
    ]);
  });
});

describe('groups', () => {
  const group = (field: number, ...inside: readonly (readonly number[])[]) => [
    ...tag(field, GROUP),
    ...inside.flat(),
    ...tag(field, GROUP_END),
  ];
  const text = message(2, 'g');

  test('are skipped with what is in them', () => {
    // Field 2 within them is not the graph's name.
    const graph = read(message(7, text, group(2, message(2, 'no'), int(99, 5), group(1, group(7), message(2, 'no')))), group(50));
    expect(graph.name).toBe('g');
  });

  test('may be nested however deep', () => {
    const deep = 100_000;
    const inside = [...new Array<number[]>(deep).fill(tag(1, GROUP)), ...new Array<number[]>(deep).fill(tag(1, GROUP_END))].flat();
    expect(read(message(7, text), inside).name).toBe('g');
  });

  test.each([
    ['that end and did not begin', tag(9, GROUP_END), 'INVALID_FILE', 'a group ends that did not begin'],
    ['that end as others', [...tag(9, GROUP), ...tag(8, GROUP_END)], 'INVALID_FILE', 'a group ends that did not begin'],
    ['that do not end', tag(9, GROUP), 'TRUNCATED_FILE', 'runs past the end of the graph'],
  ])('%s are damage', (_, bytes, code, what) => {
    const error = failure(() => read(message(7, text, bytes)));
    expect([error.code, error.message]).toEqual([code, expect.stringContaining(what)]);
  });

  test('around the whole rest of a file are a file that is cut off', () => {
    const error = failure(() => readOnnx(Uint8Array.from([int(1, 8), message(7, text), tag(9, GROUP), opset].flat())));
    expect([error.code, error.message]).toEqual(['TRUNCATED_FILE', expect.stringMatching(/^the model ends at byte \d+ inside the model/)]);
  });
});

describe('whatever is not 0 is true', () => {
  const bools = (...fields: readonly (readonly number[])[]) => {
    const graph = read(message(7, message(5, message(8, 'b'), int(1, 3), int(2, 9), ...fields)));
    return graph.constants.get('b');
  };

  test('in raw_data', () => {
    const constant = bools(message(9, [0, 2, 255]));
    expect(constant?.read()).toEqual(Uint8Array.of(0, 1, 1));
    const target = new Uint8Array(2);
    constant?.fill?.(target, 1);
    expect(target).toEqual(Uint8Array.of(1, 1));
  });

  test('in int32_data', () => {
    // 256 is 0 in its last byte.
    expect(bools(int(5, 0), int(5, 256), int(5, 7))?.read()).toEqual(Uint8Array.of(0, 1, 1));
  });
});
