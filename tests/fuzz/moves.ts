// Operators that move elements, and make shapes and constants.

import type { DataType } from '../../src/graph/tensor.ts';
import { type Builder, everyType, float64Too, sizeOf, type Value } from './build.ts';
import { flag, type Maker } from './operator.ts';

const _ROUNDED = Number.POSITIVE_INFINITY;
const same = (x: Value): readonly [number, number] => [x.grid, x.magnitude];
const any = (b: Builder, rank: [number, number], fits?: (dims: readonly number[]) => boolean) =>
  b.value({ types: everyType, rank, ...(fits && { fits }) });

const depth = (op: string, mode: boolean): Maker => ({
  since: mode ? [1, 11, 13] : [1, 13],
  ...(mode ? { choices: { 'mode@11': ['DCR', 'CRD'] } } : {}),
  given: ['blocksize'],
  make(b, choose) {
    const { draw } = b;
    const block = draw.int(1, 3);
    const make = () =>
      mode
        ? [draw.int(1, 2), draw.int(1, 3) * block * block, draw.int(1, 4), draw.int(1, 4)]
        : [draw.int(1, 2), draw.int(1, 4), draw.int(1, 3) * block, draw.int(1, 3) * block];
    const fits = ([, c = 1, h = 1, w = 1]: readonly number[]) => (mode ? c % (block * block) === 0 : h % block === 0 && w % block === 0);
    const x = b.value({ types: draw.chance(90) ? ['float32'] : ['float64', 'uint8'], rank: [4, 4], make, fits });
    b.node(op, [x], { blocksize: block, mode: mode ? choose('mode') : undefined }, { bits: same(x) });
  },
});

