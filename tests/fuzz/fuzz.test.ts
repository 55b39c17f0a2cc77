// The fuzzers' own parts: that they make what they should, and find what is wrong.

import { addOperators } from '../../src/compiler/operators.ts';
import { check } from './check.ts';
import { difference, noise, tolerance, withNoise } from './compare.ts';
import { Draw, seedOf, shrink } from './draw.ts';
import { expectedKeys, generate, makers } from './generate.ts';
import { type FuzzTensor, fileOf, fromJson, toJson } from './graph.ts';
import { known, reached } from './known.ts';
import { type Format, mutate } from './mutate.ts';
import { encode, lists, MODEL, parse } from './protobuf.ts';
import { smaller } from './smaller.ts';
import { variants } from './variants.ts';

const operators = addOperators();

const graphOf = (index: number, seed = 1) => generate(new Draw(seedOf(seed, index)));
const float = (...data: number[]) => ({ type: 'float32' as const, dims: [data.length], data: Float32Array.from(data) });

test('every operator has a maker, and nothing else has', () => {
  expect([...makers.keys()].sort()).toEqual([...operators.keys()].sort());
});

test('a seed makes the same graph again, and what was drawn does', () => {
  for (let i = 0; i < 50; i++) {
    const draw = new Draw(seedOf(3, i));
    const text = toJson(generate(draw).graph);
    expect(toJson(graphOf(i, 3).graph)).toBe(text);
    expect(toJson(generate(new Draw(draw.drawn)).graph)).toBe(text);
    expect(toJson(fromJson(text))).toBe(text);
  }
});

test('what a long run has to meet occurs evenly', () => {
  const seen = new Map<string, number>();
  const graphs = 4000;
  for (let i = 0; i < graphs; i++) for (const key of graphOf(i, 5).seen) seen.set(key, (seen.get(key) ?? 0) + 1);
  // 200 of 50,000 are 16 of these, luck aside.
  expect(expectedKeys.filter((key) => (seen.get(key) ?? 0) < 5)).toEqual([]);
});

