// The nodes of Resize's tests.

import type { Attribute } from '../../src/graph/graph.ts';
import type { ResizeOptions } from '../reference/resize.ts';
import { type GraphSpec, int64, type NodeSpec } from './graph.ts';
import { floats, still } from './moves.ts';

/** ONNX's attributes for the reference's options; what opset 18 brought only where it is used. */
function attributesOf(options: ResizeOptions): Record<string, Attribute | undefined> {
  return {
    mode: options.mode,
    coordinate_transformation_mode: options.coordinates,
    nearest_mode: options.nearest,
    cubic_coeff_a: options.cubic,
    exclude_outside: options.excludeOutside ? 1 : undefined,
    extrapolation_value: options.extrapolation,
    antialias: options.antialias ? 1 : undefined,
    axes: options.axes,
    keep_aspect_ratio_policy: options.policy,
  };
}

/** Scales are float32, for the reference too. */
export const rounded = (options: ResizeOptions): ResizeOptions => ({
  ...options,
  ...(options.scales ? { scales: options.scales.map(Math.fround) } : {}),
  ...(options.roi ? { roi: options.roi.map(Math.fround) } : {}),
  ...(options.cubic === undefined ? {} : { cubic: Math.fround(options.cubic) }),
});

export function specOf(dims: readonly number[], options: ResizeOptions, outDims: readonly number[], way: string): GraphSpec {
  const { roi, scales, sizes } = options;
  const constants = {
    ...(roi ? { roi: floats('roi', roi) } : {}),
    ...(scales ? { scales: floats('scales', scales) } : {}),
    ...(sizes ? { sizes: int64('sizes', sizes) } : {}),
  };
  const others = [roi ? 'roi' : '', scales ? 'scales' : '', ...(sizes ? ['sizes'] : [])];
  const nodes: NodeSpec[] = [
    { op: 'MaxPool', attributes: still(dims), inputs: ['x'], outputs: ['p'] },
    { op: 'Resize', attributes: attributesOf(options), inputs: [way === 'alone' ? 'x' : 'p', ...others], outputs: ['r'] },
    { op: 'MaxPool', attributes: still(outDims), inputs: ['r'], outputs: ['y'] },
  ];
  const used = way === 'alone' ? nodes.slice(1, 2) : way === 'behind' ? nodes.slice(0, 2) : nodes;
  return { opset: 18, inputs: { x: dims }, constants, nodes: used };
}
