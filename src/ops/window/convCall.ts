import type { ValueType } from '../../graph/value.ts';
import type { Place, Pointer } from '../../plan/place.ts';
import type { Clamped } from '../elementwise/clamp.ts';
import type { Window } from './window.ts';

/** A convolution whose places are known, for `emitConv` and `emitWinograd`. */
export interface ConvCall {
  readonly window: Window;
  readonly from: ValueType;
  readonly to: ValueType;
  readonly source: Place;
  readonly target: Place;
  /** Panels of the weights. */
  readonly weights: Pointer;
  readonly groups: number;
  readonly residual?: Place | undefined;
  readonly scale?: Place | undefined;
  readonly shift?: Place | undefined;
  readonly inputClamp?: Clamped['clamp'];
  readonly clamped: Clamped;
  readonly macs: number;
}
