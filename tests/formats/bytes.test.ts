import { countOf, elementsOf, maxRank } from '../../src/formats/bytes.ts';
import { fitsFloat16, toFloat16 } from '../../src/graph/halves.ts';
import { bfloat16Bits, float16Bits } from './onnx-writer.ts';

const every = Uint16Array.from({ length: 65536 }, (_, bits) => bits);
const bytes = new Uint8Array(every.buffer);

/** IEEE 754-2019, table 3.5: sign, exponent with bias 15, 10 bits of significand. */
function float16(bits: number): number {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return exponent ? sign * (1 + fraction / 1024) * 2 ** (exponent - 15) : sign * (fraction / 1024) * 2 ** -14;
}

const differences = (actual: ArrayLike<unknown>, expected: (bits: number) => unknown) =>
  Array.from(every).filter((bits) => !Object.is(actual[bits], expected(bits)));

test('every float16 widens to its exact float32', () => {
  const floats = elementsOf('float16', bytes) as Float32Array;
  expect(floats).toBeInstanceOf(Float32Array);
  expect(differences(floats, float16)).toEqual([]);
});

test('NaN keeps its sign and payload', () => {
  const bits = new Uint32Array(elementsOf('float16', bytes).buffer);
  expect(bits[0xfe01]).toBe(0xffc02000);
  expect(bits[0x7d00]).toBe(0x7fa00000);
});

test('every bfloat16 is the upper half of its float32', () => {
  const bits = new Uint32Array(elementsOf('bfloat16', bytes).buffer);
  expect(differences(bits, (half) => half * 65536)).toEqual([]);
});

test("the tests' own halves round trip", () => {
  const isNaN16 = (bits: number) => (bits & 0x7fff) > 0x7c00;
  expect(differences(every, (bits) => (isNaN16(bits) ? bits : float16Bits(float16(bits))))).toEqual([]);
  expect([1 + 2 ** -11, 1 + 3 * 2 ** -11, 65519, 65520, 2 ** -25, 3 * 2 ** -26].map(float16Bits)).toEqual([
    0x3c00, 0x3c02, 0x7bff, 0x7c00, 0, 1,
  ]);
  expect([1, 1 + 2 ** -8, 1 + 3 * 2 ** -8, -Infinity].map(bfloat16Bits)).toEqual([0x3f80, 0x3f80, 0x3f82, 0xff80]);
});

test('every float16 and every place between two of them round as IEEE 754 says', () => {
  const halves = elementsOf('float16', bytes) as Float32Array;
  const isNaN16 = (bits: number) => (bits & 0x7fff) > 0x7c00;
  const quiet = (bits: number) => (isNaN16(bits) ? bits | 0x200 : bits);
  expect(differences(toFloat16(halves), quiet)).toEqual([]);
  const float = new Float32Array(1);
  const word = new Uint32Array(float.buffer);
  const step = (value: number, by: number) => {
    float[0] = value;
    word[0] = (word[0] as number) + by;
    return float[0];
  };
  const middles = Array.from(every.subarray(0, 0x7c00), (bits) => {
    const below = float16(bits);
    // The step above the largest is the one below it.
    return bits === 0x7bff ? 65520 : (below + float16(bits + 1)) / 2;
  });
  for (const sign of [1, -1]) {
    const values = Float32Array.from(
      middles.flatMap((middle) => [step(middle, -1), middle, step(middle, 1)]),
      (x) => x * sign,
    );
    const wrong = Array.from(toFloat16(values), (bits, i) => (bits === float16Bits(values[i] as number) ? -1 : i)).filter((i) => i >= 0);
    expect(wrong).toEqual([]);
  }
  const rest = [2 ** -26, 2 ** -149, 1e-10, 65536, 1e38, Infinity, -Infinity, -0];
  expect([...toFloat16(Float32Array.from(rest))]).toEqual(rest.map(float16Bits));
});

test('what float16 holds ends half a step above its largest number', () => {
  const fits = (...values: number[]) => fitsFloat16(Float32Array.from(values));
  expect([fits(65519, -65519, NaN, Infinity, 0), fits(65520), fits(0, -65520), fits(1e38)]).toEqual([true, false, false, false]);
});

test('elements are a view where aligned and a copy where not', () => {
  const memory = new Uint8Array(24);
  new DataView(memory.buffer).setFloat64(8, 0.1, true);
  const aligned = elementsOf('float64', memory.subarray(8, 16));
  expect([aligned.buffer, aligned[0]]).toEqual([memory.buffer, 0.1]);
  new DataView(memory.buffer).setFloat64(9, 0.1, true);
  for (const bytes of [memory.subarray(9, 17), Buffer.from(memory.buffer, 9, 8)]) {
    const copy = elementsOf('float64', bytes);
    expect(copy.buffer).not.toBe(memory.buffer);
    expect(copy[0]).toBe(0.1);
  }
});

test.each<[readonly unknown[], number]>([
  [[], 1],
  [[2, 3, 4], 24],
  [[5, 0], 0],
  [[2 ** 53 - 1], 2 ** 53 - 1],
  [[2 ** 53], NaN],
  [[2 ** 30, 2 ** 30], NaN],
  [[-1], NaN],
  [[1.5], NaN],
  [['2'], NaN],
  [[null], NaN],
  [[1n], NaN],
  [Array(maxRank).fill(1), 1],
  [Array(maxRank + 1).fill(1), NaN],
])('the count of %p is %d', (dims, count) => {
  expect(countOf(dims)).toBe(count);
});
