import fc from 'fast-check';
import { add, array, type NdArray, random, relu } from '../reference/index.ts';
import { graphOf, type NodeSpec } from './graph.ts';
import { opsOf } from './plans.ts';
import { eachVariant, expectClose, expectNode, runGraph } from './run.ts';

// One addition is rounded once, as that of float64 to float32 is: no tolerance.
const rounded = ({ dims, data }: NdArray): NdArray => array(dims, data.map(Math.fround));
const EXACT = 0;

/** Shapes that broadcast, by what repeats. */
const broadcasts: Record<string, [number[], number[]]> = {
  'two scalars': [[], []],
  'a scalar': [[2, 3, 5], []],
  'one element': [[2, 3, 5], [1]],
  'one element of more dimensions': [[3], [1, 1, 1]],
  'the last dimension': [[2, 3, 5], [5]],
  'a channel': [
    [2, 7, 3, 5],
    [7, 1, 1],
  ],
  'a channel of every picture': [
    [2, 7, 3, 5],
    [2, 7, 1, 1],
  ],
  'a picture for all channels': [
    [2, 7, 3, 5],
    [2, 1, 3, 5],
  ],
  'a row': [
    [4, 9],
    [1, 9],
  ],
  'a column': [
    [4, 9],
    [4, 1],
  ],
  'row and column': [
    [1, 9],
    [4, 1],
  ],
  'both, alternating': [
    [3, 1, 5, 1],
    [1, 4, 1, 2],
  ],
  'different ranks, both ways': [
    [4, 1],
    [3, 1, 5],
  ],
  'six dimensions': [
    [2, 1, 3, 1, 2, 1],
    [1, 2, 1, 3, 1, 5],
  ],
  'more than six that merge': [
    [2, 3, 1, 1, 2, 2, 1, 3],
    [2, 3, 1, 1, 2, 2, 1, 3],
  ],
  'nothing at all': [
    [0, 3],
    [1, 3],
  ],
};

const counts = [1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 4095, 4096, 4097, 8195];

