import { readOnnx, writeOnnx } from '../../src/formats/index.ts';
import { GraphBuilder } from '../../src/graph/builder.ts';
import type { Constant } from '../../src/graph/graph.ts';
import { failure } from '../failure.ts';

const scalar = (name: string, value: number): Constant => ({ name, type: 'float32', dims: [], read: () => Float32Array.of(value) });

test('states a graph; a node is called as its first output', () => {
  const g = new GraphBuilder('test');
  const x = g.input('x', ['N', 4, 2, 2]);
  const [a, b] = g.nodes('Split', [x], 2, { attributes: { axis: 1 } }) as [string, string];
  const sum = g.node('Add', [a, g.constant(scalar('one', 1))], { name: 'sum' });
  g.output('y', g.node('Relu', [g.node('Mul', [sum, b])]), ['N', 2, 2, 2]);
  const graph = g.build();
  expect(graph.nodes.map(({ op, name, inputs, outputs }) => [op, name, inputs, outputs])).toEqual([
    ['Split', 'Split_0', ['x'], ['Split_0', 'Split_0:1']],
    ['Add', 'sum', ['Split_0', 'one'], ['sum']],
    ['Mul', 'Mul_0', ['sum', 'Split_0:1'], ['Mul_0']],
    ['Relu', 'Relu_0', ['Mul_0'], ['y']],
  ]);
  expect(graph.inputs).toEqual([{ name: 'x', type: 'float32', dims: ['N', 4, 2, 2] }]);
  expect(graph.outputs).toEqual([{ name: 'y', type: 'float32', dims: ['N', 2, 2, 2] }]);
  expect([...graph.constants.keys()]).toEqual(['one']);
  expect(graph.opsets).toEqual(new Map([['', 13]]));
});

test('floats stay floats in a file, and are rounded as there', () => {
  const g = new GraphBuilder('test', 14);
  const x = g.input('x', [1, 2]);
  const floats = { alpha: 1, beta: 0.1 };
  g.output('y', g.node('Gemm', [x, g.constant({ ...scalar('w', 2), dims: [2, 1], read: () => Float32Array.of(1, 2) })], { floats }));
  g.output('z', g.node('Upsample', [x], { floats: { scales: [1, 2] } }));
  const { nodes, opsets } = g.build();
  expect(nodes[0]?.attributes.get('beta')).toBe(Math.fround(0.1));
  expect(opsets.get('')).toBe(14);
  const read = readOnnx(writeOnnx(g.build()), 'test');
  // Readers mark what they read as a float though it looks like an integer.
  expect(read.nodes[0]?.attributes).toEqual(nodes[0]?.attributes);
  expect([...(read.nodes[0]?.kinds ?? [])]).toContainEqual(['alpha', 'float']);
  expect([...(read.nodes[1]?.kinds ?? [])]).toContainEqual(['scales', 'floats']);
});

test('outputs: a value may have two, and be an input or read by others', () => {
  const g = new GraphBuilder('test');
  const x = g.input('x', [2]);
  const y = g.node('Relu', [x], { name: 'y' });
  const z = g.node('Neg', [y], { name: 'z' });
  g.output('first', y);
  g.output('second', y);
  g.output('same', x);
  g.output('z', z);
  g.output('again', z);
  const { nodes, outputs } = g.build();
  expect(outputs.map(({ name }) => name)).toEqual(['first', 'second', 'same', 'z', 'again']);
  expect(nodes.map(({ op, inputs, outputs }) => `${outputs} = ${op}(${inputs})`)).toEqual([
    'first = Relu(x)',
    'z = Neg(first)',
    'second = Identity(first)',
    'same = Identity(x)',
    'again = Identity(z)',
  ]);
});

test('what is built stays as it is while the builder goes on', () => {
  const g = new GraphBuilder('test');
  const x = g.input('x', [2]);
  const y = g.node('Relu', [x]);
  const before = g.build();
  g.output('y', g.node('Neg', [y]));
  expect(before.nodes).toHaveLength(1);
  expect(before.outputs).toEqual([]);
  expect(g.build().nodes).toHaveLength(2);
});

test('made-up names keep out of the way of given ones', () => {
  const g = new GraphBuilder('test');
  const x = g.input('Relu_0', [2]);
  g.output('Relu_1', x);
  expect(g.node('Relu', [x])).toBe('Relu_2');
  expect(g.node('Relu', [x])).toBe('Relu_3');
});

test('names are unique, and values exist before they are read', () => {
  const g = new GraphBuilder('test');
  const x = g.input('x', [2]);
  g.node('Relu', [x], { name: 'a' });
  g.output('y', 'a');
  for (const [run, message] of [
    [() => g.input('x', [2]), "there are two values named 'x'"],
    [() => g.constant(scalar('a', 1)), "there are two values named 'a'"],
    [() => g.node('Relu', [x], { name: 'a' }), "there are two values named 'a'"],
    [() => g.node('Relu', [x], { name: 'y' }), "there are two values named 'y'"],
    [() => g.output('x', 'a'), "there are two values named 'x'"],
    [() => g.output('y', 'a'), "there are two values named 'y'"],
    [() => g.input('', [2]), 'a value needs a name'],
    [() => g.node('Add', [x, 'b'], { name: 'sum' }), "node 'sum' reads 'b', which does not exist"],
    // An output's name is not a value: it may turn out to be a copy at the end.
    [() => g.node('Relu', ['y'], { name: 'r' }), "node 'r' reads 'y', which does not exist"],
    [() => g.output('o', 'b'), "output 'o' reads 'b', which does not exist"],
  ] as const) {
    const { code, message: got } = failure(run);
    expect([code, got]).toEqual(['INVALID_MODEL', message]);
  }
  // '' is an input that is left out.
  expect(g.node('Clip', [x, '', 'a'])).toBe('Clip_0');
});
