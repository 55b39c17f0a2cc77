// Random networks of QuantizeLinear and DequantizeLinear, of integer operators, and of all that may stand between them.

import { sizeOf, type Value } from './build.ts';
import type { Draw } from './draw.ts';
import type { Generated } from './generate.ts';
import { type Bytes, QuantizedValues, type Some } from './quantizedValues.ts';

class QuantizedBuilder extends QuantizedValues {
  /** QLinearConv, QLinearMatMul, or ConvInteger or MatMulInteger with what makes numbers of the sums. */
  integers(): Some | undefined {
    const { b, draw } = this;
    const known = this.values.filter(
      ({ name, dims }) => (dims.length === 4 || dims.length === 2) && /^u?int8$/.test(this.bytesOf.get(name)?.[1] ?? ''),
    );
    if (known.length === 0) return undefined;
    const x = draw.of(known.slice(-4).reverse());
    const [bytes, type, scale, zero] = this.bytesOf.get(x.name) as readonly [Some, Bytes, Value, Value | undefined];
    const picture = x.dims.length === 4;
    const [depth = 1, filters] = [x.dims[1], draw.of([8, 1, 3, 16, 17])];
    const taps = draw.of([1, 3, 2]);
    if (picture && ((x.dims[2] as number) < taps || (x.dims[3] as number) < taps)) return undefined;
    const dims = picture ? [filters, depth, taps, taps] : [depth, filters];
    const weights = this.integerWeights(dims, picture ? 0 : 1, true);
    // onnxruntime multiplies these alone: uint8 by both, int8 by int8.
    if (type === 'int8' && weights.type === 'uint8') return undefined;
    const [w, wScale, wZero] = weights.inputs;
    const attributes = picture && draw.chance(60) ? { pads: [1, 1, 1, 1].map((pad) => Math.min(pad, taps - 1)) } : {};
    const bits = this.sumBits(x, weights, sizeOf(dims) / filters);
    const xZero = zero ?? this.constant('uint8', [], [0]);
    if (draw.chance(50)) {
      if (!picture && weights.shifts.length > 1) return undefined;
      const shift = draw.int(0, 4);
      const [yScale, yZero] = [this.number(2 ** -shift), this.constant(type as 'uint8', [], [this.zeroPoint(type)])];
      const inputs = [bytes, scale, xZero, w, wScale, wZero, yScale, yZero];
      const made = b.node(picture ? 'QLinearConv' : 'QLinearMatMul', inputs, attributes, { type }) as Some;
      const numbers = b.node('DequantizeLinear', [made, yScale, yZero], {}, { bits: [shift, 9 - shift] }) as Some;
      this.bytesOf.set(numbers.name, [made, type, yScale, yZero]);
      return numbers;
    }
    if (type !== 'uint8') return undefined;
    const single = this.constant(weights.type, [], [0]);
    const sums = b.node(picture ? 'ConvInteger' : 'MatMulInteger', [bytes, w, xZero, picture ? single : wZero], attributes) as Some;
    const floats = b.node('Cast', [sums], { to: 1 }, { bits: [0, 24] }) as Some;
    const factor = b.node('Mul', draw.chance(50) ? [scale, wScale] : [wScale, scale], {}, { bits: [12, 1] });
    const shaped =
      picture && weights.shifts.length > 1
        ? b.node('Reshape', [factor, b.ints([-1, 1, 1], 'int64', [3], 0)], {}, { bits: [12, 1] })
        : factor;
    const zeros = picture ? 8 : 0;
    const y = b.node('Mul', draw.chance(50) ? [floats, shaped] : [shaped, floats], {}, { bits: [bits[0], bits[1] + zeros] }) as Some;
    const bias = this.bias(filters, x, weights.shifts, picture ? [filters, 1, 1] : [filters]);
    return bias ? (b.node('Add', [y, bias], {}, { bits: [bits[0], bits[1] + zeros] }) as Some) : y;
  }

