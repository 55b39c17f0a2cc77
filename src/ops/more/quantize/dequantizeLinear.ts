import { at } from '../../../graph/at.ts';
import { product } from '../../../graph/dims.ts';
import { type DataType, formatDims, type TypedArray } from '../../../graph/tensor.ts';
import type { Value } from '../../../graph/value.ts';
import { allocate } from '../../elements.ts';
import type { OpenNode, Operator } from '../../operator.ts';
import { input, invalid, resolveAxis } from '../../shapes.ts';

interface DequantizeAttributes {
  readonly axis: number;
  /** How many neighbours along the axis share a scale; 0 if the whole axis or the whole tensor does. */
  readonly block: number;
}

const integers: readonly DataType[] = ['int8', 'uint8', 'int16', 'uint16', 'int32'];

/**
 * ONNX DequantizeLinear: (x - zero point) · scale; one scale for all, one for each index of an axis, or one for each block
 * along it. Weights that are stored this way are dequantized as they are packed, a part at a time.
 */
export const dequantizeLinear: Operator<DequantizeAttributes> = {
  name: 'DequantizeLinear',
  since: 10,
  inputs: [2, 3],
  types: ['any'],
  evaluatedTypes: [integers, ['float32'], integers],
  attributes(reader, opset) {
    const type = opset < 23 ? 0 : reader.int('output_dtype', 0);
    // The type, by ONNX's number: the scale's, float32, or a 16-bit float, which is float32 here.
    if (![0, 1, 10, 16].includes(type)) throw reader.unsupported(`an output of ONNX's element type ${type} is not supported`);
    const block = opset < 21 ? 0 : reader.int('block_size', 0);
    if (block < 0) throw reader.invalid('block_size', `is ${block}, expected 0 or more`);
    return { axis: opset < 13 ? 1 : reader.int('axis', 1), block };
  },
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const scale = input(node, 1).dims;
    const zero = node.inputs[2];
    scalesOf(node);
    if (zero && (zero.type !== type || !isLike(zero.dims, scale)))
      throw invalid(node, `its zero point is ${zero.type} ${formatDims(zero.dims)}, expected ${type} ${formatDims(scale)}`);
    return [{ type: 'float32', dims }];
  },
  evaluate(node, [x, scale, zero]) {
    const y = new Float32Array(product(input(node, 0).dims));
    dequantize(scalesOf(node), y, 0, x as TypedArray, scale as Float32Array, zero, 0);
    return [y];
  },
  fill(node, target, from) {
    const scales = scalesOf(node);
    const { inner, step, at } = scales;
    // For blocks, the rows of scales that the part needs.
    const first = step && at(Math.floor(from / inner));
    const end = step ? at(Math.floor((from + target.length - 1) / inner)) + inner : product(input(node, 1).dims);
    const [scale, zero] = [1, 2].map((i) => node.inputs[i] && partOf(input(node, i), first, end));
    dequantize(scales, target, from, partOf(input(node, 0), from, from + target.length), scale as Float32Array, zero, first);
  },
};

/** Elements `from` to `to` of a constant. */
export function partOf({ type, constant }: Value, from: number, to: number): TypedArray {
  if (!constant?.fill) return constant?.read().subarray(from, to) as TypedArray;
  const part = allocate(type, to - from);
  constant.fill(part, from);
  return part;
}

/** A single number may be given as a list of one. */
const isLike = (a: readonly number[], b: readonly number[]): boolean => a.join() === b.join() || (product(a) === 1 && product(b) === 1);

/**
 * A tensor as rows of `inner` elements: the first element of row r has scale `at(r)`, and the next ones the scales that
 * follow, `step` apart.
 */
interface Scales {
  readonly inner: number;
  readonly step: 0 | 1;
  at(row: number): number;
}

export function scalesOf(node: OpenNode<Pick<DequantizeAttributes, 'axis' | 'block'>>): Scales {
  const { axis, block } = node.attributes;
  const [{ dims }, { dims: scale }] = [input(node, 0), input(node, 1)];
  if (block === 0 && scale.length < 2 && product(scale) === 1) return { inner: product(dims), step: 0, at: () => 0 };
  const along = resolveAxis(node, axis, dims.length);
  const size = at(dims, along);
  const count = block && Math.ceil(size / block);
  const expected = block ? dims.map((dim, i) => (i === along ? count : dim)) : [size];
  if (scale.join() !== expected.join()) throw invalid(node, `its scale is ${formatDims(scale)}, expected ${formatDims(expected)}`);
  const inner = product(dims.slice(along + 1));
  if (block === 0) return { inner, step: 0, at: (row) => row % size };
  return { inner, step: 1, at: (row) => (Math.floor(row / size) * count + Math.floor((row % size) / block)) * inner };
}

/**
 * Dequantizes elements `from` on.
 * @param x the input, from there on as well
 * @param first the index of the first scale that is given
 */
function dequantize(
  { inner, step, at }: Scales,
  target: TypedArray,
  from: number,
  x: TypedArray,
  scale: Float32Array,
  zero: TypedArray | undefined,
  first: number,
): void {
  for (let i = 0; i < target.length; ) {
    const column = (from + i) % inner;
    const end = Math.min(target.length, i + inner - column);
    let s = at((from + i - column) / inner) + column * step - first;
    for (; i < end; i++, s += step) target[i] = Math.fround(Number(x[i]) - Number(zero?.[s] ?? 0)) * (scale[s] as number);
  }
}
