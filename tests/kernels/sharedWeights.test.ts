// Nodes that read one weight, each in its own way: what is packed for one must not serve another. (Those that read it alike share it.)
import { winogradForms } from '../../src/ops/window/winograd.ts';
import { add, conv, convTranspose, gemm, matMul, type NdArray, random } from '../reference/index.ts';
import { graphOf, type NodeSpec } from './graph.ts';
import { eachVariant, expectClose, type RunOptions, runGraph, sumTolerance } from './run.ts';

interface Reader extends Omit<NodeSpec, 'outputs'> {
  expected: NdArray;
}

interface SharedCase {
  /** How many products make an element of the outputs. */
  depth: number;
  feeds: Record<string, NdArray>;
  constants: Record<string, NdArray>;
  readers: readonly Reader[];
  options?: RunOptions;
}

const [rows, columns] = [random([5, 17], 1), random([17, 17], 2)];
const bias = random([17], 3);
const [picture, half] = [random([1, 8, 7, 6], 4), random([1, 4, 7, 6], 5)];
const [filters, narrow, pointwise] = [random([8, 8, 3, 3], 6), random([8, 4, 3, 3], 7), random([8, 8, 1, 1], 8)];
const batched = random([2, 8, 8], 11);
const pads = [1, 1, 1, 1];

const cases: Record<string, SharedCase> = {
  'two Gemms, transB 0 and 1': {
    depth: 17,
    feeds: { x: rows },
    constants: { w: columns },
    readers: [0, 1].map((transB) => ({
      op: 'Gemm',
      inputs: ['x', 'w'],
      attributes: { transB },
      expected: gemm({ a: rows, b: columns, transB: transB === 1 }),
    })),
  },
  'a MatMul and a Gemm, transB 1': {
    depth: 17,
    feeds: { x: rows },
    constants: { w: columns },
    readers: [
      { op: 'MatMul', inputs: ['x', 'w'], expected: matMul(rows, columns) },
      { op: 'Gemm', inputs: ['x', 'w'], attributes: { transB: 1 }, expected: gemm({ a: rows, b: columns, transB: true }) },
    ],
  },
  'Gemms of one bias, alpha and beta their own': {
    depth: 17,
    feeds: { x: rows },
    constants: { w: columns, b: bias },
    readers: [
      [1, 1],
      [0.5, 1],
      [1, -2],
    ].map(([alpha, beta]) => ({
      op: 'Gemm',
      inputs: ['x', 'w', 'b'],
      attributes: { alpha, beta },
      expected: gemm({ a: rows, b: columns, c: bias, alpha, beta }),
    })),
  },
  'a Conv and a ConvTranspose, as in autoencoders with tied weights': {
    depth: 72,
    feeds: { x: picture },
    constants: { w: filters },
    readers: [
      { op: 'Conv', inputs: ['x', 'w'], attributes: { pads }, expected: conv({ x: picture, w: filters, pads }) },
      { op: 'ConvTranspose', inputs: ['x', 'w'], attributes: { pads }, expected: convTranspose({ x: picture, w: filters, pads }) },
    ],
  },
  'a Conv and a MatMul': {
    depth: 8,
    feeds: { x: picture, r: random([1, 1, 5, 1], 12) },
    constants: { w: pointwise },
    readers: [
      { op: 'Conv', inputs: ['x', 'w'], expected: conv({ x: picture, w: pointwise }) },
      { op: 'MatMul', inputs: ['r', 'w'], expected: matMul(random([1, 1, 5, 1], 12), pointwise) },
    ],
  },
  'convolutions of one group and of two': {
    depth: 36,
    feeds: { x: picture, h: half },
    constants: { w: narrow },
    readers: [
      { op: 'Conv', inputs: ['h', 'w'], attributes: { pads }, expected: conv({ x: half, w: narrow, pads }) },
      { op: 'Conv', inputs: ['x', 'w'], attributes: { pads, group: 2 }, expected: conv({ x: picture, w: narrow, pads, group: 2 }) },
    ],
  },
  "convolutions directly and by Winograd's algorithm": {
    // The transforms add and multiply by numbers up to 2.5, twice.
    depth: 8 * 72,
    feeds: { x: picture },
    constants: { w: filters },
    readers: [1, 2].map((stride) => {
      const strides = [stride, stride];
      return { op: 'Conv', inputs: ['x', 'w'], attributes: { pads, strides }, expected: conv({ x: picture, w: filters, pads, strides }) };
    }),
    options: { winograd: winogradForms[0] },
  },
};

eachVariant((variant) => {
  test.each(Object.entries(cases))('%s', (_, { depth, feeds, constants, readers, options }) => {
    // Either may come first.
    for (const order of [readers, [...readers].reverse()]) {
      const nodes = order.map(({ expected: _, ...node }, i) => ({ ...node, outputs: [`y${i}`] }));
      const inputs = Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, dims]));
      const outputs = nodes.flatMap(({ outputs }) => outputs);
      const actual = runGraph(graphOf({ inputs, constants, nodes, outputs }), feeds, { variant, ...options });
      expect(actual).toHaveLength(order.length);
      order.forEach(({ expected }, i) => void expectClose(actual[i] as NdArray, expected, 4 * sumTolerance(depth)));
    }
  });

  test('the matrices of a batch, each of which takes the bias', () => {
    const [x, b] = [random([2, 5, 8], 13), random([8], 14)];
    const nodes = [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['p'] },
      { op: 'Add', inputs: ['p', 'b'] },
    ];
    const graph = graphOf({ inputs: { x: x.dims }, constants: { w: batched, b }, nodes });
    expectClose(runGraph(graph, { x }, { variant })[0] as NdArray, add(matMul(x, batched), b), sumTolerance(8));
  });
});
