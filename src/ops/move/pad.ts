import { at } from '../../graph/at.ts';
import { product } from '../../graph/dims.ts';
import { elementBytes, type TypedArray } from '../../graph/tensor.ts';
import type { Value } from '../../graph/value.ts';
import { allocate, eachIndex, integers } from '../elements.ts';
import { emitCopy } from '../emit.ts';
import { firstAlike } from '../layouts.ts';
import type { Lowering, Node, OpenNode, Operator } from '../operator.ts';
import { constantInput, input, invalid, output, resolveAxis, unsupported } from '../shapes.ts';
import { stridesOf } from '../strides.ts';
import { along, emitMove, type Move } from './move.ts';

export interface PadAttributes {
  readonly mode: 'constant' | 'reflect' | 'edge' | 'wrap';
  /** Attributes up to opset 10, then inputs. */
  readonly given?: { readonly pads: readonly number[]; readonly value: number };
}

/** Pads with the input's own elements, once that chunk is loaded. */
export const reflection: { lower?: (node: Node<PadAttributes>, lowering: Lowering, y: Value, x: Value) => void } = {};

/** ONNX Pad: begins, then ends; negative ones crop. The value may be computed at run time, the pads not. */
export const pad: Operator<PadAttributes> = {
  name: 'Pad',
  since: 2,
  rare: ({ attributes }) => (attributes.get('mode') ?? 'constant') !== 'constant',
  inputs: [1, 4],
  types: ['any'],
  constantInputs: [1, 3],
  attributes(reader, opset) {
    const mode = reader.choice('mode', 'constant', 'reflect', 'edge', 'wrap');
    return opset < 11 ? { mode, given: { pads: reader.ints('pads') ?? [], value: reader.float('value', 0, false) } } : { mode };
  },
  inferShape(node) {
    const { type, dims } = input(node, 0);
    const pads = padsOf(node);
    const { mode, given } = node.attributes;
    const value = node.inputs[2];
    if (value && (value.type !== type || product(value.dims) !== 1))
      throw invalid(node, `its value should be one ${type}, is ${value.type} [${value.dims}]`);
    if (given && given.value !== 0 && type !== 'float32')
      throw unsupported(node, `a value of ${type} up to opset 10; float32 is supported`);
    return [
      {
        type,
        dims: dims.map((size, axis) => {
          const [begin, end] = pads[axis] ?? [0, 0];
          const padded = size + begin + end;
          if (padded < 0) throw invalid(node, `pads ${begin} and ${end} take more than the ${size} of axis ${axis}`);
          if (mode !== 'constant' && size === 0 && padded > 0) throw invalid(node, `axis ${axis} is empty, and has nothing to pad with`);
          if (mode === 'reflect' && Math.max(begin, end) >= Math.max(size, 1)) {
            throw unsupported(node, `a reflection of ${Math.max(begin, end)} over ${size} elements`);
          }
          return padded;
        }),
      },
    ];
  },
  layout: firstAlike,
  evaluate(node, data) {
    const { type, dims } = output(node);
    const x = input(node, 0);
    const y = allocate(type, product(dims));
    const value = data[2]?.[0] ?? node.attributes.given?.value;
    if (value !== undefined && !Object.is(value, 0)) y.fill(value as never);
    const pads = padsOf(node);
    const strides = stridesOf('rowMajor', x.dims);
    const outStrides = stridesOf('rowMajor', dims);
    eachIndex(dims, [outStrides], (_, i) => {
      let offset = 0;
      for (let axis = 0; axis < dims.length; axis++) {
        const index = Math.floor(i / (outStrides[axis] || 1)) % (dims[axis] || 1);
        const row = source(node.attributes.mode, index - at(pads, axis)[0], at(x.dims, axis));
        if (row < 0) return;
        offset += row * at(strides, axis);
      }
      y[i] = data[0]?.[offset] as never;
    });
    return [y];
  },
  lower(node, lowering) {
    const [x, y] = [input(node, 0), output(node)];
    const target = lowering.define(y);
    const bytes = elementBytes(y.type);
    if (node.attributes.mode !== 'constant') return (reflection.lower as NonNullable<typeof reflection.lower>)(node, lowering, y, x);
    const value = node.inputs[2];
    const { given } = node.attributes;
    const filled = given && !Object.is(given.value, 0);
    const filling = value ? lowering.place(value).pointer : filled ? lowering.table(Float32Array.of(given.value)) : lowering.zeros(bytes);
    emitCopy(lowering, bytes, target.pointer, filling, { sizes: [...y.dims], strides: [[...target.strides], y.dims.map(() => 0)] });
    emitMove(lowering, kept(node), y, x);
  },
};

/** The part of the input that stays, and where it goes. */
function kept(node: Node<PadAttributes>): Move {
  const pads = padsOf(node);
  const { dims } = input(node, 0);
  const sizes = pads.map(([begin, end], axis) => at(dims, axis) + Math.min(0, begin) + Math.min(0, end));
  return {
    loops: sizes.map((size, axis) => along(Math.max(0, size), axis)),
    fromStart: pads.map(([begin]) => Math.max(0, -begin)),
    toStart: pads.map(([begin]) => Math.max(0, begin)),
  };
}

/** The input's row at a place of the output; -1 if there is none. */
export function source(mode: PadAttributes['mode'], at: number, size: number): number {
  if (at >= 0 && at < size) return at;
  if (mode === 'constant') return -1;
  if (mode === 'edge') return at < 0 ? 0 : size - 1;
  if (mode === 'wrap') return ((at % size) + size) % size;
  return at < 0 ? -at : 2 * (size - 1) - at;
}

/** Begin and end of every axis. */
export function padsOf(node: OpenNode<PadAttributes>): [number, number][] {
  const rank = input(node, 0).dims.length;
  const pads = node.attributes.given?.pads ?? (node.inputs[1] ? integers(node, constantInput(node, 1) as TypedArray) : []);
  const axes = node.inputs[3]
    ? integers(node, constantInput(node, 3)).map((axis) => resolveAxis(node, axis, rank))
    : Array.from({ length: rank }, (_, axis) => axis);
  if (pads.length !== 2 * axes.length) throw invalid(node, `pads [${pads}] should be ${2 * axes.length}: begins, then ends`);
  const result = Array.from({ length: rank }, (): [number, number] => [0, 0]);
  axes.forEach((axis, i) => {
    result[axis] = [at(pads, i), at(pads, i + axes.length)];
  });
  return result;
}
