import { array, matMul, type NdArray, random, relu } from '../reference/index.ts';
import { graphOf } from './graph.ts';
import { eachVariant, expectClose, expectNode, runGraph, runNode, sumTolerance } from './run.ts';

eachVariant((variant) => {
  /** B as a constant and fed; A as a constant too. */
  function expectMatMul(a: number[], b: number[]): void {
    const [x, w] = [random(a, 1), random(b, 2)];
    const expected = matMul(x, w);
    const tolerance = sumTolerance(Math.max(1, a.at(-1) ?? 1));
    expectNode({ op: 'MatMul', inputs: [x, w], constants: [1], variant }, expected, tolerance);
    expectClose(runNode({ op: 'MatMul', inputs: [x, w], constants: [0], variant }), expected, tolerance);
  }

  test.each(Array.from({ length: 17 }, (_, i) => i + 1))('%i columns', (columns) => {
    for (const rows of [1, 3, 4, 5, 9]) {
      for (const depth of [1, 2, 5, 8]) expectMatMul([rows, depth], [depth, columns]);
    }
  });

  test.each([511, 512, 513, 1025])('depth %i', (depth) => {
    expectMatMul([5, depth], [depth, 9]);
    expectMatMul([65, depth], [depth, 9]);
    expectMatMul([1, depth], [depth, 70]);
    expectMatMul([2, 3, depth], [2, depth, 9]);
  });

  test('more rows than a block', () => {
    expectMatMul([131, 20], [20, 9]);
    expectMatMul([3, 50, 20], [20, 17]);
  });

  test.each([
    [[4], [4]],
    [[1], [1]],
    [[4], [4, 5]],
    [[3, 4], [4]],
    [[4], [2, 4, 5]],
    [[2, 3, 4], [4]],
    [[4], [3, 2, 4, 5]],
    [[2, 5, 3, 4], [4]],
    [
      [3, 4],
      [2, 4, 5],
    ],
    [
      [2, 3, 4],
      [4, 5],
    ],
    [
      [2, 3, 4],
      [2, 4, 5],
    ],
    [
      [1, 3, 4],
      [2, 4, 5],
    ],
    [
      [2, 3, 4],
      [1, 4, 5],
    ],
    [
      [2, 3, 4, 5],
      [2, 3, 5, 7],
    ],
    [
      [2, 1, 4, 5],
      [3, 5, 7],
    ],
    [
      [3, 4, 5],
      [2, 1, 5, 7],
    ],
    [
      [2, 1, 4, 5],
      [1, 3, 5, 7],
    ],
    [
      [1, 1, 4, 5],
      [2, 3, 5, 7],
    ],
    [
      [2, 3, 4, 5],
      [5, 7],
    ],
    [
      [4, 5],
      [2, 3, 5, 7],
    ],
    [
      [2, 1, 3, 4, 5],
      [2, 3, 5, 6],
    ],
    [
      [2, 3, 1, 4, 5],
      [2, 1, 2, 5, 6],
    ],
    [
      [1, 2, 1, 4, 5],
      [3, 1, 2, 5, 1],
    ],
    [
      [2, 2, 2, 1, 9],
      [2, 2, 2, 9, 8],
    ],
  ])('%j times %j', (a, b) => expectMatMul(a, b));

  test.each([
    [
      [3, 0],
      [0, 5],
    ],
    [
      [2, 3, 0],
      [0, 5],
    ],
    [
      [2, 3, 0],
      [2, 0, 5],
    ],
    [[0], [0, 9]],
    [[3, 0], [0]],
    [[0], [0]],
  ])('a sum of nothing is 0: %j times %j', (a, b) => expectMatMul(a, b));

  test.each([
    [
      [0, 4],
      [4, 5],
    ],
    [
      [3, 4],
      [4, 0],
    ],
    [
      [0, 3, 4],
      [4, 5],
    ],
    [
      [0, 3, 4],
      [1, 4, 5],
    ],
    [
      [1, 3, 4],
      [0, 4, 5],
    ],
  ])('nothing: %j times %j', (a, b) => expectMatMul(a, b));

  test('a Relu behind it', () => {
    for (const [a, b] of [
      [
        [2, 3, 4],
        [4, 9],
      ],
      [
        [2, 3, 4],
        [2, 4, 9],
      ],
    ] as const) {
      const [x, w] = [random(a, 1), random(b, 2)];
      const nodes = [
        { op: 'MatMul', inputs: ['x', 'w'] },
        { op: 'Relu', inputs: ['MatMul_0'] },
      ];
      const [y] = runGraph(graphOf({ inputs: { x: a }, constants: { w }, nodes }), { x }, { variant });
      expectClose(y as NdArray, relu(matMul(x, w)), sumTolerance(4));
    }
  });

  test('a bias and a Relu behind it', () => {
    for (const bias of [[9], [1, 9], [3, 1], [2, 3, 9], []]) {
      const [x, w, b] = [random([2, 3, 4], 1), random([4, 9], 2), random(bias, 3)];
      const nodes = [
        { op: 'MatMul', inputs: ['x', 'w'] },
        { op: 'Add', inputs: ['b', 'MatMul_0'] },
        { op: 'Relu', inputs: ['Add_1'] },
      ];
      const [y] = runGraph(graphOf({ inputs: { x: [2, 3, 4] }, constants: { w, b }, nodes }), { x }, { variant });
      const product = matMul(x, w);
      const added = array(
        [2, 3, 9],
        product.data.map((value, i) => {
          const place = [Math.floor(i / 27), Math.floor(i / 9) % 3, i % 9].slice(3 - bias.length);
          return (
            value +
            (b.data[place.reduce((at, index, axis) => at * (bias[axis] ?? 1) + ((bias[axis] ?? 1) === 1 ? 0 : index), 0)] ?? Number.NaN)
          );
        }),
      );
      expectClose(y as NdArray, relu(added), sumTolerance(5));
    }
  });

  test('attention: scores, softmax, values', () => {
    const [q, k, v] = [random([2, 3, 5, 4], 1), random([2, 3, 4, 6], 2), random([2, 3, 6, 7], 3)];
    const graph = graphOf({
      inputs: { q: q.dims, k: k.dims, v: v.dims },
      nodes: [
        { op: 'MatMul', inputs: ['q', 'k'] },
        { op: 'Softmax', attributes: { axis: -1 }, inputs: ['MatMul_0'] },
        { op: 'MatMul', inputs: ['Softmax_1', 'v'] },
      ],
    });
    const scores = matMul(q, k);
    for (let row = 0; row < 30; row++) {
      const part = scores.data.subarray(row * 6, row * 6 + 6);
      const powers = part.map(Math.exp);
      const sum = powers.reduce((a, b) => a + b, 0);
      part.set(powers.map((value) => value / sum));
    }
    const [y] = runGraph(graph, { q, k, v }, { variant });
    expectClose(y as NdArray, matMul(scores, v), 2 * sumTolerance(6));
  });

  test('infinities and NaN stay in their rows and columns', () => {
    const a = array([3, 2], [1, Number.POSITIVE_INFINITY, Number.NaN, 1, 1, 1]);
    const b = array([2, 2], [1, 2, 3, Number.NEGATIVE_INFINITY]);
    expectNode({ op: 'MatMul', inputs: [a, b], constants: [1], variant }, matMul(a, b), 0);
  });

  test.each([
    [
      [3, 4],
      [5, 4],
    ],
    [[4], [5]],
    [
      [2, 3, 4],
      [3, 4, 5],
    ],
    [[], [4, 5]],
    [[3, 4], []],
  ])('%j and %j do not multiply', (a, b) => {
    expect(() => runNode({ op: 'MatMul', inputs: [random(a, 1), random(b, 2)], variant })).toThrow(
      expect.objectContaining({ code: 'INVALID_MODEL' }),
    );
  });
});

test('whole numbers, on the host', () => {
  const [x, w] = [random([2, 3, 4], 1, -99, 99), random([4, 5], 2, -99, 99)];
  for (const { data } of [x, w]) data.set(data.map(Math.round));
  // int32 and int64, cast there and back.
  for (const to of [6, 7]) {
    const cast = (input: string, type: number) => ({ op: 'Cast', attributes: { to: type }, inputs: [input] });
    const graph = graphOf({
      inputs: { x: x.dims, w: w.dims },
      nodes: [cast('x', to), cast('w', to), { op: 'MatMul', inputs: ['Cast_0', 'Cast_1'] }, cast('MatMul_2', 1)],
    });
    expectClose(runGraph(graph, { x, w })[0] as NdArray, matMul(x, w), 0);
  }
});
