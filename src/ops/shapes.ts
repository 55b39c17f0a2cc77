import { LanewiseError } from '../errors.ts';
import { product } from '../graph/dims.ts';
import type { Constant } from '../graph/graph.ts';
import { formatDims, type TypedArray } from '../graph/tensor.ts';
import type { Value } from '../graph/value.ts';
import type { OpenNode } from './operator.ts';

/** The input at `index`, which the operator's number of inputs guarantees. */
export function input(node: { readonly name: string; readonly inputs: readonly (Value | undefined)[] }, index: number): Value {
  const value = node.inputs[index];
  if (!value) throw new LanewiseError('INVALID_MODEL', `node '${node.name}' leaves out its input ${index}, which it needs`);
  return value;
}

/** The first output, which every node that can run has. */
export const output = (node: { readonly outputs: readonly Value[] }): Value => node.outputs[0] as Value;

/** A constant as a value, under its own name or another. @param fixed whether it is the same for every shape of the inputs */
export const constantValue = (constant: Constant, name = constant.name, fixed = false): Value => ({
  name,
  type: constant.type,
  dims: constant.dims,
  constant,
  fixed,
});

export function invalid(node: { readonly name: string }, problem: string): LanewiseError {
  return new LanewiseError('INVALID_MODEL', `node '${node.name}': ${problem}`);
}

export function unsupported(node: { readonly name: string }, problem: string): LanewiseError {
  return new LanewiseError('UNSUPPORTED', `node '${node.name}': ${problem}`);
}

/** The most elements of a shape, a list of axes and the like: thousands of dimensions are a mistake. */
const MOST_LISTED = 1 << 16;

/** The elements of an input that must be known when the plan is made. */
export function constantInput(node: OpenNode<unknown>, index: number): TypedArray {
  const { constant, name, dims } = input(node, index);
  if (product(dims) > MOST_LISTED) throw invalid(node, `'${name}' ${formatDims(dims)} is too long a list`);
  if (!constant) throw unsupported(node, `'${name}' is computed at run time, and shapes what the network computes`);
  return constant.read();
}

/** An axis made non-negative: negative ones count from the end. `rank` itself is allowed if `end` is true. */
export function resolveAxis(node: { readonly name: string }, axis: number, rank: number, end = false): number {
  const resolved = axis < 0 ? axis + rank : axis;
  if (resolved < 0 || resolved > (end ? rank : rank - 1)) throw invalid(node, `axis ${axis} is outside a tensor of rank ${rank}`);
  return resolved;
}

/** numpy's broadcasting of two shapes (ONNX: multidirectional). */
export function broadcast(node: OpenNode<unknown>, a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = a[i - rank + a.length] ?? 1;
    const y = b[i - rank + b.length] ?? 1;
    if (x !== y && x !== 1 && y !== 1) throw invalid(node, `shapes ${formatDims(a)} and ${formatDims(b)} do not broadcast`);
    return x === 1 ? y : x;
  });
}

/** A tensor [N, C, spatial...] with one or two spatial dimensions, seen as a picture. */
export interface Image {
  readonly batch: number;
  readonly channels: number;
  readonly height: number;
  readonly width: number;
}

export function asImage(dims: readonly number[]): Image {
  const [batch = 1, channels = 1, ...spatial] = dims;
  const width = spatial.at(-1) ?? 1;
  return { batch, channels, height: product(spatial) / (width || 1), width };
}