  conv(): Some | undefined {
    const { b, draw } = this;
    const found = this.any(draw.chance(10) ? 3 : 4);
    if (!found) return undefined;
    const x = this.few(found, 9);
    const [, channels = 1, ...sizes] = x.dims;
    const depthwise = draw.chance(30);
    const groups = depthwise ? channels : draw.chance(15) && channels % 2 === 0 ? 2 : 1;
    const filters = depthwise ? channels * draw.of([1, 1, 2]) : groups * draw.of([1, 3, 4, 8, 16, 17]);
    const kernel = sizes.map(() => draw.of([3, 1, 3, 2, 5]));
    const square = draw.chance(70) ? kernel.map(() => kernel[0] as number) : kernel;
    const dilations = sizes.map(() => draw.of([1, 1, 1, 2]));
    const strides = draw.chance(30) ? sizes.map(() => draw.of([2, 1, 3])) : sizes.map(() => 1);
    const pads = [...square, ...square].map((taps, i) =>
      draw.chance(70) ? ((taps - 1) * (dilations[i % sizes.length] as number)) >> 1 : draw.int(0, taps),
    );
    const fits = sizes.every(
      (size, i) => size + (pads[i] as number) + (pads[i + sizes.length] as number) > ((square[i] as number) - 1) * (dilations[i] as number),
    );
    if (!fits) return undefined;
    const auto = draw.chance(8) && dilations.every((one) => one === 1) ? draw.of(['SAME_UPPER', 'SAME_LOWER']) : undefined;
    const dims = [filters, channels / groups, ...square];
    const weights = this.weights(dims, 0);
    const bias = this.bias(filters, x, weights.shifts);
    const attributes = {
      ...(draw.chance(80) && { kernel_shape: square }),
      ...(auto ? { auto_pad: auto } : { pads }),
      ...(strides.some((one) => one > 1) && { strides }),
      ...(dilations.some((one) => one > 1) && { dilations }),
      ...(groups > 1 && { group: groups }),
    };
    return b.node('Conv', [x, weights.value, bias], attributes, { bits: this.sumBits(x, weights, sizeOf(dims) / filters) }) as Some;
  }

  dense(): Some | undefined {
    const { b, draw } = this;
    const found = this.any(2) ?? this.any();
    if (!found) return undefined;
    const x = this.few(found, 9);
    const depth = x.dims.at(-1) as number;
    const columns = draw.of([1, 3, 8, 10, 17]);
    if (x.dims.length === 2 && draw.chance(60)) {
      const transB = draw.chance(60);
      const weights = this.weights(transB ? [columns, depth] : [depth, columns], transB ? 0 : 1);
      const bias = this.bias(columns, x, weights.shifts, draw.chance(20) ? [1, columns] : [columns]);
      const attributes = {
        ...(transB && { transB: 1 }),
        ...(draw.chance(6) && { alpha: { float: 0.5 } }),
        ...(draw.chance(6) && { beta: { float: 2 } }),
      };
      const inputs =
        bias || this.opset >= 11
          ? [x, weights.value, bias]
          : [x, weights.value, this.constant('float32', [columns], new Array(columns).fill(0))];
      const [grid, magnitude] = this.sumBits(x, weights, depth);
      return b.node('Gemm', inputs, attributes, { bits: [grid + 1, magnitude + 1] }) as Some;
    }
    const weights = this.weights([depth, columns], 1);
    const bits = this.sumBits(x, weights, depth);
    const product = b.node('MatMul', [x, weights.value], {}, { bits }) as Some;
    const bias = this.bias(columns, x, weights.shifts);
    return bias && draw.chance(80) ? (b.node('Add', draw.chance(50) ? [product, bias] : [bias, product], {}, { bits }) as Some) : product;
  }