const all: Readonly<Record<string, (op: string) => Maker>> = {
  Concat: (op) => ({
    since: [4, 11, 13],
    given: ['axis'],
    make(b) {
      const x = any(b, [1, 4]);
      const dims = x.dims ?? [1];
      const axis = b.opset < 11 || b.draw.chance(50) ? b.draw.int(0, dims.length - 1) : b.axis(dims.length);
      const at = (axis + dims.length) % dims.length;
      const alike = (other: readonly number[]) => other.length === dims.length && other.every((dim, i) => i === at || dim === dims[i]);
      const parts = b.draw.list(b.draw.int(0, 3), () =>
        b.value({
          types: [x.type],
          rank: [dims.length, dims.length],
          fits: alike,
          make: () => dims.with(at, b.draw.int(b.draw.chance(5) ? 0 : 1, 8)),
        }),
      );
      const values = [x, ...parts];
      b.node(
        op,
        values,
        { axis },
        { bits: [Math.max(...values.map(({ grid }) => grid)), Math.max(...values.map(({ magnitude }) => magnitude))] },
      );
    },
  }),
  Split: (op) => ({
    since: [2, 11, 13, 18],
    given: ['axis', 'num_outputs@18'],
    make(b) {
      const x = any(b, [1, 4]);
      const dims = x.dims ?? [1];
      const axis = b.draw.maybe(() => (b.opset < 11 ? b.draw.int(0, dims.length - 1) : b.axis(dims.length)), 75);
      const size = dims.at(axis ?? 0) as number;
      const parts: number[] = [];
      for (let rest = size; parts.length < 3 && rest > 0; ) {
        const part = parts.length === 2 ? rest : b.draw.int(b.draw.chance(5) ? 0 : 1, rest);
        parts.push(part);
        rest -= part;
      }
      if (parts.length === 0) parts.push(0);
      const even = [3, 2, 1].find((count) => size % count === 0) ?? 1;
      const known = { bits: same(x) };
      if (b.draw.chance(55)) {
        if (b.opset < 13) b.node(op, [x], { axis, split: parts }, { ...known, outputs: parts.length });
        else b.node(op, [x, b.ints(parts)], { axis }, { ...known, outputs: parts.length });
      } else if (b.opset >= 18) {
        const count = Math.max(1, Math.min(size, b.draw.int(1, 3)));
        b.node(op, [x], { axis, num_outputs: count }, { ...known, outputs: count });
      } else b.node(op, [x], { axis }, { ...known, outputs: even });
    },
  }),
  Slice: (op) => ({
    since: [1, 10, 11, 13],
    make(b) {
      const x = any(b, [1, 4]);
      const dims = x.dims ?? [1];
      const chosen = b.axes(dims.length);
      // From the front, before opset 10.
      const axes = b.opset < 10 ? chosen.map((axis) => (axis + dims.length) % dims.length) : chosen;
      const starts = axes.map(() => b.draw.of([0, 1, 2, -1, -3, 5]));
      const ends = axes.map(() => b.draw.of([3, 2, 1, -1, 2 ** 31 - 1, 9_223_372_036_854_775_807n, 7]));
      const known = { bits: same(x) };
      if (b.opset < 10) {
        b.node(
          op,
          [x],
          {
            starts: { ints: starts },
            ends: { ints: ends },
            axes: axes.length === dims.length && b.draw.chance(40) ? undefined : { ints: axes },
          },
          known,
        );
        return;
      }
      const back = axes.map(() => b.draw.of([1, 1, 1, 2, 3, -1, -2]));
      const stepped = b.draw.chance(50);
      const reversed = (i: number) => stepped && (back[i] ?? 1) < 0;
      const list = [
        b.ints(starts.map((start, i) => (reversed(i) ? b.draw.of([-1, 2, 5]) : start))),
        b.ints(ends.map((end, i) => (reversed(i) ? b.draw.of([0, -3, -9_223_372_036_854_775_807n]) : end))),
        b.ints(axes),
        stepped ? b.ints(back) : undefined,
      ];
      b.node(op, [x, ...list], {}, known);
    },
  }),
  Pad: (op) => ({
    since: [2, 11, 13, 18, 19, 21],
    choices: { mode: ['constant', 'reflect', 'edge', 'wrap'] },
    make(b, choose) {
      const { draw, opset } = b;
      const types: readonly DataType[] =
        opset >= 13 ? ['float32', 'float32', 'float32', 'int32', 'int64', 'float64', 'uint8', 'int8', 'bool'] : ['float32'];
      const x = b.value({ types, rank: [1, 4] });
      const dims = x.dims ?? [1];
      const chosen = choose('mode', 80);
      const mode = chosen === 'wrap' && opset < 19 ? 'edge' : chosen;
      const most = (axis: number) => (mode === 'reflect' || mode === 'wrap' ? Math.max(0, Math.min(3, (dims[axis] as number) - 1)) : 3);
      const axes = opset >= 18 && draw.chance(35) ? b.axes(dims.length) : undefined;
      const padded = (axes ?? dims.map((_, axis) => axis)).map((axis) => (axis + dims.length) % dims.length);
      const low = mode === undefined || mode === 'constant' || draw.chance(5);
      const pads = [...padded, ...padded].map((axis) => (draw.chance(40) ? 0 : draw.int(low && draw.chance(20) ? -1 : 0, most(axis))));
      const known = { bits: [Math.max(2, x.grid), x.magnitude] as const };
      const number = x.type === 'bool' ? 1 : draw.of([1, 0, 2]);
      if (opset < 11) b.node(op, [x], { mode, pads, value: draw.maybe(() => ({ float: number })) }, known);
      else {
        const value = draw.maybe(() => b.scalar(x.type, number, draw.chance(20) ? 'fed' : 'constant'));
        b.node(op, [x, b.ints(pads), value, axes ? b.ints(axes) : undefined], { mode }, known);
      }
    },
  }),
  Tile: (op) => ({
    since: [6, 13],
    make(b) {
      const x = b.value({ types: ['float32', 'float32', 'float32', 'int64', 'int32', 'float64', 'bool', 'uint8'], rank: [1, 4] });
      b.node(op, [x, b.ints((x.dims ?? []).map(() => b.draw.int(b.draw.chance(3) ? 0 : 1, 3)))], {}, { bits: same(x) });
    },
  }),
  Expand: (op) => ({
    since: [8, 13],
    make(b) {
      const x = b.value({ types: ['float32', 'float32', 'float32', 'int64', 'int32', 'float64', 'bool', 'uint8'], rank: [0, 4] });
      const wide = [
        ...b.draw.list(b.draw.chance(25) ? 1 : 0, () => b.draw.int(1, 3)),
        ...(x.dims ?? []).map((dim) => (dim === 1 ? b.draw.int(1, 4) : b.draw.chance(25) ? 1 : dim)),
      ];
      b.node(op, [x, b.ints(b.draw.chance(20) ? wide.slice(Math.min(1, wide.length)) : wide)], {}, { bits: same(x) });
    },
  }),
  Flatten: (op) => ({
    since: [1, 9, 11, 13, 21],
    given: ['axis'],
    make(b) {
      const x = b.value({ types: b.opset >= 9 ? everyType : float64Too, rank: [1, 5] });
      const rank = x.dims?.length ?? 1;
      b.node(op, [x], { axis: b.draw.maybe(() => b.draw.int(b.opset >= 11 ? -rank : 0, rank), 70) }, { bits: same(x) });
    },
  }),
  Gather: (op) => ({
    since: [1, 11, 13],
    given: ['axis'],
    make(b) {
      const x = any(b, [1, 4]);
      const { axis, size } = chosenAxis(b, x, 80);
      const dims = size === 0 ? [0] : b.dims(0, 2, 4);
      b.node(op, [x, indices(b, size, dims)], { axis }, { bits: same(x) });
    },
  }),
  GatherElements: (op) => ({
    since: [11, 13],
    given: ['axis'],
    make(b) {
      const x = any(b, [1, 4]);
      const { axis, size } = chosenAxis(b, x, 80);
      const at = ((axis ?? 0) + (x.dims?.length ?? 1)) % (x.dims?.length ?? 1);
      const dims = (x.dims ?? []).map((dim, i) =>
        i === at ? (size === 0 ? 0 : b.draw.int(1, 4)) : b.draw.chance(80) ? dim : Math.min(1, dim),
      );
      b.node(op, [x, indices(b, size, dims)], { axis }, { bits: same(x) });
    },
  }),
  Reshape: (op) => ({
    since: [5, 13, 14, 19, 21],
    choices: { 'allowzero@14': flag },
    make(b, choose) {
      const x = any(b, [0, 5]);
      const dims = x.dims ?? [];
      const count = sizeOf(dims);
      const allowzero = choose<number>('allowzero', 40);
      const shapes = [
        [...dims].reverse(),
        [...dims],
        [1, count, 1],
        ...(dims.length > 1 ? [[(dims[0] as number) * (dims[1] as number), ...dims.slice(2)]] : []),
      ];
      if (count > 0) shapes.push([-1], [-1, 1]);
      if (count > 0 && !allowzero) shapes.push(dims.map((_, i) => (i === 0 ? 0 : i === 1 ? -1 : (dims[i] as number))));
      if (count === 0 && allowzero) shapes.push([0, 3], [2, 0, 1]);
      const shape = b.draw.of(shapes);
      b.node(op, [x, b.ints(shape)], { allowzero }, { bits: same(x) });
    },
  }),
  Squeeze: (op) => ({
    since: [1, 11, 13, 21],
    given: [],
    make(b) {
      const x = b.value({ types: everyType, rank: [0, 5], make: () => b.dims(0, 5, 2) });
      const dims = x.dims ?? [];
      const ones = dims.flatMap((dim, axis) =>
        dim === 1 && b.draw.chance(70) ? [b.opset >= 11 && b.draw.chance(30) ? axis - dims.length : axis] : [],
      );
      const all = b.draw.chance(35);
      if (b.opset < 13) b.node(op, [x], { axes: all || ones.length === 0 ? undefined : ones }, { bits: same(x) });
      else b.node(op, [x, all ? undefined : b.ints(ones)], {}, { bits: same(x) });
    },
  }),
  Unsqueeze: (op) => ({
    since: [1, 11, 13, 21],
    make(b) {
      const x = any(b, [0, 4]);
      const rank = x.dims?.length ?? 0;
      const lists = [[0], [rank], [0, 1], ...(b.opset >= 11 ? [[-1], [0, -1]] : [])];
      const axes = b.draw.of(lists);
      if (b.opset < 13) b.node(op, [x], { axes }, { bits: same(x) });
      else b.node(op, [x, b.ints(axes)], {}, { bits: same(x) });
    },
  }),
  Transpose: (op) => ({
    since: [1, 13, 21],
    given: ['perm'],
    make(b) {
      const x = any(b, [0, 5]);
      const order = (x.dims ?? []).map((_, i) => i);
      for (let i = order.length - 1; i > 0; i--) {
        const j = b.draw.int(0, i);
        [order[i], order[j]] = [order[j] as number, order[i] as number];
      }
      b.node(op, [x], { perm: order.length > 0 ? b.draw.maybe(() => order, 80) : undefined }, { bits: same(x) });
    },
  }),
  DepthToSpace: (op) => depth(op, true),
  SpaceToDepth: (op) => depth(op, false),
  Dropout: (op) => ({
    since: [7, 10, 12, 13],
    choices: { 'seed@12': [0, 1] },
    given: ['ratio'],
    make(b, choose) {
      const x = b.value({ types: ['float32', 'float32', 'float64'], rank: [0, 5] });
      const known = { bits: same(x), outputs: b.opset >= 10 && b.draw.chance(30) ? 2 : 1 };
      if (b.opset < 12) b.node(op, [x], { ratio: b.draw.maybe(() => ({ float: 0.25 })) }, known);
      else {
        const training = b.draw.maybe(() => b.given('bool', [], Uint8Array.of(0), 'constant'), 30);
        b.node(op, [x, b.draw.maybe(() => b.scalar('float32', 0.25)), training], { seed: choose('seed', 40) }, known);
      }
    },
  }),
  Shape: (op) => ({
    since: [1, 13, 15, 19, 21],
    given: ['start@15', 'end@15'],
    make(b) {
      const x = any(b, [0, 5]);
      const rank = x.dims?.length ?? 0;
      const bound = () => (b.opset < 15 ? undefined : b.draw.maybe(() => b.draw.int(-rank, rank)));
      b.node(op, [x], { start: bound(), end: bound() }, { bits: [0, 5] });
    },
  }),
  Size: (op) => ({ since: [1, 13, 19, 21], make: (b) => void b.node(op, [any(b, [0, 5])], {}, { bits: [0, 16] }) }),
  Range: (op) => ({
    since: [11],
    make(b) {
      const type = b.draw.of(['int64', 'float32', 'int32', 'float64'] as const);
      const how = b.draw.chance(60) ? 'constant' : 'fed';
      const step = b.draw.of(type.startsWith('float') ? [1, 0.5, 2, -1, -0.25, 0.1] : [1, 2, -1, -3]);
      const numbers = [b.draw.int(-3, 3), b.draw.int(-9, 9), step];
      b.node(
        op,
        numbers.map((number) => b.scalar(type, number, how)),
        {},
        step === 0.1 ? {} : { bits: [2, 5] },
      );
    },
  }),
  Constant: (op) => ({
    since: [1, 9, 11, 12, 13, 19, 21],
    given: ['value', 'value_float@12', 'value_floats@12', 'value_int@12', 'value_ints@12'],
    make(b) {
      const kind = b.opset < 12 ? 0 : b.draw.int(0, 4);
      const dims = b.dims(0, 3);
      const tensor = b.tensor(b.draw.of(everyType), dims, 'grid').tensor;
      const attributes = [
        { value: { tensor: { type: tensor?.type as DataType, dims, data: tensor?.data as never } } },
        { value_float: { float: 0.5 } },
        { value_floats: { floats: [1, 2.5] } },
        { value_int: 7 },
        { value_ints: [1, -2, 3] },
      ][kind] as object;
      b.node(op, [], attributes as never, { bits: [2, 4] });
    },
  }),
  ConstantOfShape: (op) => ({
    since: [9, 20, 21],
    given: ['value'],
    make(b) {
      const type = b.draw.of(['float32', 'int64', 'int32', 'bool', 'float64', 'uint8'] as const);
      const value = b.draw.maybe(() => ({ tensor: { type, dims: [1], data: [type === 'bool' ? 1 : 3] } }), 70);
      b.node(op, [b.ints(b.dims(0, 4))], { value }, { bits: [2, 4] });
    },
  }),
};

function chosenAxis(b: Builder, x: Value, percent: number): { axis: number | undefined; size: number } {
  const axis = b.draw.maybe(() => b.axis(x.dims?.length ?? 1), percent);
  return { axis, size: x.dims?.at(axis ?? 0) as number };
}

function indices(b: Builder, size: number, dims: readonly number[]): Value {
  const list = Array.from({ length: sizeOf(dims) }, () => b.draw.int(0, 2 * size - 1)).map((i) => (i >= size ? i - 2 * size : i));
  return b.ints(list, b.draw.of(['int64', 'int32']), dims, 50);
}

export const moves: Readonly<Record<string, Maker>> = Object.fromEntries(Object.entries(all).map(([op, make]) => [op, make(op)]));
