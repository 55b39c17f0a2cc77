import { AveragePoolArg, Op } from '../../../assembly/opcodes.ts';
import { product } from '../../graph/dims.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import type { Place } from '../../plan/place.ts';
import { allocate } from '../elements.ts';
import { channelsLast } from '../layouts.ts';
import type { Lowering, Node, OpenNode, Operator } from '../operator.ts';
import { asImage, input, invalid, output, unsupported } from '../shapes.ts';
import { readWindow, resolveWindow, type Window, type WindowAttributes, wholeWindow, windowArgs } from './window.ts';

/** What all pools share. */
export const shared = { slices: true } as const;

export const pooled = (node: OpenNode<unknown>, window: Window) => {
  const { type, dims } = input(node, 0);
  return [{ type, dims: [...dims.slice(0, 2), ...window.out] }];
};

/** ONNX MaxPool over one or two spatial dimensions, without the indices output. Padding never wins. */
export const maxPool: Operator<WindowAttributes> = {
  ...shared,
  name: 'MaxPool',
  since: 1,
  inputs: [1, 1],
  outputs: [1, 2],
  attributes: (reader) => {
    if (reader.flag('storage_order')) throw reader.unsupported('storage_order 1, which numbers indices, is not supported');
    return readWindow(reader, { ceil: true });
  },
  inferShape(node) {
    if (node.outputCount > 1) throw unsupported(node, 'its second output, the indices of the largest elements, is not supported');
    return pooled(node, resolveWindow(node, input(node, 0).dims));
  },
  layout: channelsLast,
  lower: (node, lowering) => lowerMax(node, resolveWindow(node, input(node, 0).dims), lowering),
  evaluate: (node, [x]) => [maxOf(node, x as TypedArray)],
  evaluatedTypes: [['int8', 'uint8']],
};

export interface AveragePoolAttributes extends WindowAttributes {
  readonly countIncludePad: boolean;
}

/** ONNX AveragePool over one or two spatial dimensions. */
export const averagePool: Operator<AveragePoolAttributes> = {
  ...shared,
  name: 'AveragePool',
  since: 1,
  inputs: [1, 1],
  attributes: (reader) => ({ ...readWindow(reader, { ceil: true }), countIncludePad: reader.flag('count_include_pad') }),
  inferShape: (node) => pooled(node, resolveWindow(node, input(node, 0).dims)),
  layout: channelsLast,
  lower: (node, lowering) =>
    lowerAverage(
      lowering,
      resolveWindow(node, input(node, 0).dims),
      imagesOf(node, lowering),
      node.attributes.countIncludePad ? Counting.Padding : Counting.Inside,
    ),
};

/** The whole picture as one window. Several spatial dimensions become one, so any number of them is allowed. */
export function globalWindow(node: OpenNode<unknown>): Window {
  const { dims } = input(node, 0);
  const { height, width } = asImage(dims);
  if (dims.length < 3) throw invalid(node, 'global pooling needs an input [N, C, ...] with spatial dimensions');
  if (height * width === 0) throw invalid(node, 'global pooling of an empty picture');
  return wholeWindow([height, width], dims.slice(2).fill(1));
}

function globalPool(name: string, lower: (node: Node, window: Window, lowering: Lowering) => void): Operator {
  return {
    slices: true,
    name,
    since: 1,
    inputs: [1, 1],
    inferShape: (node) => pooled(node, globalWindow(node)),
    layout: channelsLast,
    lower: (node, lowering) => lower(node, globalWindow(node), lowering),
  };
}

/** ONNX GlobalAveragePool. */
export const globalAveragePool = globalPool('GlobalAveragePool', (node, window, to) =>
  lowerAverage(to, window, imagesOf(node, to), Counting.Inside),
);

/** ONNX GlobalMaxPool. */
export const globalMaxPool = globalPool('GlobalMaxPool', lowerMax);

/** The average's divisor: the taps inside the picture, those in its padding too, or none (a sum). */
export enum Counting {
  Inside = 0,
  Padding = 1,
  None = 2,
}

/** A pool's input and output with their places. */
interface Images {
  readonly x: Value;
  readonly y: Value;
  readonly source: Place;
  readonly target: Place;
}

export function imagesOf(node: Node, lowering: Lowering): Images {
  const [x, y] = [input(node, 0), output(node)];
  return { x, y, source: lowering.place(x), target: lowering.define(y) };
}

function lowerMax(node: Node, window: Window, lowering: Lowering): void {
  const { x, y, source, target } = imagesOf(node, lowering);
  lowering.emit(Op.MaxPool, windowArgs(window, x, y, source, target, asImage(x.dims).channels));
}

export function lowerAverage(lowering: Lowering, window: Window, { x, y, source, target }: Images, counting: Counting): void {
  lowering.emit(Op.AveragePool, {
    ...windowArgs(window, x, y, source, target, asImage(x.dims).channels),
    [AveragePoolArg.CountIncludePad]: counting,
    [AveragePoolArg.PadBottom]: window.padEnd[0],
    [AveragePoolArg.PadRight]: window.padEnd[1],
  });
}

/** The first of start, start + step, ... that is not negative. */
const firstInside = (start: number, step: number): number => Math.max(start, start + Math.ceil(-start / step) * step);

/** Max pooling of whole numbers, on the host. */
function maxOf(node: Node<WindowAttributes>, x: TypedArray): TypedArray {
  const { kernel, stride, dilation, padBegin } = resolveWindow(node, input(node, 0).dims);
  const from = asImage(input(node, 0).dims);
  const { type, dims } = output(node);
  const to = asImage(dims);
  const y = allocate(type, product(dims)) as Uint8Array;
  for (let i = 0; i < y.length; i++) {
    const [ox, oy, plane] = [i % to.width, Math.floor(i / to.width) % to.height, Math.floor(i / (to.width * to.height))];
    let best = type === 'int8' ? -128 : 0;
    const [top, left] = [oy * stride[0] - padBegin[0], ox * stride[1] - padBegin[1]];
    const [endY, endX] = [Math.min(from.height, top + kernel[0] * dilation[0]), Math.min(from.width, left + kernel[1] * dilation[1])];
    for (let iy = firstInside(top, dilation[0]); iy < endY; iy += dilation[0]) {
      for (let ix = firstInside(left, dilation[1]); ix < endX; ix += dilation[1]) {
        best = Math.max(best, Number(x[(plane * from.height + iy) * from.width + ix]));
      }
    }
    y[i] = best;
  }
  return y;
}