  binary(): Some | undefined {
    const { b, draw } = this;
    const found = this.any();
    if (!found) return undefined;
    const x = this.few(found, 14);
    const same = this.values.filter(
      ({ dims }) =>
        dims.join() === x.dims.join() || (dims.length === x.dims.length && dims.every((dim, i) => dim === 1 || dim === x.dims[i])),
    );
    const y = this.few(same.length > 0 ? draw.of(same.slice(-4)) : x, 14);
    const op = draw.of(['Add', 'Mul', 'Sub', 'Max']);
    const inputs = draw.chance(50) ? [x, y] : [y, x];
    if (op === 'Mul') {
      const [p, q] = [this.few(x, 10), this.few(y, 10)];
      return b.node(op, [p, q], {}, { bits: [p.grid + q.grid, p.magnitude + q.magnitude] }) as Some;
    }
    if (op === 'Max' && this.opset < 8) return undefined;
    return b.node(op, inputs, {}, { bits: [Math.max(x.grid, y.grid), Math.max(x.magnitude, y.magnitude) + 1] }) as Some;
  }

  withNumber(): Some | undefined {
    const { b, draw } = this;
    const found = this.any();
    if (!found) return undefined;
    const x = this.few(found, 12);
    const op = draw.of(['Mul', 'Add', 'Sub', 'Div', 'Min', 'Max']);
    const value = draw.of(op === 'Div' ? [2, 0.5, -4] : [0.5, 1.25, -0.75, 3, 0]);
    const c = this.number(value, draw.chance(70) ? [] : [1]);
    const bits: [number, number] =
      op === 'Mul' || op === 'Div' ? [x.grid + 2, x.magnitude + 2] : [Math.max(2, x.grid), Math.max(2, x.magnitude) + 1];
    return b.node(op, op !== 'Div' && draw.chance(40) ? [c, x] : [x, c], {}, { bits }) as Some;
  }

  unary(): Some | undefined {
    const { b, draw } = this;
    const found = this.any();
    if (!found) return undefined;
    const x = this.few(found, 14);
    const op = draw.of(['Relu', 'Relu', 'Clip', 'LeakyRelu', 'Neg', 'Abs', 'Sigmoid', 'Tanh', 'Floor', 'Silu', 'HardSigmoid', 'Ceil']);
    const kept: [number, number] = [x.grid, x.magnitude];
    if (op === 'Clip') {
      const [low, high] = [draw.of([0, -0.5, -2, 1]), draw.of([6, 0.75, 1, 2.5])];
      if (this.opset < 11)
        return b.node(op, [x], { min: { float: low }, max: { float: high } }, { bits: [Math.max(2, x.grid), 3] }) as Some;
      const [from, to] = [draw.chance(85) ? this.number(low) : undefined, draw.chance(85) ? this.number(high) : undefined];
      return b.node(op, [x, from, to], {}, { bits: [Math.max(2, x.grid), Math.max(3, x.magnitude)] }) as Some;
    }
    if (op === 'LeakyRelu')
      return b.node(op, [x], { alpha: { float: draw.of([0.25, 0.5, -1]) } }, { bits: [x.grid + 2, x.magnitude] }) as Some;
    if (op === 'HardSigmoid') return b.node(op, [x], { alpha: { float: 0.25 }, beta: { float: 0.5 } }, { bits: [x.grid + 2, 1] }) as Some;
    if (op === 'Floor' || op === 'Ceil') return b.node(op, [x], {}, { bits: [0, Math.max(1, x.magnitude)] }) as Some;
    if (op === 'Silu') {
      const few = this.few(x, 9);
      // Rounded here, and then to bytes, from which it is exact again.
      return this.paired(b.node('Mul', [few, b.node('Sigmoid', [few], {})], {}) as Some);
    }
    if (op === 'Sigmoid' || op === 'Tanh') return this.paired(b.node(op, [this.few(x, 9)], {}) as Some);
    return b.node(op, [x], {}, { bits: kept }) as Some;
  }

