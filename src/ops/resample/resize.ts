import { at } from '../../graph/at.ts';
import type { TypedArray } from '../../graph/tensor.ts';
import { integers } from '../elements.ts';
import { firstAlike } from '../layouts.ts';
import { checkRows, emitAxes } from '../move/axis.ts';
import type { OpenNode, Operator } from '../operator.ts';
import { constantInput, input, invalid, output, resolveAxis, unsupported } from '../shapes.ts';
import { type Coordinates, mostTaps, type ResizeAttributes, type ResizedAxis, rareModes, resampling, tableOf } from './resizeTable.ts';

/** What Resize and Upsample share: the axes are resized one after the other, by tables that the plan computes. */
export const resizing: Pick<Operator<ResizeAttributes>, 'types' | 'inferShape' | 'layout' | 'lower'> = {
  types: ['any'],
  inferShape(node) {
    const { type } = input(node, 0);
    const { mode, coordinates } = node.attributes;
    if (type !== 'float32' && (mode !== 'nearest' || coordinates === 'tf_crop_and_resize')) {
      throw unsupported(node, `${mode} ${coordinates} of ${type}; float32 is supported`);
    }
    return [{ type, dims: axesOf(node).map(({ to }) => to) }];
  },
  layout: firstAlike,
  lower(node, lowering) {
    const [x, y] = [input(node, 0), output(node)];
    const axes = axesOf(node);
    // The size is checked before any table is made.
    lowering.define(y);
    for (const axis of axes) checkRows(node, axis.to * mostTaps(axis, node.attributes));
    const steps = axes.flatMap((axis, i) => {
      const table = tableOf(axis, node.attributes);
      return table ? [{ axis: i, ...table }] : [];
    });
    emitAxes(lowering, y, x, steps);
    if (node.attributes.coordinates === 'tf_crop_and_resize') resampling.fillOutside?.(node, axes, y, lowering);
  },
};

const read = (node: OpenNode<unknown>, index: number): TypedArray | undefined => {
  if (index < 0 || !node.inputs[index]) return undefined;
  const data = constantInput(node, index);
  return data.length > 0 ? data : undefined;
};

/** Every axis of the input, with the scales of those that are resized. */
export function axesOf(node: OpenNode<ResizeAttributes>): ResizedAxis[] {
  const { dims } = input(node, 0);
  const { attributes } = node;
  const { at: places, policy } = attributes;
  const axes = attributes.axes?.map((axis) => resolveAxis(node, axis, dims.length)) ?? dims.map((_, axis) => axis);
  const scales = attributes.scales ?? read(node, places.scales);
  const sizes = read(node, places.sizes);
  const region = Array.from(read(node, places.roi) ?? [], Number);
  const given = sizes ?? scales;
  if (!given || given.length !== axes.length) throw invalid(node, `its scales or sizes [${given ?? []}] should be ${axes.length} numbers`);
  const result: ResizedAxis[] = dims.map((size) => ({ from: size, to: size, scale: 1, roi: [0, 1] }));
  const targets = sizes && integers(node, sizes);
  const common =
    policy !== 'stretch' &&
    targets &&
    resampling.common?.(
      policy,
      targets.map((size, i) => [size, at(dims, at(axes, i))]),
    );
  axes.forEach((axis, i) => {
    const from = at(dims, axis);
    // Without a region of interest it is the whole axis.
    const [begin = 0, end = 1] = [region[i], region[i + axes.length]];
    const crops = attributes.coordinates === 'tf_crop_and_resize';
    // An empty axis stays as it is.
    const ratio = targets && (common || (from === at(targets, i) ? [1, 1] : [at(targets, i), from]));
    const scale = ratio ? ratio[0] / ratio[1] : Number(scales?.[i]);
    const to = ratio ? Math.floor((from * ratio[0] + ratio[1] / 2) / ratio[1]) : resized(from * (crops ? end - begin : 1), scale);
    if (!(scale > 0 && scale < Number.POSITIVE_INFINITY) || !Number.isSafeInteger(to) || to < 0)
      throw invalid(node, `axis ${axis} of ${from} cannot be resized by ${scale}`);
    result[axis] = { from, to, scale, ratio: crops ? undefined : ratio, roi: [begin, end] };
  });
  return result;
}

/** Multiplied in float32, as in ONNX's shape inference and onnxruntime: 10 times float32's 1.3 is 13, and not a little less. */
const resized = (size: number, scale: number): number => Math.floor(Math.fround(Math.fround(size) * scale));

/** The first one is the default. */
const transforms: readonly [Coordinates, ...Coordinates[]] = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
  'tf_crop_and_resize',
];

/**
 * ONNX Resize: nearest, linear and cubic, by scales or to sizes. Regions, scales and sizes must be known when the plan is
 * made.
 */
export const resize: Operator<ResizeAttributes> = {
  ...resizing,
  name: 'Resize',
  since: 10,
  rare: ({ attributes }) => [...attributes.values()].some((value) => rareModes.test(String(value))),
  inputs: [1, 4],
  constantInputs: [1, 2, 3],
  attributes(reader, opset) {
    const mode = reader.choice('mode', 'nearest', 'linear', 'cubic');
    const old = opset < 11;
    return {
      mode,
      coordinates: old ? 'asymmetric' : reader.choice('coordinate_transformation_mode', ...transforms),
      rounding: old ? 'unspecified' : reader.choice('nearest_mode', 'round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil'),
      cubic: old ? -0.75 : reader.float('cubic_coeff_a', -0.75),
      excludeOutside: !old && reader.flag('exclude_outside'),
      extrapolation: old ? 0 : reader.float('extrapolation_value', 0, false),
      antialias: opset >= 18 && reader.flag('antialias'),
      axes: opset >= 18 ? reader.ints('axes') : undefined,
      policy: opset >= 18 ? reader.choice('keep_aspect_ratio_policy', 'stretch', 'not_larger', 'not_smaller') : 'stretch',
      at: old ? { roi: -1, scales: 1, sizes: -1 } : { roi: 1, scales: 2, sizes: 3 },
    };
  },
};
