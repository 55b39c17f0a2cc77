// The operators of two and more inputs over broadcasts and layouts. Add has more of them in elementwise.test.ts.
import { failure } from '../failure.ts';
import { array, at, binaryFunctions, broadcastMap, expand, type NdArray, random, ulpError } from '../reference/index.ts';
import { graphOf, type NodeSpec } from './graph.ts';
import { eachVariant, expectClose, expectNode, runGraph, runNode } from './run.ts';

const rounded = ({ dims, data }: NdArray): NdArray => array(dims, data.map(Math.fround));

/** Those whose result is rounded once. */
const exact = ['Add', 'Sub', 'Mul', 'Div', 'Min', 'Max', 'Mod', 'PRelu'];
const both = [...exact.filter((op) => op !== 'PRelu'), 'Pow'];
const attributesOf = (op: string): Record<string, number> => (op === 'Mod' ? { fmod: 1 } : {});

/** Powers of positive numbers, so that none is NaN. */
const inputsOf = (op: string, left: readonly number[], right: readonly number[]): [NdArray, NdArray] =>
  op === 'Pow' ? [random(left, 1, 0.2, 3), random(right, 2, -3, 3)] : [random(left, 1, -4, 4), random(right, 2, -4, 4)];

const expected = (op: string, a: NdArray, b: NdArray): NdArray => rounded(broadcastMap(binaryFunctions[op] as never, a, b));

function expectResult(op: string, actual: NdArray, a: NdArray, b: NdArray): void {
  const result = broadcastMap(binaryFunctions[op] as never, a, b);
  expect(actual.dims).toEqual(result.dims);
  const off = result.data.findIndex((value, i) => !(ulpError(at(actual.data, i), value) <= (op === 'Pow' ? 1 : 0)));
  expect(off < 0 ? [] : [off, actual.data[off]]).toEqual(off < 0 ? [] : [off, result.data[off]]);
  expect(off).toBe(-1);
}

const broadcasts: [number[], number[]][] = [
  [[], []],
  [[], [5]],
  [[1], [1, 1]],
  [[3], [3]],
  [[8], [1]],
  [[17], [17]],
  [
    [2, 5],
    [2, 1],
  ],
  [
    [1, 5],
    [3, 1],
  ],
  [
    [3, 4, 5],
    [3, 1, 5],
  ],
  [
    [3, 1, 5],
    [3, 4, 1],
  ],
  [
    [2, 3, 4, 5],
    [1, 3, 1, 1],
  ],
  [
    [2, 3, 4, 5],
    [2, 1, 4, 1],
  ],
  [
    [2, 1, 4, 1],
    [1, 3, 1, 5],
  ],
  [
    [3, 1, 2, 1, 5],
    [2, 1, 3, 1],
  ],
  [
    [2, 1, 2, 1, 2, 3],
    [3, 1, 2, 1, 1],
  ],
  [
    [2, 1, 3, 1, 2, 1, 4],
    [1, 2, 1, 3, 1, 2, 1],
  ],
  [
    [0, 3],
    [1, 3],
  ],
  [
    [2, 0, 1],
    [1, 5],
  ],
];

const pool = (input: string, output: string): NodeSpec => ({
  op: 'MaxPool',
  inputs: [input],
  outputs: [output],
  attributes: { kernel_shape: [1, 1] },
});

