import { sumDepth } from '../../src/ops/gemm/blocks.ts';
import { array, at, gemm, type NdArray, random, relu } from '../reference/index.ts';
import { graphOf } from './graph.ts';
import { partialSums } from './partialSums.ts';
import { opsOf } from './plans.ts';
import { eachVariant, expectClose, expectNode, ROUNDING, runGraph, runNode, sumTolerance } from './run.ts';

interface GemmCase {
  size: [rows: number, columns: number, depth: number];
  c?: number[];
  alpha?: number;
  beta?: number;
  transA?: boolean;
  transB?: boolean;
}

/** The three operands, random in [-1, 1]. */
function operands({ size: [rows, columns, depth], c, transA, transB }: GemmCase): { a: NdArray; b: NdArray; c?: NdArray } {
  const a = random(transA ? [depth, rows] : [rows, depth], 1);
  const b = random(transB ? [columns, depth] : [depth, columns], 2);
  return c ? { a, b, c: random(c, 3) } : { a, b };
}

function gemmNode(config: GemmCase, { a, b, c }: { a: NdArray; b: NdArray; c?: NdArray }) {
  const { alpha = 1, beta = 1, transA = false, transB = false } = config;
  const attributes = { alpha, beta, transA: Number(transA), transB: Number(transB) };
  return { op: 'Gemm', attributes, inputs: [a, b, c], constants: [1, 2] };
}

eachVariant((variant) => {
  /** Alpha and beta are rounded into the packed weights: one rounding more in each product and in the bias. */
  const toleranceOf = ({ size, alpha = 1, beta = 1 }: GemmCase) =>
    sumTolerance(size[2]) * Math.max(1, Math.abs(alpha)) + 2 * ROUNDING * (Math.abs(beta) + Math.abs(alpha) * Math.sqrt(size[2]));

  function expectGemm(config: GemmCase): void {
    const arrays = operands(config);
    const { size, c, ...options } = config;
    const expected = gemm({ ...options, ...arrays });
    const node = gemmNode(config, arrays);
    expectNode({ ...node, variant }, expected, toleranceOf(config));
    // One constant alone: weights packed at load with a fed C, and the other way round.
    if (!arrays.c) return;
    for (const constants of [[1], [2]]) expectClose(runNode({ ...node, constants, variant }), expected, toleranceOf(config));
  }

  // The tile is 4×8.
  test.each([1, 3, 4, 5, 7, 8, 9])('%i rows', (rows) => {
    for (const columns of [1, 7, 8, 9, 15, 16, 17]) {
      for (const depth of [1, 2, 3, 4, 5, 9]) expectGemm({ size: [rows, columns, depth], c: [columns] });
    }
  });

  // The depth is cut into even blocks of at most 512; there are 64 rows to a block of 512, 128 to one of up to 256. Few rows have deeper ones.
  test.each([511, 512, 513, 1023, 1024, 1025, 1100])('depth %i', (depth) => {
    expectGemm({ size: [61, 9, depth], c: [9] });
    expectGemm({ size: [61, 9, depth], c: [61, 9], transB: true });
  });

  test.each([
    [127, 8],
    [128, 8],
    [129, 8],
    [255, 256],
    [257, 3],
    [5, 4096],
    [5, 4097],
    [17, 1639],
    [63, 512],
    [64, 512],
    [65, 512],
    [129, 1100],
  ])('%i rows of depth %i', (rows, depth) => expectGemm({ size: [rows, 9, depth], c: [9] }));

  test('depth 0 leaves C', () => {
    const [a, b, c] = [array([2, 0]), array([0, 3]), array([3], [1, 2, 3])];
    expectNode({ op: 'Gemm', inputs: [a, b, c], constants: [1, 2], variant }, array([2, 3], [1, 2, 3, 1, 2, 3]), 0);
    expectNode({ op: 'Gemm', inputs: [a, b], constants: [1], variant }, array([2, 3]), 0);
  });

  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('transA %s, transB %s', (transA, transB) => {
    for (const size of [
      [1, 1, 1],
      [1, 9, 5],
      [5, 1, 9],
      [9, 5, 1],
      [7, 17, 13],
    ] satisfies GemmCase['size'][]) {
      expectGemm({ size, transA, transB });
      expectGemm({ size, transA, transB, c: [size[1]], alpha: 0.7, beta: -1.3 });
      expectGemm({ size, transA, transB, c: [size[0], size[1]], alpha: -2, beta: 0.3 });
    }
  });

  // 70 columns of 900 are packed at load in parts of 2 panels where they are rows of B; else in one.
  test.each([true, false])('weights that are staged, transB %s', (transB) =>
    expectGemm({ size: [3, 70, 900], c: [70], transB, alpha: 0.5 }),
  );

  describe.each([
    [5, 9],
    [1, 9],
    [5, 1],
    [1, 1],
    [9, 9],
  ])('C broadcast to %i × %i', (rows, columns) => {
    test.each([[[]], [[1]], [[columns]], [[1, columns]], [[rows, 1]], [[1, 1]], [[rows, columns]]])('%j', (c) => {
      expectGemm({ size: [rows, columns, 6], c });
      expectGemm({ size: [rows, columns, 6], c, alpha: 0.3, beta: 2.5, transB: true });
      expectGemm({ size: [rows, columns, 6], c, beta: 0, transA: true });
    });
  });

  test.each([[undefined], [[7]], [[5, 7]], [[5, 1]]])('Relu fused, C %j', (c) => {
    const config: GemmCase = { size: [5, 7, 9], ...(c ? { c } : {}) };
    const arrays = operands(config);
    const graph = graphOf({
      inputs: { a: [5, 9] },
      constants: { b: arrays.b, ...(arrays.c ? { c: arrays.c } : {}) },
      nodes: [
        { op: 'Gemm', inputs: arrays.c ? ['a', 'b', 'c'] : ['a', 'b'] },
        { op: 'Relu', inputs: ['Gemm_0'] },
      ],
    });
    expect(opsOf(graph, { a: arrays.a })).not.toContain('f32_clamp');
    const [y] = runGraph(graph, { a: arrays.a }, { variant });
    expectClose(y as NdArray, relu(gemm(arrays)), toleranceOf(config));
  });

  test('infinities and NaN stay in their rows and columns', () => {
    const a = array([3, 2], [1, Number.POSITIVE_INFINITY, Number.NaN, 1, 1, 1]);
    const b = array([2, 2], [1, 2, 3, Number.NEGATIVE_INFINITY]);
    expectNode({ op: 'Gemm', inputs: [a, b], constants: [1], variant }, gemm({ a, b }), 0);
  });
});