test('most graphs run, in every way', async () => {
  const statuses = new Map<string, number>();
  for (let i = 0; i < 60; i++) {
    // An open batch is planned as 1 at load, and some graphs take no 1 there.
    const names = Object.keys(variants).filter((name) => !name.includes('open') && name !== 'compiled' && name !== 'three threads');
    const { status } = await check(graphOf(i, 11).graph, { runtime: undefined, variants: names });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  expect(statuses.get('failed') ?? 0).toBe(0);
  expect(statuses.get('not in the peer')).toBeGreaterThan(50);
}, 120_000);

test('a choice that fails is lowered until it just does', async () => {
  const fails = async (drawn: readonly number[]) => {
    const draw = new Draw(drawn);
    return draw.list(draw.int(0, 20), () => draw.int(0, 100)).some((number) => number >= 37);
  };
  const drawn: number[] = [];
  for (let i = 0; drawn.length === 0; i++) {
    const draw = new Draw(i);
    draw.list(draw.int(0, 20), () => draw.int(0, 100));
    if (await fails(draw.drawn)) drawn.push(...draw.drawn);
  }
  expect(await shrink(drawn, fails)).toEqual([1, 37]);
});

test('a graph shrinks to the node at fault', async () => {
  const chain = fromJson(
    JSON.stringify({
      opset: 13,
      feeds: [{ name: 'x', type: 'float32', dims: [2], data: [1, -2] }],
      constants: [],
      nodes: [
        { op: 'Abs', inputs: ['x'], outputs: ['a'], attributes: {} },
        { op: 'Neg', inputs: ['a'], outputs: ['b'], attributes: {} },
        { op: 'Relu', inputs: ['b'], outputs: ['c'], attributes: {} },
      ],
      outputs: ['a', 'c'],
      types: { a: 'float32', b: 'float32', c: 'float32' },
      inexact: [],
    }),
  );
  const values = new Map([
    ['a', float(1, 2)],
    ['b', float(-1, -2)],
    ['c', float(0, 0)],
  ]);
  const small = await smaller(chain, values, async ({ nodes }) => nodes.some(({ op }) => op === 'Neg'));
  expect(small.nodes.map(({ op, inputs }) => [op, ...inputs])).toEqual(
    [
      ['Neg', 'a'],
      ['Relu', 'b'],
    ].slice(0, small.nodes.length),
  );
  expect(small.feeds.map(({ name }) => name)).toEqual(['a']);
});

test('differences are told from rounding', () => {
  const expected = float(1, 2, Number.NaN, Number.POSITIVE_INFINITY);
  expect(difference(float(1, 2, Number.NaN, Number.POSITIVE_INFINITY), expected, undefined, true)).toBeUndefined();
  expect(difference(float(1, 2.0000002, Number.NaN, Number.POSITIVE_INFINITY), expected, undefined)).toMatch('element 1');
  expect(difference(float(1, 2.0000002, Number.NaN, Number.POSITIVE_INFINITY), expected, Float64Array.of(0, 1e-6, 0, 0))).toBeUndefined();
  expect(difference(float(1, 2, 0, Number.POSITIVE_INFINITY), expected, Float64Array.of(0, 0, 1, 0))).toMatch('element 2');
  expect(difference(float(-0), float(0), undefined)).toBeUndefined();
  expect(difference(float(-0), float(0), undefined, true)).toMatch('element 0');
  expect(difference({ ...float(1), type: 'float64' as never }, float(1), undefined)).toMatch('float64');
});

test('the tolerance is what noise does', () => {
  const [low, high] = [float(1, 1), float(1, 1 + 1e-6)];
  const [first = 0, second = 0] = tolerance(float(1, 1), [low, high]);
  expect(second).toBeGreaterThan(4e-6);
  expect(first).toBeLessThan(second);
  expect(first).toBeLessThan(4e-6);
});

test('noise stands where rounding happens', () => {
  const { graph } = generate(new Draw([]), 'Softmax');
  const [node] = graph.nodes;
  const x = graph.feeds[0] ?? graph.constants[0];
  const { noisy, factors } = withNoise({ ...graph, nodes: [node as never], inexact: [node?.outputs[0] as string] }, (name) => ({
    ...(x as never as FuzzTensor),
    name,
  }));
  expect(noisy.nodes.map(({ op }) => op)).toEqual(['Mul', 'Softmax', 'Mul']);
  expect(factors.every(({ data }) => data.every((value) => value === 1))).toBe(true);
  for (const { data } of noise(factors, 1)) expect(data.every((value) => Math.abs(Number(value) - 1) === 2 ** -20)).toBe(true);
});

test('a known difference reaches what is computed from it, and no more', () => {
  const nodes = [
    { op: 'ReduceMax', inputs: ['x'], outputs: ['a'], attributes: {} },
    { op: 'Abs', inputs: ['a'], outputs: ['b'], attributes: {} },
    { op: 'Abs', inputs: ['x'], outputs: ['c'], attributes: {} },
  ];
  expect([...reached(nodes, 13, () => float(Number.NaN)).keys()]).toEqual(['a', 'b']);
  expect([...reached(nodes, 13, () => float(1)).keys()]).toEqual([]);
  expect(new Set(known.map(({ name }) => name)).size).toBe(known.length);
});

test('a file is parsed and put together again', () => {
  for (let i = 0; i < 50; i++) {
    const bytes = fileOf(graphOf(i).graph);
    const tree = parse(bytes, MODEL);
    expect(encode(tree)).toEqual(bytes);
    expect(lists(tree).length).toBeGreaterThan(3);
  }
});

test.each<Format>(['onnx', 'compiled', 'safetensors', 'checkpoint', 'npy', 'tensor'])(
  'files are broken in the same way again: %s',
  (format) => {
    const [bytes, other] = [fileOf(graphOf(1).graph), fileOf(graphOf(2).graph)];
    let same = 0;
    for (let i = 0; i < 300; i++) {
      const broken = mutate(bytes, format, other, new Draw(i));
      expect(mutate(bytes, format, other, new Draw(i))).toEqual(broken);
      if (Buffer.from(broken.bytes).equals(bytes)) same++;
    }
    expect(same).toBeLessThan(200);
  },
);