eachVariant((variant) => {
  test.each(both)('%s broadcasts', (op) => {
    for (const [left, right] of broadcasts) {
      for (const [l, r] of [
        [left, right],
        [right, left],
      ] as const) {
        const [a, b] = inputsOf(op, l, r);
        for (const constants of [[], [0], [1]]) {
          const y = runNode({ op, attributes: attributesOf(op), inputs: [a, b], constants, variant });
          expectResult(op, y, a, b);
        }
      }
    }
  });

  test('PRelu: its slope broadcasts to its input', () => {
    for (const [left, right] of [
      [[], []],
      [[7], [1]],
      [[2, 7], [7]],
      [
        [2, 3, 4, 5],
        [3, 1, 1],
      ],
      [
        [2, 3, 4, 5],
        [1, 3, 1, 5],
      ],
      [
        [2, 1, 3, 1, 2, 1, 4],
        [3, 1, 2, 1, 1],
      ],
      [[0, 3], [3]],
    ] as [number[], number[]][]) {
      const [a, b] = inputsOf('PRelu', left, right);
      expectNode({ op: 'PRelu', inputs: [a, b], constants: [1], variant }, expected('PRelu', a, b), 0);
    }
  });

  test('up to opset 6 PRelu has a slope for each channel, or one for all', () => {
    const x = random([2, 5, 3, 4], 1);
    for (const [slope, seen] of [
      [[5], [5, 1, 1]],
      [[1], [1]],
    ] as const) {
      const b = random(slope, 2);
      expectNode({ op: 'PRelu', opset: 6, inputs: [x, b], constants: [1], variant }, expected('PRelu', x, array(seen, b.data)), 0);
    }
    const vector = random([9], 1);
    const one = random([1], 2);
    expectNode({ op: 'PRelu', opset: 6, inputs: [vector, one], constants: [1], variant }, expected('PRelu', vector, one), 0);
  });

  test('up to opset 6 an attribute says where the second input begins', () => {
    const x = random([2, 3, 4, 5], 1);
    for (const [axis, dims, seen] of [
      [1, [3], [3, 1, 1]],
      [1, [3, 4], [3, 4, 1]],
      [0, [2], [2, 1, 1, 1]],
      [-2, [4], [4, 1]],
      [3, [5], [5]],
      [undefined, [4, 5], [4, 5]],
    ] as const) {
      const b = random(dims, 2);
      for (const op of ['Add', 'Sub', 'Div']) {
        const attributes = { broadcast: 1, axis };
        expectNode({ op, opset: 6, attributes, inputs: [x, b], constants: [1], variant }, expected(op, x, array(seen, b.data)), 0);
      }
    }
  });

  test.each([...both, 'PRelu'])('%s with channels-last values on either side', (op) => {
    const dims = [2, 5, 3, 4];
    for (const other of [[2, 5, 3, 4], [5, 3, 4], [3, 1], [4], [], [1, 5, 1, 1], [5, 1, 1], [2, 1, 3, 4], [2, 5, 3, 1], [2, 1, 1, 4]]) {
      for (const swapped of op === 'PRelu' ? [false] : [false, true]) {
        const [a, b] = swapped ? inputsOf(op, other, dims) : inputsOf(op, dims, other);
        const [big, small] = swapped ? [b, a] : [a, b];
        const nodes = [pool('x', 'p'), { op, attributes: attributesOf(op), inputs: swapped ? ['b', 'p'] : ['p', 'b'] }];
        const fed = graphOf({ inputs: { x: dims, b: other }, nodes });
        expectResult(op, runGraph(fed, { x: big, b: small }, { variant })[0] as NdArray, a, b);
        const known = graphOf({ inputs: { x: dims }, constants: { b: small }, nodes });
        expectResult(op, runGraph(known, { x: big }, { variant })[0] as NdArray, a, b);
        if (other.length !== 4) continue;
        const [first, second] = swapped ? ['q', 'p'] : ['p', 'q'];
        const last = graphOf({
          inputs: { x: dims, b: other },
          nodes: [
            pool('x', 'p'),
            pool('b', 'q'),
            { op, attributes: attributesOf(op), inputs: [first, second], outputs: ['y'] },
            pool('y', 'z'),
          ],
        });
        expectResult(op, runGraph(last, { x: big, b: small }, { variant })[0] as NdArray, a, b);
      }
    }
  });

  // Parts of a Split are slices of what it splits, and inputs of a Concat slices of what it makes.
  test.each(both)('%s of slices into a slice', (op) => {
    const [x, b] = inputsOf(op, [2, 7, 3, 2], [2, 3, 3, 2]);
    const part = (from: number, to: number) => {
      const y = array([2, to - from, 3, 2]);
      for (let n = 0; n < 2; n++) y.data.set(x.data.subarray((7 * n + from) * 6, (7 * n + to) * 6), n * (to - from) * 6);
      return y;
    };
    const split: NodeSpec = { op: 'Split', inputs: ['p', 'sizes'], outputs: ['one', 'three', 'rest'], attributes: { axis: 1 } };
    for (const [input, a] of [
      ['one', part(0, 1)],
      ['three', part(1, 4)],
    ] as const) {
      const graph = graphOf({
        inputs: { x: x.dims, b: b.dims },
        constants: { sizes: { name: 'sizes', type: 'int64', dims: [3], read: () => BigInt64Array.of(1n, 3n, 3n) } },
        nodes: [
          pool('x', 'p'),
          pool('b', 'q'),
          split,
          { op, attributes: attributesOf(op), inputs: [input, 'q'], outputs: ['y'] },
          { op: 'Concat', inputs: ['rest', 'y', 'one'], outputs: ['all'], attributes: { axis: 1 } },
          { op: 'Split', inputs: ['all', 'sizes2'], outputs: ['before', 'result', 'after'], attributes: { axis: 1 } },
        ],
        outputs: ['result', 'before', 'after'],
      });
      const sizes2 = { name: 'sizes2', type: 'int64' as const, dims: [3], read: () => BigInt64Array.of(3n, 3n, 1n) };
      const constants = new Map([...graph.constants, ['sizes2', sizes2]]);
      const [y, before, after] = runGraph({ ...graph, constants }, { x, b }, { variant });
      expectResult(op, y as NdArray, a, b);
      expectClose(before as NdArray, part(4, 7), 0);
      expectClose(after as NdArray, part(0, 1), 0);
    }
  });

  test.each(['Sum', 'Mean', 'Min', 'Max'])('%s of one to five inputs', (op) => {
    const dims = [[2, 5, 3, 4], [5, 1, 1], [4], [], [2, 1, 3, 1]];
    const f = (...values: number[]) => {
      const pair = binaryFunctions[op] ?? ((a: number, b: number) => Math.fround(a + b));
      return values.reduce(pair) * (op === 'Mean' ? 1 / values.length : 1);
    };
    for (const order of [[0], [1, 0], [0, 1, 2], [3, 2, 1, 0], [1, 2, 3], [0, 4, 2, 1, 3], [4, 1]]) {
      const inputs = order.map((i) => random(dims[i] as number[], i));
      const tolerance = op === 'Mean' ? 2 ** -23 : 0;
      for (const constants of [[], [0], [order.length - 1]]) {
        if (constants.length === order.length) continue;
        expectClose(runNode({ op, inputs, constants, variant }), broadcastMap(f, ...inputs), tolerance);
      }
      const names = order.map((_, i) => `i${i}`);
      const big = order.indexOf(0);
      if (big < 0) continue;
      const graph = graphOf({
        inputs: Object.fromEntries(names.map((name, i) => [name, inputs[i]?.dims ?? []])),
        nodes: [
          pool(`i${big}`, 'p'),
          { op, inputs: names.map((name, i) => (i === big ? 'p' : name)), outputs: ['y'] },
          { op: 'Relu', inputs: ['y'] },
        ],
      });
      const [y] = runGraph(graph, Object.fromEntries(names.map((name, i) => [name, inputs[i] as NdArray])), { variant });
      expectClose(
        y as NdArray,
        broadcastMap((...values) => Math.max(0, f(...values)), ...inputs),
        tolerance,
      );
    }
  });

  test('more dimensions than loops, none of which merge', () => {
    const dims = Array.from({ length: 10 }, (_, axis) => [1 + (axis % 2), 2 - (axis % 2)]);
    const [a, b] = [
      random(
        dims.map(([size = 1]) => size),
        1,
      ),
      random(
        dims.map(([, size = 1]) => size),
        2,
      ),
    ];
    expect(failure(() => runNode({ op: 'Sub', inputs: [a, b], variant })).code).toBe('UNSUPPORTED');
    // Known inputs have no such limit.
    expectResult('Sub', runNode({ op: 'Sub', inputs: [a, b], constants: [0, 1], variant }), a, b);
  });

  test('an exponent of another type, known and computed', () => {
    const x = random([3, 4], 1, -2, 2);
    for (const power of [2, 3, 0, -1, 0.5]) {
      const constants = { e: { name: 'e', type: 'float64' as const, dims: [], read: () => Float64Array.of(power) } };
      const graph = graphOf({ inputs: { x: x.dims }, constants, nodes: [{ op: 'Pow', inputs: ['x', 'e'] }] });
      const [y] = runGraph(graph, { x }, { variant });
      expectResult('Pow', y as NdArray, x, array([], [power]));
    }
    const graph = graphOf({
      inputs: { x: x.dims },
      nodes: [
        { op: 'Cast', inputs: ['x'], outputs: ['e'], attributes: { to: 7 } },
        { op: 'Pow', inputs: ['x', 'e'] },
      ],
    });
    const whole = array(x.dims, x.data.map(Math.trunc));
    expectResult('Pow', runGraph(graph, { x }, { variant })[0] as NdArray, x, whole);
  });

  test.each(both.concat('PRelu'))('%s of special values', (op) => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const values = [nan, inf, -inf, 0, -0, 1, -2.5, 1e-40, 3e38, -3e38];
    const a = array([10, 1], values.map(Math.fround));
    // JavaScript's powers of 1 and -1 differ from everybody else's where the exponent is NaN or infinite.
    const b = array(
      [10],
      values.map((value) => Math.fround(op === 'Pow' && !Number.isFinite(value) ? 2 : value)),
    );
    const left = op === 'PRelu' ? expand(a, [10, 10]) : a;
    for (const constants of [[], [1]]) {
      const y = runNode({ op, attributes: attributesOf(op), inputs: [left, b], constants, variant });
      expectResult(op, y, left, b);
    }
  });
});
