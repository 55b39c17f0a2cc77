// Sequences and optionals, as lists of tensors and null.

import { LanewiseError } from '../errors.ts';
import { at } from '../graph/at.ts';
import { Tensor } from '../graph/tensor.ts';
import { AttributeReader, nodeTitle } from '../ops/attributes.ts';
import { resolveAxis } from '../ops/shapes.ts';
import type { Held } from '../runtime/running.ts';
import { type Around, type NodeRunner, scalarOf, subgraph, tensorOf } from './around.ts';
import { joined, part, stacked, withoutAxis } from './pieces.ts';

const wrong = ({ node }: Around, problem: string) => new LanewiseError('INVALID_INPUT', `${nodeTitle(node)} ${problem}`);

/** @throws LanewiseError INVALID_INPUT */
function listOf(around: Around, i: number): readonly Tensor[] {
  const held = around.inputs[i];
  if (Array.isArray(held)) return held as readonly Tensor[];
  throw wrong(around, `takes a sequence as input ${i}, got ${held instanceof Tensor ? 'a tensor' : 'nothing'}`);
}

/** A position in a list; negative ones count from its end. @param last the last valid position */
function position(around: Around, i: number, length: number, last = length - 1): number {
  const at = scalarOf(around, i);
  const place = at < 0 ? at + length : at;
  if (place >= 0 && place <= last) return place;
  throw wrong(around, `takes place ${at} of a sequence of ${length}`);
}

const whole = (value: number): Tensor => new Tensor('int64', BigInt64Array.of(BigInt(value)), []);

/** An operator that gives one output and runs no body. */
const simple = (compute: (around: Around, reader: AttributeReader) => Held): NodeRunner =>
  function* (around) {
    yield* [];
    return [compute(around, new AttributeReader(around.node))];
  };

function split(around: Around, reader: AttributeReader): Held {
  const tensor = tensorOf(around, 0);
  const axis = resolveAxis(around.node, reader.int('axis', 0), tensor.dims.length);
  const length = at(tensor.dims, axis);
  const given = around.inputs[1] instanceof Tensor ? around.inputs[1] : undefined;
  const size = given ? Number(given.data[0]) : 1;
  const sizes =
    given && given.dims.length > 0
      ? [...given.data].map(Number)
      : Array.from({ length: size > 0 ? Math.ceil(length / size) : 0 }, (_, i) => Math.min(size, length - i * size));
  if (sizes.some((part) => part < 0) || sizes.reduce((sum, part) => sum + part, 0) !== length) {
    throw wrong(around, `splits ${length} elements into parts of ${sizes.slice(0, 8).join(', ')}`);
  }
  // Without a second input every part has one element, and may drop the axis.
  const keep = given !== undefined || reader.flag('keepdims', true);
  let from = 0;
  return sizes.map((size) => {
    const piece = part(tensor, axis, from, from + size);
    from += size;
    return keep ? piece : withoutAxis(piece, axis);
  });
}

function join(around: Around, reader: AttributeReader): Held {
  const tensors = listOf(around, 0);
  const added = reader.flag('new_axis');
  // An empty sequence cannot be joined; the functions for pieces throw.
  const axis = resolveAxis(around.node, reader.int('axis', 0), (tensors[0]?.dims.length ?? 0) + (added ? 1 : 0));
  return (added ? stacked : joined)(nodeTitle(around.node), tensors, axis);
}

/**
 * SequenceMap: runs a body for each tensor of a sequence; other sequences advance along with it, tensors are the same each
 * time.
 */
const map: NodeRunner = function* (around) {
  const { node, inputs } = around;
  const body = subgraph(node, 'body');
  const length = listOf(around, 0).length;
  const results: Tensor[][] = body.outputs.map(() => []);
  for (let i = 0; i < length; i++) {
    const values = inputs.map((held, j): [string, Held] => {
      const item = Array.isArray(held) ? (held as readonly Tensor[])[i] : held;
      if (item === undefined) throw wrong(around, `takes sequences of ${length} tensors, input ${j} has fewer`);
      return [body.inputs[j]?.name ?? '', item as Held];
    });
    const outputs = yield* around.run(body, values);
    outputs.forEach((held, j) => void results[j]?.push(held as Tensor));
  }
  return results;
};

/** By op_type. */
export const listOperators: Readonly<Record<string, NodeRunner>> = {
  SequenceEmpty: simple(() => []),
  SequenceConstruct: simple((around) => around.inputs.map((_, i) => tensorOf(around, i))),
  SequenceInsert: simple((around) => {
    const list = listOf(around, 0);
    const at = around.inputs[2] === undefined ? list.length : position(around, 2, list.length, list.length);
    return list.toSpliced(at, 0, tensorOf(around, 1));
  }),
  SequenceErase: simple((around) => {
    const list = listOf(around, 0);
    return list.toSpliced(around.inputs[1] === undefined ? list.length - 1 : position(around, 1, list.length), 1);
  }),
  SequenceAt: simple((around) => {
    const list = listOf(around, 0);
    return list[position(around, 1, list.length)] as Tensor;
  }),
  SequenceLength: simple((around) => whole(listOf(around, 0).length)),
  SequenceMap: map,
  SplitToSequence: simple(split),
  ConcatFromSequence: simple(join),
  Optional: simple(({ inputs }) => inputs[0] ?? null),
  OptionalHasElement: simple(({ inputs }) => new Tensor('bool', [Number(inputs[0] !== undefined && inputs[0] !== null)], [])),
  OptionalGetElement: simple((around) => {
    const held = around.inputs[0];
    if (held) return held;
    throw wrong(around, 'takes the element of an optional that is empty');
  }),
};

export const identityRunner: NodeRunner = simple(({ inputs }) => inputs[0] ?? null);
