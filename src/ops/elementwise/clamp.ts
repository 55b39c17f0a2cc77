import type { Float } from '../../plan/place.ts';

/** A clamp [min, max] that an operator applies to its output as it is stored. Attributes that can carry one extend this. */
export interface Clamped {
  readonly clamp?: readonly [number, number];
}

/** The words of a clamp; without one, minus infinity to infinity. */
export const clampWords = ({ clamp }: Clamped): readonly [Float, Float] => [
  { float: clamp?.[0] ?? Number.NEGATIVE_INFINITY },
  { float: clamp?.[1] ?? Number.POSITIVE_INFINITY },
];