test.each([3, 144, 145, 512, 1100])('strict, to the last bit: depth %i', (depth) => {
  const config: GemmCase = { size: [62, 11, depth], c: [11], alpha: 0.3, beta: 0.7 };
  const arrays = operands(config);
  const { a, b } = arrays;
  const expected = array([62, 11]);
  expected.data.forEach((_, place) => {
    const [i, j] = [Math.floor(place / 11), place % 11];
    const bias = Math.fround(Math.fround(0.7) * at(arrays.c?.data ?? [], j));
    expected.data[place] = partialSums(depth, bias, (k) => {
      return at(a.data, i * depth + k) * Math.fround(Math.fround(0.3) * at(b.data, k * 11 + j));
    });
  });
  expectNode(gemmNode(config, arrays), expected, 0);
});

test('a depth is summed in even parts of at most 144 products, a large one in longer ones', () => {
  expect([0, 1, 144, 145, 432, 512, 576, 4608].map((depth) => sumDepth(depth))).toEqual([1, 1, 144, 73, 144, 171, 144, 171]);
  expect(sumDepth(20_000)).toBe(211);
  expect(sumDepth(2 ** 24)).toBe(6144);
});

test('a row has the same bits alone and among others', () => {
  for (const depth of [100, 500, 5000]) {
    const arrays = operands({ size: [9, 21, depth], c: [21] });
    const together = runNode(gemmNode({ size: [9, 21, depth], c: [21] }, arrays));
    for (let row = 0; row < 9; row++) {
      const a = array([1, depth], arrays.a.data.subarray(row * depth, (row + 1) * depth));
      const alone = runNode(gemmNode({ size: [1, 21, depth], c: [21] }, { ...arrays, a }));
      expect(alone.data).toEqual(together.data.subarray(row * 21, (row + 1) * 21));
    }
  }
});
