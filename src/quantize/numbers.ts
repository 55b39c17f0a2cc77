// Arithmetic of quantisation, as ONNX defines it.

/** Rounds to a whole number, a half to the even one. */
export function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

export const clamp = (x: number, least: number, most: number): number => Math.min(most, Math.max(least, x));

/** How a tensor's bytes are read: (byte - zero) · scale. */
export interface Scale {
  /** A float32. */
  readonly scale: number;
  /** Of uint8. */
  readonly zero: number;
}

/** The largest uint8. */
const MOST = 255;

/**
 * The scale of uint8 for numbers from `low` to `high`: it has 0 exactly, so that the range is widened to it, and moved by up to half a
 * step.
 */
export function scaleOf(low: number, high: number): Scale {
  const least = Math.min(low, 0);
  const scale = Math.fround((Math.max(high, 0) - least) / MOST);
  // What is 0 throughout, or so small that a step is none, takes any scale.
  if (!(scale > 0)) return { scale: 1, zero: 0 };
  return { scale, zero: clamp(roundEven(-least / scale), 0, MOST) };
}
