import { ADD_RANK, AddArg, Op } from '../../assembly/opcodes.ts';
import { type Clamped, clampWords } from './clamp.ts';
import { learned } from './cost.ts';
import type { Args, Layout, Lowering, Node, Operator, Place, Value } from './operator.ts';
import { broadcast, input, unsupported } from './shapes.ts';
import { memoryOrder, mergeLoops, stridesOf } from './strides.ts';

/** ONNX Add with multidirectional broadcasting. */
export const add: Operator<Clamped> = {
  name: 'Add',
  opsets: [7, 21],
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: () => ({}),
  inferShape: (node) => [{ type: 'float32', dims: broadcast(node, input(node, 0).dims, input(node, 1).dims) }],
  layout: () => ({ inputs: ['any', 'any'], output: 'any' }),
  cost: (node) => ({ macs: 0, params: learned(node) }),
  lower(node, to) {
    const y = node.outputs[0] as Value;
    const [a, b] = [input(node, 0), input(node, 1)];
    emitAdd(node, to, y.dims, to.define(y), { value: a, place: to.place(a) }, { value: b, place: to.place(b) }, 1, node.attributes);
  },
};

interface Operand {
  readonly value: { readonly dims: readonly number[] };
  readonly place: Place;
}

/** output = clamp(a + scale * b), a and b broadcast to `dims`. */
export function emitAdd(
  node: Pick<Node, 'name'>,
  to: Lowering,
  dims: readonly number[],
  output: Place,
  a: Operand,
  b: Operand,
  scale: number,
  clamped: Clamped,
): void {
  const order = memoryOrder(output.layout, dims.length);
  const { sizes, strides } = mergeLoops({
    sizes: order.map((axis) => dims[axis] ?? 1),
    strides: [
      stridesIn(output.layout, dims, dims, order),
      stridesIn(a.place.layout, a.value.dims, dims, order),
      stridesIn(b.place.layout, b.value.dims, dims, order),
    ],
  });
  if (sizes.length > ADD_RANK) throw unsupported(node, `a broadcast over ${sizes.length} dimensions; ${ADD_RANK} are supported`);
  const [min, max] = clampWords(clamped);
  to.emit(Op.Add, {
    [AddArg.Output]: output.pointer,
    [AddArg.A]: a.place.pointer,
    [AddArg.B]: b.place.pointer,
    ...innermost(AddArg.Dims, sizes, 1),
    ...innermost(AddArg.OutputStrides, strides[0] ?? [], 0),
    ...innermost(AddArg.AStrides, strides[1] ?? [], 0),
    ...innermost(AddArg.BStrides, strides[2] ?? [], 0),
    [AddArg.BScale]: { float: scale },
    [AddArg.Min]: min,
    [AddArg.Max]: max,
  });
}

/** Strides in bytes, in `order`, of a tensor that broadcasts to `target`: 0 where it repeats. */
function stridesIn(layout: Layout, dims: readonly number[], target: readonly number[], order: readonly number[]): number[] {
  const own = stridesOf(layout, dims);
  const missing = target.length - dims.length;
  return order.map((axis) => (dims[axis - missing] === target[axis] ? (own[axis - missing] ?? 0) * 4 : 0));
}

/** The words of a list that fills the last of ADD_RANK places. */
function innermost(first: number, list: readonly number[], filler: number): Args {
  const padded = [...new Array<number>(ADD_RANK - list.length).fill(filler), ...list];
  return Object.fromEntries(padded.map((word, i) => [first + i, word]));
}
