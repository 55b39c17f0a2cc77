// How exact the kernels' functions are, over dense ranges, against float64.
import { array, at, functions, functionTable, type NdArray, ulpError } from '../reference/index.ts';
import { graphOf } from './graph.ts';
import { eachVariant, runGraph, runNode, variants } from './run.ts';

const accuracies = Object.entries(functionTable).flatMap(([op, row]) =>
  [{ ...row, attributes: {} }, ...(row.more ?? [])].flatMap(({ attributes, ulp, absolute }) =>
    ulp === undefined ? [] : [{ title: `${op}${JSON.stringify(attributes)}`, op, attributes, ulp, absolute }],
  ),
);

const COUNT = 1 << 15;

/** Evenly from low to high. */
const ramp = (low: number, high: number): Float32Array =>
  Float32Array.from({ length: COUNT }, (_, i) => low + ((high - low) * i) / (COUNT - 1));

/** Every so many of all float32, of both signs, denormal ones, infinities and NaN among them. */
function everywhere(): Float32Array {
  const bits = Uint32Array.from({ length: COUNT }, (_, i) => i * 131101);
  return new Float32Array(bits.buffer);
}

const ranges = { 'all of float32': everywhere(), '-1 to 1': ramp(-1, 1), '-12 to 12': ramp(-12, 12), '-110 to 110': ramp(-110, 110) };

const vector = (data: ArrayLike<number>): NdArray => array([data.length], data);

test.each(accuracies)('$title is right to $ulp units in the last place', ({ op, attributes, ulp, absolute = () => 0 }) => {
  const f = functions[op] as (typeof functions)[string];
  for (const [name, x] of Object.entries(ranges)) {
    const exact = Array.from(x, (value) => f(value, attributes));
    for (const variant of variants) {
      const y = runNode({ op, opset: 24, attributes: { ...attributes }, inputs: [vector(x)], variant });
      const off = exact.findIndex(
        (value, i) => !(ulpError(at(y.data, i), value) <= ulp || Math.abs(at(y.data, i) - value) <= absolute(at(x, i))),
      );
      const told = off < 0 ? undefined : { name, x: at(x, off), y: at(y.data, off), exact: exact[off] };
      expect(told).toBeUndefined();
    }
  }
});

test('Exp keeps denormals: right to a unit of them', () => {
  const x = ramp(-104.5, -87);
  const exact = x.map(Math.exp);
  for (const variant of variants) {
    const { data } = runNode({ op: 'Exp', inputs: [vector(x)], variant });
    expect(x.filter((_, i) => Math.abs(at(data, i) - Math.exp(at(x, i))) > 2 ** -149)).toEqual(new Float32Array(0));
    expect(data.filter((y) => y > 0 && y < 2 ** -126).length).toBeGreaterThan(
      exact.filter((y) => y > 2 ** -149 && y < 2 ** -126).length - 50,
    );
  }
});

// As networks have it: x·sigmoid(x), one kernel or two.
test('Silu is right to 3 units in the last place', () => {
  const nodes = [
    { op: 'Sigmoid', inputs: ['x'] },
    { op: 'Mul', inputs: ['x', 'Sigmoid_0'] },
  ];
  const f = functions.Sigmoid as (typeof functions)[string];
  for (const x of Object.values(ranges)) {
    const graph = graphOf({ inputs: { x: [COUNT] }, nodes });
    for (const variant of variants) {
      const [y] = runGraph(graph, { x: vector(x) }, { variant }) as [NdArray];
      const off = x.findIndex((value, i) => {
        const exact = value * f(value, {});
        return !(ulpError(at(y.data, i), exact) <= 3 || Math.abs(at(y.data, i) - exact) <= (value < -87 ? 1e-35 : 0));
      });
      expect(off < 0 ? undefined : { x: x[off], y: y.data[off] }).toBeUndefined();
    }
  }
});

// Softplus and its kin at the largest numbers, where a product or a power would overflow.
const huge = [1e19, 3e21, 1e30, 3.4028234663852886e38];

test.each(Object.keys(functionTable).filter((op) => functionTable[op]?.keepsHuge))('%s of huge numbers is the number', (op) => {
  for (const variant of variants) {
    const y = runNode({ op, opset: 24, inputs: [vector(huge)], variant });
    expect([...y.data]).toEqual(huge.map(Math.fround));
  }
});

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const specials = [nan, inf, -inf, 0, -0];

