/**
 * Floating-point types of 16 bits: IEEE 754 binary16, and the upper half of a float32. They are widened to float32 when they
 * are read.
 */
export type Half = 'float16' | 'bfloat16';

/** The numbers that the bits of halves stand for, exactly. */
export function widenHalves(kind: Half, halves: Uint16Array): Float32Array {
  const floats = new Float32Array(halves.length);
  const bits = new Uint32Array(floats.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    if (kind === 'bfloat16') {
      bits[i] = half << 16;
      continue;
    }
    bits[i] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
    // Rebiasing the exponent by a multiplication normalizes subnormals too; infinities and NaN keep the largest exponent instead.
    if ((half & 0x7c00) === 0x7c00) bits[i] = (bits[i] as number) | 0x7f800000;
    else floats[i] = (floats[i] as number) * 2 ** 112;
  }
  return floats;
}

/** The largest float16. Numbers less than half a step above it are rounded to it. */
const maxFloat16 = 65504;

/** Whether float16 can hold the numbers: all but finite ones that would round to infinity. */
export const fitsFloat16 = (data: Float32Array): boolean => data.every((x) => !(Math.abs(x) >= maxFloat16 + 16) || !Number.isFinite(x));

/** The bits of the nearest float16, ties to even. Numbers that are too large become infinity; NaN stays NaN, its payload cut. */
export function toFloat16(data: ArrayLike<number>): Uint16Array {
  const halves = new Uint16Array(data.length);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  for (let i = 0; i < data.length; i++) {
    const x = data[i] as number;
    float[0] = x;
    const nearest = float[0];
    // Bits past float32's precision are cut and set the last bit (a sticky bit), because otherwise they would be rounded
    // twice.
    if (Math.abs(nearest - x) > 0) bits[0] = ((bits[0] as number) - Number(Math.abs(nearest) > Math.abs(x))) | 1;
    const sign = ((bits[0] as number) >>> 16) & 0x8000;
    const size = (bits[0] as number) & 0x7fffffff;
    let half: number;
    if (size > 0x7f800000) half = 0x7e00 | ((size >>> 13) & 0x1ff);
    // Numbers from 65520 on, half a step above the largest float16.
    else if (size >= 0x477ff000) half = 0x7c00;
    else if (size < 0x38800000) {
      // Below the normal numbers: adding 1/2 puts the last bit of a float32 where float16 has its last.
      float[0] = Math.abs(float[0] as number) + 0.5;
      half = (bits[0] as number) - 0x3f000000;
    } else half = (size - (112 << 23) + 0xfff + ((size >>> 13) & 1)) >>> 13;
    halves[i] = sign | half;
  }
  return halves;
}

/** The bits of the nearest bfloat16, ties to even. NaN stays NaN. */
export function toBfloat16(data: Float32Array): Uint16Array {
  const halves = new Uint16Array(data.length);
  const float = new Float32Array(1);
  const bits = new Uint32Array(float.buffer);
  for (let i = 0; i < data.length; i++) {
    float[0] = data[i] as number;
    const word = bits[0] as number;
    // The upper half of a NaN alone might be infinity, so its highest mantissa bit is set.
    halves[i] = Number.isNaN(float[0]) ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return halves;
}

/** The numbers of a float16 tensor: a Float16Array if the engine has that, else a Uint16Array of the bits. */
export type Float16Data = Uint16Array | (typeof globalThis extends { Float16Array: { readonly prototype: infer A } } ? A : never);

/** Float16Array, if the engine has it. */
export const Halves = (globalThis as { Float16Array?: typeof Uint16Array }).Float16Array ?? Uint16Array;

/** The array of a float16 tensor over its bits: of numbers if the engine has Float16Array. */
export const float16Array = (bits: Uint16Array): Float16Data => new Halves(bits.buffer);
