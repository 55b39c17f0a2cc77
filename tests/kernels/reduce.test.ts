import { array, at, type NdArray, random, reduce, reductions, sizeOf } from '../reference/index.ts';
import { float32, graphOf, int64, type NodeSpec } from './graph.ts';
import { eachVariant, expectClose, ROUNDING, runGraph } from './run.ts';

const ops = Object.keys(reductions);
/** Up to opset 12 (ReduceSum) or 17 the axes are an attribute, then an input. */
const axesAreInput = (op: string, opset: number): boolean => opset >= (op === 'ReduceSum' ? 13 : 18);

const exact = new Set(['ReduceMax', 'ReduceMin']);

/** So that sums have a logarithm; the others see both signs. */
const inputOf = (op: string, dims: readonly number[], seed = 1): NdArray =>
  op === 'ReduceLogSum' ? random(dims, seed, 0.1, 2) : op === 'ReduceProd' ? random(dims, seed, 0.7, 1.4) : random(dims, seed, -2, 2);

/** Largest error: a rounding of the sum of all sizes for each addition in a row, no more of them than in a block and its halvings. */
function toleranceOf(op: string, x: NdArray, axes?: readonly number[]): number {
  if (exact.has(op)) return 0;
  const largest = (name: string) => reduce(name, x, axes).data.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  const signed = op === 'ReduceSum' || op === 'ReduceMean';
  const count = axes ? axes.reduce((product, axis) => product * (x.dims.at(axis) ?? 1), 1) : x.data.length;
  const size = signed ? largest('ReduceL1') / (op === 'ReduceMean' ? count : 1) : largest(op);
  return ROUNDING * (8 + Math.min(count, 256 + Math.log2(count + 1))) * Math.max(1, size);
}

interface Case {
  op: string;
  opset: number;
  x: NdArray;
  axes?: readonly number[] | undefined;
  keepDims?: boolean;
  /** Whether a pool makes the input channels-last, and another reads the output. */
  pooled?: boolean;
  attributes?: Record<string, number>;
}

const pool = (input: string, output: string): NodeSpec => ({
  op: 'MaxPool',
  inputs: [input],
  outputs: [output],
  attributes: { kernel_shape: [1, 1] },
});

