import { type LrnOptions, lrn, type NdArray, random } from '../reference/index.ts';
import { graphOf } from './graph.ts';
import { eachVariant, expectClose, expectNode, ROUNDING, runGraph, runNode } from './run.ts';

eachVariant((variant) => {
  /** A square root or an exponential and a logarithm of numbers up to 100, beta times. */
  const tolerance = ({ beta = 0.75 }: Partial<LrnOptions>) => ROUNDING * 8 * (1 + beta);

  function expectLrn(dims: number[], options: Omit<LrnOptions, 'x'>, x = random(dims, 1, -2, 2)): void {
    const node = { op: 'LRN', attributes: { ...options }, inputs: [x], variant };
    const expected = lrn({ x, ...options });
    expectNode(node, expected, tolerance(options) * Math.max(1, ...expected.data.map(Math.abs)));
  }

  test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 18, 40])('size %i', (size) => {
    for (const channels of [1, 3, 4, 5, 7, 8, 17]) {
      expectLrn([1, channels, 2, 3], { size, alpha: 0.5 });
      expectLrn([1, channels, 2, 3], { size, alpha: 2, beta: 0.6, bias: 1.5 });
    }
  });

  test.each([0.75, 0.5, 1, 0, 1.25, 2, 3, 0.7499])('beta %d', (beta) => {
    for (const bias of [1, 2, 0.25]) expectLrn([2, 6, 3, 3], { size: 5, alpha: 1, beta, bias });
  });

  test.each([[[3, 5, 4, 6]], [[1, 5, 9]], [[2, 3, 2, 3, 4]], [[1, 96, 7, 7]]])('%j', (dims) => {
    expectLrn(dims, { size: 5 });
    expectLrn(dims, { size: 4, alpha: 1, beta: 0.6 });
  });

  test('large and small numbers', () => {
    expectLrn([1, 4, 2, 2], { size: 3, alpha: 1 }, random([1, 4, 2, 2], 1, -1e12, 1e12));
    expectLrn([1, 4, 2, 2], { size: 3, alpha: 1, beta: 0.6 }, random([1, 4, 2, 2], 1, -1e-12, 1e-12));
  });

  test('alpha 0 divides by the bias', () => expectLrn([1, 5, 2, 2], { size: 3, alpha: 0, bias: 16 }));

  test('NaN stays in its window', () => {
    const x = random([1, 9, 1, 2], 1);
    x.data[8] = Number.NaN;
    const y = runNode({ op: 'LRN', attributes: { size: 4 }, inputs: [x], variant });
    // Channel 4 of pixel 0: channels from 4 - 2 to 4 + 1 see it.
    const seen = Array.from({ length: 18 }, (_, i) => i % 2 === 0 && i / 2 >= 2 && i / 2 <= 5);
    expect(Array.from(y.data, Number.isNaN)).toEqual(seen);
  });

  test('between two convolutions', () => {
    const [x, w] = [random([2, 3, 4, 4], 1), random([7, 3, 1, 1], 2)];
    const conv = { op: 'Conv', inputs: ['x', 'w'] };
    const lrnNode = { op: 'LRN', attributes: { size: 5, alpha: 1 }, inputs: ['Conv_0'] };
    const spec = { inputs: { x: x.dims }, constants: { w } };
    const [middle] = runGraph(graphOf({ ...spec, nodes: [conv] }), { x }, { variant }) as [NdArray];
    const [y] = runGraph(graphOf({ ...spec, nodes: [conv, lrnNode] }), { x }, { variant }) as [NdArray];
    expectClose(y, lrn({ x: middle, size: 5, alpha: 1 }), 1e-6);
  });

  test('a window over more channels than there are', () => {
    for (const size of [1000, 2 ** 40]) expectLrn([1, 5, 2, 2], { size, alpha: size, beta: 0.6 });
  });

  test.each([[{ size: 0 }], [{ size: -1 }], [{}]])('attributes %j', (attributes) => {
    expect(() => runNode({ op: 'LRN', attributes, inputs: [random([1, 3, 2, 2], 1)], variant })).toThrow(
      expect.objectContaining({ code: 'INVALID_MODEL' }),
    );
  });
});