  pool(): Some | undefined {
    const { b, draw } = this;
    const found = this.any(draw.chance(10) ? 3 : 4);
    if (!found) return undefined;
    const op = draw.of(['AveragePool', 'MaxPool', 'AveragePool', 'GlobalAveragePool', 'ReduceMean', 'GlobalMaxPool']);
    const x = this.few(found, 14);
    const sizes = x.dims.slice(2);
    const area = sizeOf(sizes);
    const bits: [number, number] = [x.grid, x.magnitude];
    if (op === 'GlobalMaxPool') return b.node(op, [x], {}, { bits }) as Some;
    if (op === 'GlobalAveragePool' || op === 'ReduceMean') {
      // Quotients of powers of two are exact.
      if (area & (area - 1)) return undefined;
      const more: [number, number] = [x.grid + Math.log2(area), x.magnitude];
      if (op === 'GlobalAveragePool') return b.node(op, [x], {}, { bits: more }) as Some;
      const axes = draw.chance(50) ? sizes.map((_, i) => i + 2) : sizes.map((_, i) => i - sizes.length);
      const keepdims = draw.of([1, 0]);
      if (this.opset < 18) return b.node(op, [x], { axes, keepdims }, { bits: more }) as Some;
      return b.node(op, [x, b.ints(axes, 'int64', [axes.length], 0)], { keepdims }, { bits: more }) as Some;
    }
    const average = op === 'AveragePool';
    const kernel_shape = sizes.map(() => (average ? 2 : draw.of([2, 3, 1])));
    const pads = [...kernel_shape, ...kernel_shape].map((taps) => (draw.chance(30) ? draw.int(0, taps - 1) : 0));
    if (sizes.some((size, i) => size + (pads[i] as number) + (pads[i + sizes.length] as number) < (kernel_shape[i] as number)))
      return undefined;
    const attributes = {
      kernel_shape,
      ...(pads.some(Boolean) && { pads }),
      ...(draw.chance(50) && { strides: sizes.map(() => draw.of([1, 2])) }),
      ...(average && draw.chance(30) && { count_include_pad: 1 }),
    };
    return b.node(op, [x], attributes, { bits: average ? [x.grid + 2, x.magnitude] : bits }) as Some;
  }

