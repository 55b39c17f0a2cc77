import { at } from '../../graph/at.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import { integers } from '../elements.ts';
import type { OpenNode, Operator } from '../operator.ts';
import { input, invalid, output, resolveAxis } from '../shapes.ts';
import { moving } from './move.ts';

export interface SliceAttributes {
  /** Attributes up to opset 9, then inputs. */
  readonly given?: { readonly starts: readonly number[]; readonly ends: readonly number[]; readonly axes: readonly number[] | undefined };
}

/** ONNX Slice with steps, also backwards: numpy's x[start:end:step]. */
export const slice: Operator<SliceAttributes> = {
  ...moving<SliceAttributes>((node) => {
    const { dims } = output(node);
    const axes = rangesOf(node);
    return [
      {
        loops: dims.map((size, axis) => ({ size, from: [axis, at(axes, axis).step], to: [axis, 1] })),
        fromStart: axes.map(({ start }) => start),
      },
    ];
  }),
  name: 'Slice',
  since: 1,
  inputs: [1, 5],
  constantInputs: [1, 2, 3, 4],
  attributes(reader, opset) {
    if (opset >= 10) return {};
    return { given: { starts: reader.positions('starts') ?? [], ends: reader.positions('ends') ?? [], axes: reader.ints('axes') } };
  },
  inferShape(node) {
    const { type } = input(node, 0);
    return [{ type, dims: rangesOf(node).map(({ size }) => size) }];
  },
};

/** Start, step and size for every axis. */
export function rangesOf(node: OpenNode<SliceAttributes>): { start: number; step: number; size: number }[] {
  const { dims } = input(node, 0);
  const read = (i: number): number[] | undefined => {
    const data = node.inputs[i]?.constant?.read();
    return data && integers(node, data as TypedArray);
  };
  const starts = node.attributes.given?.starts ?? read(1) ?? [];
  const ends = node.attributes.given?.ends ?? read(2) ?? [];
  const axes = node.attributes.given?.axes ?? read(3) ?? starts.map((_, i) => i);
  const steps = read(4) ?? starts.map(() => 1);
  if (starts.length !== ends.length || axes.length !== starts.length || steps.length !== starts.length) {
    throw invalid(node, `starts [${starts}], ends [${ends}], axes [${axes}] and steps [${steps}] should be as many`);
  }
  const ranges = dims.map((size) => ({ start: 0, step: 1, size }));
  axes.forEach((given, i) => {
    const axis = resolveAxis(node, given, dims.length);
    const size = at(dims, axis);
    const step = at(steps, i);
    if (step === 0) throw invalid(node, `its step along axis ${axis} is 0`);
    // As in numpy: negative positions count from the end, then both are clamped.
    const clamp = (at: number, low: number, high: number) => Math.min(Math.max(at < 0 ? at + size : at, low), high);
    const start = step > 0 ? clamp(at(starts, i), 0, size) : clamp(at(starts, i), 0, size - 1);
    const end = step > 0 ? clamp(at(ends, i), 0, size) : clamp(at(ends, i), -1, size - 1);
    ranges[axis] = { start: Math.max(0, start), step, size: size === 0 ? 0 : Math.max(0, Math.ceil((end - start) / step)) };
  });
  return ranges;
}
