// ONNX's element-wise operators of two and more inputs, with multidirectional broadcasting, in float64.
import { array, at, type NdArray } from './array.ts';
import { broadcastDims, expand } from './elementwise.ts';

/** Of two numbers, by ONNX's operator names; comparisons and logic give 0 and 1. */
export const binaryFunctions: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  // As IEEE 754 has it: a power of 1 is 1, and so is an infinite one of -1.
  Pow: (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
  // With fmod, as floats have it: the sign of the dividend.
  Mod: (a, b) => a % b,
  Min: (a, b) => Math.min(a, b),
  Max: (a, b) => Math.max(a, b),
  PRelu: (a, b) => (a < 0 ? a * b : a),
  Equal: (a, b) => Number(a === b),
  Greater: (a, b) => Number(a > b),
  GreaterOrEqual: (a, b) => Number(a >= b),
  Less: (a, b) => Number(a < b),
  LessOrEqual: (a, b) => Number(a <= b),
  And: (a, b) => Number(a !== 0 && b !== 0),
  Or: (a, b) => Number(a !== 0 || b !== 0),
  Xor: (a, b) => Number((a !== 0) !== (b !== 0)),
};

/** f of the elements at each place of the common shape. */
export function broadcastMap(f: (...values: number[]) => number, ...inputs: NdArray[]): NdArray {
  const dims = inputs.reduce<number[]>((all, { dims: own }) => broadcastDims(all, own), []);
  const full = inputs.map((input) => expand(input, dims));
  const y = array(dims);
  for (let i = 0; i < y.data.length; i++) y.data[i] = f(...full.map(({ data }) => at(data, i)));
  return y;
}

export const where = (condition: NdArray, a: NdArray, b: NdArray): NdArray => broadcastMap((c, x, y) => (c !== 0 ? x : y), condition, a, b);
