import { product } from './dims.ts';
import type { Constant } from './graph.ts';
import { type DataType, elementBytes } from './tensor.ts';

/** A tensor's element type and logical (NCHW) dimensions. */
export interface ValueType {
  readonly type: DataType;
  readonly dims: readonly number[];
}

/** A tensor of a network whose shapes are all known. */
export interface Value extends ValueType {
  readonly name: string;
  readonly constant?: Constant;
  /** What it holds at first, if it stays in memory between runs and programs may write to it. */
  readonly state?: Constant;
  /** Whether the constant is the same for every shape of the inputs, as weights are; others belong to the plan. */
  readonly fixed?: boolean;
}

/** Bytes of a tensor of that type and shape. */
export const bytesOf = ({ type, dims }: ValueType): number => product(dims) * elementBytes(type);