  move(): Some | undefined {
    const { b, draw, opset } = this;
    const x = this.any();
    if (!x) return undefined;
    const { dims } = x;
    const kept = { bits: [x.grid, x.magnitude] as [number, number] };
    const op = draw.of([
      'Reshape',
      'Flatten',
      'Transpose',
      'Concat',
      'Concat',
      'Pad',
      'Slice',
      'Resize',
      'Split',
      'Gather',
      'Unsqueeze',
      'Tile',
      'DepthToSpace',
      'Identity',
      'Dropout',
    ]);
    const ints = (list: readonly number[]) => b.ints(list, 'int64', [list.length], 0);
    const axis = draw.int(0, dims.length - 1);
    const size = dims[axis] as number;
    if (op === 'Reshape')
      return b.node(
        op,
        [x, ints(draw.of([[dims[0] as number, -1], [-1], [0, -1], [0, 0, -1]].filter((list) => list.length <= dims.length)))],
        {},
        kept,
      ) as Some;
    if (op === 'Flatten') return b.node(op, [x], { axis: draw.of([1, 0, dims.length]) }, kept) as Some;
    if (op === 'Transpose') {
      const perm = dims.map((_, i) => i);
      for (let i = perm.length - 1; i > 0; i--) {
        const j = draw.int(0, i);
        [perm[i], perm[j]] = [perm[j] as number, perm[i] as number];
      }
      return b.node(op, [x], { perm }, kept) as Some;
    }
    if (op === 'Concat') {
      const fitting = this.values.filter(
        (other) => other.dims.length === dims.length && other.dims.every((dim, i) => i === axis || dim === dims[i]),
      );
      const parts = [x, ...draw.list(draw.int(1, 2), () => draw.of(fitting.slice(-4)))];
      return b.node(
        op,
        parts,
        { axis },
        { bits: [Math.max(...parts.map(({ grid }) => grid)), Math.max(...parts.map(({ magnitude }) => magnitude))] },
      ) as Some;
    }
    if (op === 'Pad') {
      if (opset < 11) return undefined;
      const pads = [...dims, ...dims].map(() => (draw.chance(30) ? draw.int(0, 2) : 0));
      const mode = draw.of(['constant', 'constant', 'constant', 'edge']);
      const value = mode === 'constant' ? draw.of([undefined, 0, 0.25, -1, 100]) : undefined;
      return b.node(
        op,
        [x, ints(pads), value === undefined ? undefined : this.number(value)],
        { mode },
        { bits: [Math.max(2, x.grid), Math.max(7, x.magnitude)] },
      ) as Some;
    }
    if (op === 'Slice') {
      const start = draw.int(0, size - 1);
      const backwards = draw.chance(15);
      const list = backwards
        ? [[size - 1], [-size - 1], [axis], [-1]]
        : [[start], [draw.int(start + 1, size)], [axis], [draw.of([1, 1, 2])]];
      return b.node(op, [x, ...list.map(ints)], {}, kept) as Some;
    }
    if (op === 'Resize') {
      if (dims.length !== 4 || opset < 11) return undefined;
      const scales = [1, 1, draw.of([2, 1, 3]), draw.of([2, 1, 0.5])];
      const roi = b.given('float32', [0], new Float32Array(0), 'constant');
      if (scales.some((scale, i) => Math.floor(scale * (dims[i] as number)) < 1)) return undefined;
      return b.node(
        op,
        [x, opset >= 13 ? undefined : roi, b.floatList(scales)],
        { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' },
        kept,
      ) as Some;
    }
    if (op === 'Split') {
      if (size < 2 || opset < 13) return undefined;
      const first = draw.int(1, size - 1);
      const part = b.node(op, [x, ints([first, size - first])], { axis }, { ...kept, outputs: 2 }) as Some;
      const other = { ...part, name: `${part.name}_1`, dims: dims.with(axis, size - first) };
      this.values.push(draw.chance(70) ? this.paired(other) : other);
      return part;
    }
    if (op === 'Gather') {
      const list = draw.list(draw.int(1, 3), () => draw.int(-size, size - 1));
      if (opset < 11) for (let i = 0; i < list.length; i++) list[i] = Math.abs(list[i] as number) % size;
      return b.node(op, [x, ints(list)], { axis }, kept) as Some;
    }
    if (op === 'Unsqueeze')
      return opset < 13 || dims.length > 3 ? undefined : (b.node(op, [x, ints([draw.int(0, dims.length)])], {}, kept) as Some);
    if (op === 'Tile') return b.node(op, [x, ints(dims.map(() => (draw.chance(20) ? 2 : 1)))], {}, kept) as Some;
    if (op === 'DepthToSpace') {
      if (dims.length !== 4 || (dims[1] as number) % 4) return undefined;
      return b.node(op, [x], { blocksize: 2, ...(opset >= 11 && { mode: draw.of(['DCR', 'CRD']) }) }, kept) as Some;
    }
    return b.node(op, [x], {}, kept) as Some;
  }

  step(): void {
    const { draw } = this;
    const made = draw.of([
      () => this.conv(),
      () => this.conv(),
      () => this.conv(),
      () => this.dense(),
      () => this.integers(),
      () => this.binary(),
      () => this.binary(),
      () => this.withNumber(),
      () => this.unary(),
      () => this.unary(),
      () => this.pool(),
      () => this.pool(),
      () => this.move(),
      () => this.move(),
      () => this.move(),
    ])();
    if (!made?.dims || sizeOf(made.dims) > 20_000 || sizeOf(made.dims) === 0) return;
    // A clamp behind a layer.
    const clamped = draw.chance(25) ? (this.b.node('Relu', [made], {}, { bits: [made.grid, made.magnitude] }) as Some) : made;
    this.values.push(draw.chance(75) ? this.paired(clamped) : this.few(clamped, 23));
  }
}

/** A network of up to eight steps. */
export function quantized(draw: Draw): Generated {
  const q = new QuantizedBuilder(draw);
  const count = draw.int(1, 8);
  const x = q.input();
  q.values.push(draw.chance(80) ? q.paired(x) : x);
  if (draw.chance(20)) q.values.push(q.paired(q.input()));
  for (let i = 0; i < count && !q.b.open; i++) q.step();
  return { graph: q.b.build(), seen: q.b.seen };
}
