import type { Network } from '../compiler/network.ts';
import { at } from '../graph/at.ts';
import type { Value } from '../graph/value.ts';
import { permOf, type TransposeAttributes } from '../ops/move/transpose.ts';
import type { Node } from '../ops/operator.ts';
import { onnxName } from './onnxName.ts';
import { reachOf } from './reach.ts';
import { largestSize, sameView, seenByAll, seenFrom, through, together, type View } from './view.ts';

/** [height, width], in pixels. */
export type Pair = readonly [number, number];

/** What the positions of a value see of the picture, [height, width] in the picture's pixels. */
export interface ReceptiveField {
  /** The field's size, from the first to the last pixel, with padding that is seen. */
  readonly size: Pair;
  /** Distance between the fields of neighbours: 0 if all see the same; a fraction behind layers that enlarge pictures. */
  readonly stride: Pair;
  /** Where the first position's field starts; negative in the padding. */
  readonly offset: Pair;
}

interface Whole {
  readonly kind: 'whole';
  readonly first: number;
  readonly last: number;
}

/** What a value sees of one dimension of the picture. */
type Sight =
  /** Each position of an axis sees something else. */
  | { readonly kind: 'local'; readonly axis: number; readonly view: View }
  /** The positions share an axis with others. */
  | (Omit<Whole, 'kind'> & { readonly kind: 'mixed'; readonly axis: number })
  /** Every element sees the same. */
  | Whole
  | { readonly kind: 'unknown' };

/**
 * What a value sees along height and width, and the picture's height and width (0 without a height). A value that depends on
 * no picture has none.
 */
interface Sights {
  readonly sights: readonly [Sight, Sight];
  readonly pixels: Pair;
}

const unknown: Sight = { kind: 'unknown' };

/**
 * The receptive field of every value that has one (Araujo, Norris and Sim 2019, "Computing Receptive Fields of Convolutional
 * Neural Networks", doi:10.23915/distill.00021): size, stride and offset as if the picture went on at its edges. Where paths
 * meet it is what they see together. After a layer that looks at all positions (global pools, dense layers, flattened
 * pictures) it is the whole picture, without padding. Values whose positions cannot be followed have none, nor do those of
 * paths whose strides differ.
 */
export function receptiveFields(network: Network): Map<Value, ReceptiveField> {
  const known = new Map<Value, Sights>();
  for (const value of network.inputs) {
    const sights = value.constant ? undefined : pictureSights(network, value);
    if (sights) known.set(value, sights);
  }
  for (const node of network.nodes) {
    node.outputs.forEach((output, i) => {
      const sights = sightsOf(node, output, i, known);
      if (sights) known.set(output, sights);
    });
  }
  const fields = [...known].flatMap(([value, sights]): [Value, ReceptiveField][] => {
    const field = fieldOf(value, sights);
    return field ? [[value, field]] : [];
  });
  return new Map(fields);
}

/** In the picture itself, each pixel sees itself. */
function pictureSights(network: Network, value: Value): Sights | undefined {
  const { dims } = value;
  if (dims.length !== 3 && dims.length !== 4) return undefined;
  // Without a height there is one row, which everything sees.
  const [height, width] = dims.length === 3 ? [undefined, 2] : isChannelsLast(network, value) ? [1, 2] : [2, 3];
  const sight = (axis: number | undefined): Sight =>
    axis === undefined ? { kind: 'whole', first: 0, last: 0 } : { kind: 'local', axis, view: sameView };
  return { sights: [sight(height), sight(width)], pixels: [height === undefined ? 0 : at(dims, height), at(dims, width)] };
}

/** Whether the first operation on a picture, except for arithmetic in place, is a transposition from NHWC to NCHW. */
function isChannelsLast(network: Network, picture: Value): boolean {
  let value: Value | undefined = picture;
  while (value) {
    const readers: readonly Node[] = network.readers(value);
    const [reader] = readers;
    if (!reader || readers.length > 1) return false;
    if (onnxName(reader) === 'Transpose') return permOf(reader as Node<TransposeAttributes>).join() === '0,3,1,2';
    const output: Value | undefined = reader.outputs[0];
    value = output && output.dims.join() === value.dims.join() ? output : undefined;
  }
  return false;
}

