// Rounding to integers, as the kernels do it.

/** Half to even. */
export function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return floor + Number(rest > 0.5 || (rest === 0.5 && floor % 2 !== 0));
}

/** The least and the greatest number of a type of integers: 'uint8', also 'int4'. */
export function rangeOf(type: string): readonly [number, number] {
  const count = 2 ** Number(/\d+/.exec(type));
  return type[0] === 'u' ? [0, count - 1] : [-count / 2, count / 2 - 1];
}

/** round(x) + zero, clamped; NaN gives the least number, as in onnxruntime 1.30 (and ONNX's reference on x86; ONNX leaves it open). */
export const saturated = (x: number, zero: number, [least, most]: readonly [number, number]): number =>
  Number.isNaN(x) ? least : Math.min(most, Math.max(least, roundEven(x) + zero));