eachVariant((variant) => {
  test.each(counts)('Relu of %i elements', (count) => {
    const x = random([count], 1);
    expectNode({ op: 'Relu', inputs: [x], variant }, relu(x), EXACT);
  });

  test('Relu keeps NaN and infinity', () => {
    const x = array([2, 3], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, -Number.MIN_VALUE, 3]);
    expectNode({ op: 'Relu', inputs: [x], variant }, array([2, 3], [Number.NaN, Number.POSITIVE_INFINITY, 0, 0, 0, 3]), EXACT);
  });

  test.each(counts)('Add of %i elements', (count) => {
    const [a, b] = [random([count], 1), random([count], 2)];
    expectNode({ op: 'Add', inputs: [a, b], constants: [1], variant }, rounded(add(a, b)), EXACT);
    expectNode(
      { op: 'Add', inputs: [a, array([], [0.3])], constants: [1], variant },
      rounded(add(a, array([], [Math.fround(0.3)]))),
      EXACT,
    );
  });

  test.each(Object.entries(broadcasts))('Add broadcasts %s', (_, [left, right]) => {
    const [a, b] = [random(left, 1), random(right, 2)];
    const expected = rounded(add(a, b));
    expectNode({ op: 'Add', inputs: [a, b], constants: [1], variant }, expected, EXACT);
    expectNode({ op: 'Add', inputs: [b, a], constants: [1], variant }, expected, EXACT);
  });

  test('Add of a value to itself', () => {
    const x = random([3, 5], 1);
    const graph = graphOf({ inputs: { x: x.dims }, nodes: [{ op: 'Add', inputs: ['x', 'x'] }] });
    expectClose(runGraph(graph, { x }, { variant })[0] as NdArray, add(x, x), EXACT);
  });

  test('Add with Relu fused', () => {
    const [a, b] = [random([2, 5], 1), random([5], 2)];
    const graph = graphOf({
      inputs: { a: a.dims, b: b.dims },
      nodes: [
        { op: 'Add', inputs: ['a', 'b'] },
        { op: 'Relu', inputs: ['Add_0'] },
      ],
    });
    expect(opsOf(graph, { a, b })).toEqual(['f32_binary']);
    expectClose(runGraph(graph, { a, b }, { variant })[0] as NdArray, rounded(relu(add(a, b))), EXACT);
  });

  test('Add of NaN and infinities', () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const [a, b] = [array([5], [nan, inf, inf, -inf, 1]), array([5], [1, -inf, inf, 1, nan])];
    expectNode({ op: 'Add', inputs: [a, b], variant }, array([5], [nan, nan, inf, -inf, nan]), EXACT);
  });

  test('random broadcasts', () => {
    const shape = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), fc.constantFrom('both', 'left', 'right')), { maxLength: 6 });
    fc.assert(
      fc.property(shape, fc.nat(2), fc.nat(2), (axes, dropLeft, dropRight) => {
        const one = (side: string) => axes.map(([size, has]) => (has === 'both' || has === side ? size : 1));
        // Leading ones may be left out.
        const drop = (dims: number[], count: number) => (dims.slice(0, count).every((dim) => dim === 1) ? dims.slice(count) : dims);
        const [a, b] = [random(drop(one('left'), dropLeft), 1), random(drop(one('right'), dropRight), 2)];
        expectNode({ op: 'Add', inputs: [a, b], constants: [0], variant }, rounded(add(a, b)), EXACT);
      }),
      { seed: 4, numRuns: 150 },
    );
  });

  // A pool of 1×1 windows brings a value into the layout of pictures, channels last, and changes nothing.
  describe('mixed layouts', () => {
    const pool = (input: string, output: string): NodeSpec => ({
      op: 'MaxPool',
      inputs: [input],
      outputs: [output],
      attributes: { kernel_shape: [1, 1] },
    });

    test.each([
      [[2, 5, 3, 4]],
      [[5, 3, 4]],
      [[3, 4]],
      [[4]],
      [[]],
      [[1, 5, 1, 1]],
      [[5, 1, 1]],
      [[2, 1, 3, 4]],
      [[2, 5, 3, 1]],
      [[3, 2, 5, 3, 4]],
      [[2, 5, 1, 4]],
    ])('channels last with %j in order', (dims) => {
      const [x, b] = [random([2, 5, 3, 4], 1), random(dims, 2)];
      const expected = rounded(add(x, b));
      for (const inputs of [
        ['p', 'b'],
        ['b', 'p'],
      ]) {
        const nodes = [pool('x', 'p'), { op: 'Add', inputs }];
        const fed = graphOf({ inputs: { x: x.dims, b: b.dims }, nodes });
        expectClose(runGraph(fed, { x, b }, { variant })[0] as NdArray, expected, EXACT);
        const constant = graphOf({ inputs: { x: x.dims }, constants: { b }, nodes });
        expectClose(runGraph(constant, { x }, { variant })[0] as NdArray, expected, EXACT);
      }
    });

    test('both channels last, of one shape and broadcast', () => {
      for (const dims of [
        [2, 5, 3, 4],
        [1, 5, 1, 1],
        [2, 1, 3, 4],
        [2, 5, 3, 1],
      ]) {
        const [x, b] = [random([2, 5, 3, 4], 1), random(dims, 2)];
        const nodes = [pool('x', 'p'), pool('b', 'q'), { op: 'Add', inputs: ['p', 'q'] }, { op: 'Relu', inputs: ['Add_2'] }];
        const graph = graphOf({ inputs: { x: x.dims, b: b.dims }, nodes });
        expectClose(runGraph(graph, { x, b }, { variant })[0] as NdArray, rounded(relu(add(x, b))), EXACT);
      }
    });

    test('of ranks 3 and 4', () => {
      const [x, b] = [random([5, 3, 4], 1), random([2, 5, 3, 1], 2)];
      const attributes = { kernel_shape: [1] };
      const nodes = [{ op: 'MaxPool', inputs: ['x'], outputs: ['p'], attributes }, pool('b', 'q'), { op: 'Add', inputs: ['p', 'q'] }];
      const graph = graphOf({ inputs: { x: x.dims, b: b.dims }, nodes });
      expectClose(runGraph(graph, { x, b }, { variant })[0] as NdArray, rounded(add(x, b)), EXACT);
    });
  });
});