function sightsOf(node: Node, output: Value, index: number, known: ReadonlyMap<Value, Sights>): Sights | undefined {
  const seen = node.inputs.flatMap((value, i) => {
    const sights = value && known.get(value);
    return sights ? [{ ...sights, value, i }] : [];
  });
  if (seen.length === 0) return undefined;
  const pixels = (d: 0 | 1) => Math.max(...seen.map((sights) => sights.pixels[d]));
  const sight = (d: 0 | 1): Sight => {
    const parts = seen.map(({ value, i, ...own }) => step(node, own.sights[d], own.pixels[d], value, i, index));
    return parts.reduce((a, b) => merged(a, b, output, pixels(d)));
  };
  return { sights: [sight(0), sight(1)], pixels: [pixels(0), pixels(1)] };
}

/** What an output sees through one input. */
function step(node: Node, sight: Sight, pixels: number, value: Value, input: number, output: number): Sight {
  if (sight.kind === 'whole' || sight.kind === 'unknown') return sight;
  const reach = reachOf(node, sight.axis, input, output);
  if (reach === 'unknown') return unknown;
  if (sight.kind === 'mixed') {
    if (reach === 'all') return { ...sight, kind: 'whole' };
    const axis = 'mixed' in reach ? reach.mixed : reach.view === sameView ? reach.to : undefined;
    return axis === undefined ? unknown : { ...sight, axis };
  }
  if (reach !== 'all' && 'to' in reach) {
    const view = through(reach.view, sight.view);
    return view ? { kind: 'local', axis: reach.to, view } : unknown;
  }
  const whole = ofAll(sight.view, at(value.dims, sight.axis), pixels);
  return reach === 'all' ? { kind: 'whole', ...whole } : { kind: 'mixed', axis: reach.mixed, ...whole };
}

/** The part of the picture that all positions see together. */
function ofAll(view: View, count: number, pixels: number): { readonly first: number; readonly last: number } {
  const [first, last] = seenByAll(view, count);
  return { first: Math.max(0, first), last: Math.min(pixels - 1, last) };
}

/** Where paths meet. */
function merged(a: Sight, b: Sight, output: Value, pixels: number): Sight {
  if (a.kind === 'unknown' || b.kind === 'unknown') return unknown;
  if (a.kind === 'whole' || b.kind === 'whole') {
    const [whole, other] = a.kind === 'whole' ? [a, b] : [b as Whole, a];
    const { first, last } = other.kind === 'local' ? ofAll(other.view, at(output.dims, other.axis), pixels) : other;
    return { kind: 'whole', first: Math.min(whole.first, first), last: Math.max(whole.last, last) };
  }
  if (a.axis !== b.axis) return unknown;
  if (a.kind === 'local' && b.kind === 'local') {
    const view = together(a.view, b.view);
    return view ? { ...a, view } : unknown;
  }
  if (a.kind !== 'mixed' || b.kind !== 'mixed') return unknown;
  return { ...a, first: Math.min(a.first, b.first), last: Math.max(a.last, b.last) };
}

function fieldOf(value: Value, { sights, pixels }: Sights): ReceptiveField | undefined {
  const parts = sights.map((sight, d) => {
    if (sight.kind === 'local') return extentOf(sight.view, at(value.dims, sight.axis));
    if (sight.kind !== 'whole' || sight.first > sight.last) return undefined;
    return { size: sight.last - sight.first + 1, stride: pixels[d] === 0 ? 1 : 0, offset: sight.first };
  });
  const [height, width] = parts;
  if (!height || !width) return undefined;
  const pair = (key: 'size' | 'stride' | 'offset'): Pair => [height[key], width[key]];
  return { size: pair('size'), stride: pair('stride'), offset: pair('offset') };
}

/** Size, stride and offset of a view; undefined if there is no position, or the first sees nothing. */
export function extentOf(view: View, count = view.period): { size: number; stride: number; offset: number } | undefined {
  const [offset] = seenFrom(view, 0);
  return count > 0 && Number.isFinite(offset)
    ? { size: largestSize(view, count), stride: view.advance / view.period, offset: offset + 0 }
    : undefined;
}