eachVariant((variant) => {
  function run({ op, opset, x, axes, keepDims, pooled = false, attributes = {} }: Case): NdArray {
    const late = axesAreInput(op, opset);
    const node: NodeSpec = {
      op,
      inputs: [pooled ? 'p' : 'x', ...(axes && late ? ['axes'] : [])],
      outputs: ['y'],
      attributes: {
        ...attributes,
        axes: axes && !late ? axes : undefined,
        keepdims: keepDims === undefined ? undefined : Number(keepDims),
      },
    };
    const again = pooled && keepDims !== false;
    const graph = graphOf({
      opset,
      inputs: { x: x.dims },
      constants: axes && late ? { axes: int64('axes', axes) } : {},
      nodes: [...(pooled ? [pool('x', 'p')] : []), node, ...(again ? [pool('y', 'z')] : [])],
    });
    return runGraph(graph, { x }, { variant })[0] as NdArray;
  }

  function expectReduced(node: Case): void {
    const { op, x, axes, keepDims = true } = node;
    const all = axes && axes.length > 0 ? axes : undefined;
    expectClose(run(node), reduce(op, x, all, keepDims), toleranceOf(op, x, all));
  }

  test.each(ops)('%s over every subset of axes', (op) => {
    for (const dims of [[5], [1, 1], [3, 4], [17, 2], [2, 3, 5], [2, 7, 3, 5], [1, 4, 1, 9], [3, 1, 8, 1]]) {
      const x = inputOf(op, dims);
      for (let set = 0; set < 2 ** dims.length; set++) {
        const axes = dims.map((_, axis) => axis).filter((axis) => (set >> axis) & 1);
        const negative = axes.map((axis) => (axis % 2 ? axis - dims.length : axis)).reverse();
        for (const keepDims of [true, false]) {
          expectReduced({ op, opset: 12, x, axes, keepDims });
          expectReduced({ op, opset: 18, x, axes: negative, keepDims });
          if (dims.length === 4) expectReduced({ op, opset: 18, x, axes, keepDims, pooled: true });
        }
      }
    }
  });

  test.each(ops)('%s of five and more dimensions', (op) => {
    const x = inputOf(op, [2, 3, 2, 3, 2]);
    for (let set = 0; set < 32; set++)
      expectReduced({ op, opset: 13, x, axes: [0, 1, 2, 3, 4].filter((axis) => (set >> axis) & 1), keepDims: set % 2 === 0 });
    const more = inputOf(op, [2, 1, 3, 2, 2, 1, 3, 2]);
    expectReduced({ op, opset: 18, x: more, axes: [0, 3, -2], keepDims: false });
    expectReduced({ op, opset: 18, x: more, axes: [7, 2, 4] });
  });

  test.each(ops)('%s of scalars, single elements and everything', (op) => {
    for (const opset of [1, 11, 13, 18, 21]) {
      for (const dims of [[], [1], [1, 1, 1], [7], [4, 3]]) {
        const x = inputOf(op, dims);
        expectReduced({ op, opset, x });
        expectReduced({ op, opset, x, keepDims: false });
      }
    }
  });

  // Of nothing a sum is 0, a product 1, the largest of all -infinity, a mean NaN.
  test.each(ops)('%s of nothing', (op) => {
    for (const [dims, axes] of [
      [[0], [0]],
      [[3, 0, 5], [1]],
      [
        [3, 0, 5],
        [0, 1],
      ],
      [[3, 0, 5], [0]],
      [
        [2, 3, 0, 2],
        [2, 3],
      ],
    ] as [number[], number[]][]) {
      const x = array(dims);
      for (const keepDims of [true, false]) expectClose(run({ op, opset: 18, x, axes, keepDims }), reduce(op, x, axes, keepDims), 0);
    }
  });

  test.each(ops)('%s: noop_with_empty_axes leaves single elements', (op) => {
    const x = inputOf(op, [2, 3, 2, 4]);
    const expected = reduce(op, x, []);
    for (const axes of [undefined, []]) {
      for (const pooled of [false, true]) {
        for (const keepDims of [true, false]) {
          const attributes = { noop_with_empty_axes: 1 };
          expectClose(run({ op, opset: 18, x, axes, keepDims, pooled, attributes }), expected, toleranceOf(op, x, []));
        }
      }
    }
    expectReduced({ op, opset: 18, x, axes: [], attributes: { noop_with_empty_axes: 0 } });
  });

  test.each(ops)('%s of each length', (op) => {
    for (const length of [1, 2, 3, 4, 5, 7, 8, 9, 255, 256, 257, 260, 1027]) {
      const rows = inputOf(op, [3, length]);
      expectReduced({ op, opset: 18, x: rows, axes: [1] });
      expectReduced({ op, opset: 18, x: inputOf(op, [length, 3]), axes: [0] });
      expectReduced({ op, opset: 18, x: inputOf(op, [length, 9]), axes: [0] });
    }
  });

  // Parts of a concatenation lie between the channels of the others.
  test.each(ops)('%s from and into slices of channels', (op) => {
    const [x, b] = [inputOf(op, [2, 3, 4, 5]), inputOf(op, [2, 2, 4, 5], 2)];
    for (const axes of [[2, 3], [1], [0], [1, 2, 3], [3]]) {
      for (const keepDims of [true, false]) {
        const graph = graphOf({
          opset: 18,
          inputs: { x: x.dims, b: b.dims },
          constants: { axes: int64('axes', axes), one: float32('one', array([], [1])) },
          nodes: [
            pool('x', 'p'),
            pool('b', 'q'),
            { op: 'Mul', inputs: ['p', 'one'], outputs: ['r'] },
            { op: 'Concat', inputs: ['q', 'r', 'q'], outputs: ['all'], attributes: { axis: 1 } },
            { op, inputs: ['r', 'axes'], outputs: ['y'], attributes: { keepdims: Number(keepDims) } },
            { op, inputs: ['q', 'axes'], outputs: ['w'], attributes: { keepdims: Number(keepDims) } },
            ...(keepDims ? [{ op: 'Concat', inputs: ['w', 'y', 'y'], outputs: ['ys'], attributes: { axis: 1 } }] : []),
            pool('all', 'last'),
          ],
          outputs: keepDims ? ['last', 'ys'] : ['last', 'y', 'w'],
        });
        const [all, first, second] = runGraph(graph, { x, b }, { variant });
        const tolerance = Math.max(toleranceOf(op, x, axes), toleranceOf(op, b, axes));
        const [y, w] = [reduce(op, x, axes, keepDims), reduce(op, b, axes, keepDims)];
        expect(all?.dims).toEqual([2, 7, 4, 5]);
        expectClose(all as NdArray, concatenated([b, x, b]), 0);
        if (keepDims) {
          expectClose(first as NdArray, concatenated([w, y, y]), tolerance);
        } else {
          expectClose(first as NdArray, y, tolerance);
          expectClose(second as NdArray, w, tolerance);
        }
      }
    }
  });

  test('NaN wins, infinities add up', () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    for (const line of [
      [1, nan, 2, 3, 4],
      [nan, 1, 2, 3],
      [1, 2, 3, 4, nan],
      [inf, -inf, 1],
      [inf, 1, 2, 3, 4],
      [-inf, 1, 2],
      [-inf, -inf, -inf, -inf, -inf],
      [1e38, 1e38, -1e38, 1e38],
      [-0, -0],
    ]) {
      for (const op of ops) {
        for (const dims of [
          [1, line.length],
          [line.length, 1],
        ]) {
          const x = array(dims, line.map(Math.fround));
          const expected = reduce(op, x, dims.indexOf(1) === 0 ? [1] : [0]);
          const y = run({ op, opset: 18, x, axes: [dims.indexOf(1) === 0 ? 1 : 0] });
          const value = at(y.data, 0);
          const wanted = Math.fround(at(expected.data, 0));
          // float32 leaves its range earlier: squares of 1e38 do.
          if (/L2|Square|Prod/.test(op) && line.includes(1e38)) expect([Math.abs(value)]).toEqual([inf]);
          else if (Number.isFinite(wanted)) expect(Math.abs(value - wanted)).toBeLessThanOrEqual(Math.abs(wanted) * 1e-6);
          else expect([op, line, value]).toEqual([op, line, wanted]);
        }
      }
    }
  });

  test('ReduceLogSumExp of large numbers does not leave the range', () => {
    const x = array([2, 3], [1000, 999, 998, -1000, -1001, -3e38]);
    expectClose(run({ op: 'ReduceLogSumExp', opset: 18, x, axes: [1] }), reduce('ReduceLogSumExp', x, [1]), 1e-4);
  });

  const LONG = 1_000_000;
  /** All alike, so that roundings add up, or random. */
  const alike = (dims: number[]) => array(dims, new Float64Array(sizeOf(dims)).fill(Math.fround(0.1)));
  test.each([
    ['a row', [LONG], [0]],
    ['rows', [3, LONG / 4], [1]],
    ['columns', [LONG / 4, 5], [0]],
    ['a picture', [1, 1, 500, 500], [2, 3]],
    ['pictures', [2, 3, 300, 300], [2, 3]],
    ['channels and pictures', [2, 100, 50, 50], [0, 1, 2, 3]],
  ] as [string, number[], number[]][])('long sums over %s', (_, dims, axes) => {
    for (const [x, tolerance] of [
      [random(dims, 3, 0, 1), 2e-7],
      [alike(dims), 3e-6],
    ] as const) {
      for (const pooled of dims.length === 4 ? [false, true] : [false]) {
        const sum = reduceLong(x, axes);
        for (const [op, scale] of [
          ['ReduceSum', 1],
          ['ReduceMean', sum.count],
        ] as const) {
          const y = run({ op, opset: 18, x, axes, pooled });
          const worst = Math.max(...y.data.map((value, i) => Math.abs((value * scale) / at(sum.sums, i) - 1)));
          expect([op, worst < tolerance]).toEqual([op, true]);
        }
      }
    }
  });
});

function concatenated(parts: NdArray[]): NdArray {
  const [first] = parts as [NdArray];
  const channels = parts.reduce((sum, { dims }) => sum + at(dims, 1), 0);
  const y = array(first.dims.with(1, channels));
  let place = 0;
  for (let n = 0; n < at(first.dims, 0); n++) {
    for (const { dims, data } of parts) {
      const size = sizeOf(dims.slice(1));
      y.data.set(data.subarray(n * size, (n + 1) * size), place);
      place += size;
    }
  }
  return y;
}

/** Sums over the last axes, or the first. */
function reduceLong(x: NdArray, axes: number[]): { sums: Float64Array; count: number } {
  const count = axes.reduce((product, axis) => product * at(x.dims, axis), 1);
  const sums = new Float64Array(x.data.length / count);
  const last = axes.includes(x.dims.length - 1);
  x.data.forEach((value, i) => {
    const o = last ? Math.floor(i / count) : i % sums.length;
    sums[o] = at(sums, o) + value;
  });
  return { sums, count };
}