test.each(Object.entries(functionTable).flatMap(([op, row]) => (row.specials ? [[op, row.specials] as const] : [])))(
  '%s of NaN, infinities and zeros',
  (op, expected) => {
    for (const variant of variants) {
      expect([...runNode({ op, opset: 24, inputs: [vector(specials)], variant }).data]).toEqual(expected);
    }
  },
);

test('Sign of NaN, infinities and zeros', () => {
  const y = runNode({ op: 'Sign', inputs: [vector([...specials, 1e-45, -3])] });
  expect(Array.from(y.data, (value) => value + 0)).toEqual([nan, 1, -1, 0, 0, 1, -1]);
});

test('Round takes the even of two that are as near', () => {
  const x = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 0.49999997, 8388607.5, 4194303.5, 1e10];
  const y = runNode({ op: 'Round', inputs: [vector(x)] });
  expect([...y.data]).toEqual([0, 2, 2, -0, -2, -2, 0, 8388608, 4194304, 1e10]);
});

eachVariant((variant) => {
  const power = (x: number[], exponents: number[], constants: number[] = []) =>
    runNode({ op: 'Pow', inputs: [vector(x), vector(exponents)], constants, variant }).data;

  test('Pow is right to a unit in the last place', () => {
    const exponents = [-7.5, -3, -2, -1, -0.5, 0, 0.1, 1 / 3, 0.5, 1, 1.5, 2, 2.2, 3, 10, 41, 1000.25];
    const x = [1e-30, 1e-3, 0.3, 0.999, 1, 1.001, Math.PI, 77.7, 1e5, 1e25].flatMap((value) => [value, -value].map(Math.fround));
    for (const exponent of exponents) {
      const rounded = Math.fround(exponent);
      const fed = power(
        x,
        x.map(() => exponent),
      );
      const known = power(x, [exponent], [1]);
      x.forEach((value, i) => {
        const exact = value ** rounded;
        expect([value, rounded, ulpError(at(fed, i), exact) <= 1]).toEqual([value, rounded, true]);
        expect([value, rounded, ulpError(at(known, i), exact) <= 1]).toEqual([value, rounded, true]);
      });
    }
  });

  test('Pow of dense ranges', () => {
    const x = ramp(1e-6, 40);
    for (const exponent of [0.75, -1.25, 6.5]) {
      const y = power([...x], [exponent]);
      expect(x.findIndex((value, i) => ulpError(at(y, i), value ** exponent) > 1)).toBe(-1);
    }
  });

  test('Pow of special values', () => {
    const cases = [
      [0, 0, 1],
      [0, -1, inf],
      [-0, -1, -inf],
      [-0, 3, -0],
      [0, 2.5, 0],
      [nan, 0, 1],
      [nan, 1, nan],
      [2, nan, nan],
      [2, inf, inf],
      [2, -inf, 0],
      [0.5, inf, 0],
      [inf, -1, 0],
      [-inf, 3, -inf],
      [-8, 1 / 3, nan],
      [1, nan, 1],
      [1, inf, 1],
      [-1, inf, 1],
      [-2, 3, -8],
      [-2, -2, 0.25],
    ];
    const y = power(
      cases.map(([x = 0]) => x),
      cases.map(([, exponent = 0]) => exponent),
    );
    expect([...y]).toEqual(cases.map(([, , result]) => result));
  });

  test('Mod has the sign of the dividend, whatever the sizes', () => {
    const pairs = [
      [7, 3],
      [-7, 3],
      [7, -3],
      [-7, -3],
      [5.75, 0.5],
      [-5.3, 1.1],
      [1e30, 3],
      [3e38, 1e-38],
      [-6, 3],
      [0, 3],
      [-0, 3],
      [2, inf],
      [inf, 2],
      [2, 0],
      [nan, 2],
      [1e-40, 1e-41],
    ].map((pair) => pair.map(Math.fround));
    const [a, b] = [pairs.map(([x = 0]) => x), pairs.map(([, x = 0]) => x)];
    const y = runNode({ op: 'Mod', attributes: { fmod: 1 }, inputs: [vector(a), vector(b)], variant });
    expect([...y.data]).toEqual(pairs.map(([x = 0, z = 0]) => x % z));
  });
});
