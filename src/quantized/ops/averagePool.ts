import type { Op } from '../../../assembly/opcodes.ts';
import { QuantizedAveragePoolArg, QuantizedOp } from '../../../assembly/opcodes-quantized.ts';
import { product } from '../../graph/dims.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import type { Value, ValueType } from '../../graph/value.ts';
import { allocate } from '../../ops/elements.ts';
import { pictureFirst, rowMajor } from '../../ops/layouts.ts';
import type { Node, OpenNode, Operator } from '../../ops/operator.ts';
import { asImage, input, output } from '../../ops/shapes.ts';
import { type AveragePoolAttributes, globalWindow } from '../../ops/window/pool.ts';
import { readWindow, resolveWindow, type Window, windowArgs } from '../../ops/window/window.ts';
import { type Place, pointerOf } from '../../plan/place.ts';
import { rangeOf, saturated } from '../rounding.ts';
import { checkBytes, checkScale, flipOf } from '../scales.ts';

/** The inputs of QLinearAveragePool and QLinearGlobalAveragePool. */
export enum QPoolInput {
  X,
  XScale,
  XZero,
  YScale,
  YZero,
}

const { X, XScale, XZero, YScale, YZero } = QPoolInput;

export interface QPoolAttributes extends Partial<AveragePoolAttributes> {
  /** Whether the dimensions are [N, spatial..., C]. */
  readonly channelsLast: boolean;
}

/** A type with the dimensions [N, C, spatial...]. */
function pictureOf<T extends ValueType>(value: T, { attributes }: OpenNode<QPoolAttributes>): T {
  const { dims } = value;
  return attributes.channelsLast ? { ...value, dims: [...dims.slice(0, 1), ...dims.slice(-1), ...dims.slice(1, -1)] } : value;
}

/**
 * com.microsoft's average of bytes: exact sums, then float32(sum) times float32(x scale / float32(y scale · n)), rounded half to
 * even, + zero point, as onnxruntime 1.30 computes QLinearGlobalAveragePool.
 */
function pool(
  name: string,
  attributes: NonNullable<Operator<QPoolAttributes>['attributes']>,
  windowIn: (node: OpenNode<QPoolAttributes>) => Window,
): Operator<QPoolAttributes> {
  /** The window over [N, C, spatial...]. */
  const windowOf = (node: OpenNode<QPoolAttributes>) => windowIn({ ...node, inputs: [pictureOf(input(node, X), node)] });
  return {
    name: `com.microsoft.${name}`,
    since: 1,
    pack: 'quantized',
    inputs: [4, 5],
    types: ['any'],
    slices: true,
    attributes,
    inferShape(node) {
      const x = input(node, X);
      const to = node.inputs[YZero] ?? x;
      checkBytes(node, x, to);
      checkScale(node, input(node, XScale), node.inputs[XZero], x.type);
      checkScale(node, input(node, YScale), node.inputs[YZero], to.type);
      const { out } = windowOf(node);
      const [n = 1, channels = 1] = pictureOf(x, node).dims;
      return [{ type: to.type, dims: node.attributes.channelsLast ? [n, ...out, channels] : [n, channels, ...out] }];
    },
    layout: (node) => (node.attributes.channelsLast || !fits(windowOf(node), input(node, X), node) ? rowMajor() : pictureFirst()),
    evaluate: (node, data) => [averages(node, windowOf(node), data)],
    lower(node, lowering) {
      const [x, y] = [pictureOf(input(node, X), node), pictureOf(output(node), node)];
      const window = windowOf(node);
      if (!fits(window, input(node, X), node)) return lowering.evaluate(node as Node);
      const { channels } = asImage(x.dims);
      const asPicture = (place: Place) => (node.attributes.channelsLast ? { ...place, pixelStride: channels } : place);
      const pointer = (i: QPoolInput) => pointerOf(node.inputs[i] && lowering.place(input(node, i)));
      lowering.emit(QuantizedOp.AveragePool as number as Op, {
        ...windowArgs(window, x, y, asPicture(lowering.place(input(node, X))), asPicture(lowering.define(output(node))), channels),
        [QuantizedAveragePoolArg.CountIncludePad]: Number(node.attributes.countIncludePad ?? false),
        [QuantizedAveragePoolArg.PadBottom]: window.padEnd[0],
        [QuantizedAveragePoolArg.PadRight]: window.padEnd[1],
        [QuantizedAveragePoolArg.InScale]: pointer(XScale),
        [QuantizedAveragePoolArg.InZero]: pointer(XZero),
        [QuantizedAveragePoolArg.OutScale]: pointer(YScale),
        [QuantizedAveragePoolArg.OutZero]: pointer(YZero),
        [QuantizedAveragePoolArg.InFlip]: flipOf(x.type),
        [QuantizedAveragePoolArg.OutFlip]: flipOf(y.type),
      });
    },
  };
}

/** The most taps whose sum the kernel holds. */
const MOST_TAPS = 2 ** 23;

/** Whether the kernel takes the window. */
function fits({ kernel }: Window, x: Value, node: OpenNode<QPoolAttributes>): boolean {
  const { height, width } = asImage(pictureOf(x, node).dims);
  return Math.min(kernel[0], height) * Math.min(kernel[1], width) <= MOST_TAPS;
}

/** On the host, as the kernel computes it. */
function averages(node: Node<QPoolAttributes>, window: Window, data: readonly (TypedArray | undefined)[]): TypedArray {
  const { kernel, stride, dilation, padBegin, padEnd } = window;
  const [from, to] = [asImage(pictureOf(input(node, X), node).dims), asImage(pictureOf(output(node), node).dims)];
  const { type, dims } = output(node);
  const { channelsLast, countIncludePad } = node.attributes;
  const number = (i: QPoolInput) => Number(data[i]?.[0] ?? 0);
  const [xScale, xZero, yScale, yZero] = [number(XScale), number(XZero), number(YScale), number(YZero)];
  const limits = rangeOf(type);
  const x = data[X] as Uint8Array;
  const y = allocate(type, product(dims)) as Uint8Array;
  const sizes = [from.height, from.width] as const;
  /** The taps of output position `o` along an axis: first position, how many are inside, and how many count. */
  const taps = (axis: 0 | 1, o: number) => {
    const start = o * stride[axis] - padBegin[axis];
    const first = Math.max(0, Math.ceil(-start / dilation[axis]));
    const before = (end: number) => Math.min(kernel[axis], Math.ceil((end - start) / dilation[axis]));
    const inside = Math.max(0, before(sizes[axis]) - first);
    return {
      at: start + first * dilation[axis],
      inside,
      count: countIncludePad ? Math.max(0, before(sizes[axis] + padEnd[axis])) : inside,
    };
  };
  const place = ({ height, width }: { height: number; width: number }, n: number, c: number, row: number, column: number) =>
    channelsLast ? ((n * height + row) * width + column) * to.channels + c : ((n * to.channels + c) * height + row) * width + column;
  for (let oy = 0; oy < to.height; oy++) {
    for (let ox = 0; ox < to.width; ox++) {
      const [rows, columns] = [taps(0, oy), taps(1, ox)];
      const count = Math.max(1, Math.fround(rows.count * columns.count));
      const scale = Math.fround(xScale / Math.fround(yScale * count));
      for (let i = 0; i < to.batch * to.channels; i++) {
        const [n, c] = [Math.floor(i / to.channels), i % to.channels];
        let sum = -xZero * rows.inside * columns.inside;
        for (let ky = 0; ky < rows.inside; ky++) {
          for (let kx = 0; kx < columns.inside; kx++) {
            sum += x[place(from, n, c, rows.at + ky * dilation[0], columns.at + kx * dilation[1])] as number;
          }
        }
        y[place(to, n, c, oy, ox)] = saturated(Math.fround(Math.fround(sum) * scale), yZero, limits);
      }
    }
  }
  return y;
}

export const qLinearAveragePool = pool(
  'QLinearAveragePool',
  (reader) => ({
    ...readWindow(reader, { ceil: true }),
    countIncludePad: reader.flag('count_include_pad'),
    channelsLast: reader.flag('channels_last'),
  }),
  (node) => resolveWindow(node as OpenNode<AveragePoolAttributes>, input(node, X).dims),
);

export const qLinearGlobalAveragePool = pool(
  'QLinearGlobalAveragePool',
  (reader) => ({ channelsLast: reader.flag('channels_last') }),
  globalWindow,
);
