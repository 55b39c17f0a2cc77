// Random networks of QuantizeLinear and DequantizeLinear whose scales are powers of two: all their numbers need less bits than float32 has, so that every
// right way to compute them gives the same bits, with all halves that rounding to even meets.

import { addQuantized } from '../../src/quantized/index.ts';
import { Builder, sizeOf, type Value } from './build.ts';
import type { Draw } from './draw.ts';
import { arrayOf } from './graph.ts';

const OPSETS = [13, 13, 13, 17, 19, 21, 23, 25, 10, 11] as const;
/** Most bits that a sum of products may need. */
const BITS = 22;

export type Bytes = 'uint8' | 'int8' | 'uint16' | 'int16';
export type Some = Value & { readonly dims: readonly number[] };

const rangeOf = (type: Bytes): readonly [number, number] => {
  const count = 2 ** Number(type.replace(/\D/g, ''));
  return type.startsWith('u') ? [0, count - 1] : [-count / 2, count / 2 - 1];
};

/** Constant weights that are integers. */
interface Weights {
  readonly dims: readonly number[];
  /** Bytes, scale and zero point. */
  readonly inputs: readonly (Value | undefined)[];
  readonly type: 'uint8' | 'int8';
  /** The scales are 2^-shift: one, or one for each output channel. */
  readonly shifts: readonly number[];
  /** The largest magnitude of a weight less its zero point. */
  readonly most: number;
}

/** Values, pairs, weights and biases: what networks of integers are made of. */
export class QuantizedValues {
  readonly b: Builder;
  readonly draw: Draw;
  readonly values: Some[] = [];
  /** Bytes that a DQ with one scale has made numbers of, by its output, with scale and zero point. */
  readonly bytesOf = new Map<string, readonly [bytes: Some, type: Bytes, ...parameters: (Value | undefined)[]]>();
  readonly made: Weights[] = [];

  constructor(draw: Draw) {
    addQuantized();
    this.draw = draw;
    this.b = new Builder(draw, draw.of(OPSETS), undefined);
  }

  get opset(): number {
    return this.b.opset;
  }

  byteType(): Bytes {
    const { draw } = this;
    return this.opset >= 21 && draw.chance(6) ? draw.of(['uint16', 'int16'] as const) : draw.of(['uint8', 'uint8', 'int8'] as const);
  }

  zeroPoint(type: Bytes): number {
    const [low, high] = rangeOf(type);
    const middle = (low + high + 1) / 2;
    return this.draw.of([middle, middle, low, high, middle + 7, Math.max(low, middle - 28)]);
  }

  data(type: 'uint8' | 'int8' | 'float32' | 'int32', dims: readonly number[], low: number, high: number, unit = 1): number[] {
    const { draw } = this;
    const extreme = draw.chance(8);
    let state = draw.int(0, 2 ** 30);
    return Array.from({ length: sizeOf(dims) }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) | 0;
      const share = (state >>> 8) / 2 ** 24;
      const whole = extreme ? (share < 0.5 ? low : high) : low + Math.floor(share * (high - low + 1));
      return type === 'float32' ? whole * unit : whole;
    });
  }

  constant(type: 'uint8' | 'int8' | 'float32' | 'int32', dims: readonly number[], data: readonly number[], fed = 0): Value {
    return this.b.given(type, dims, arrayOf(type, data), this.draw.chance(fed) ? 'fed' : 'constant', [0, 8]);
  }

  number(value: number, dims: readonly number[] = []): Value {
    return this.b.given('float32', dims, Float32Array.of(value), 'constant');
  }

  /** A scale and a zero point; the zero point is left out now and then where it is 0. */
  parameters(type: Bytes, scale: readonly number[], zero: number): (Value | undefined)[] {
    const { b, draw } = this;
    const list = scale.length === 1 && draw.chance(80) ? [] : [scale.length];
    const how = draw.chance(4) ? 'fed' : 'constant';
    const given = b.given('float32', list, Float32Array.from(scale), how);
    const zeros = () => b.given(type, list, arrayOf(type, new Array(scale.length).fill(zero)), how);
    return [given, type === 'uint8' && zero === 0 && draw.chance(50) ? undefined : zeros()];
  }

  /** A picture or a matrix that is fed, of floats, or of bytes behind a DQ. */
  input(): Some {
    const { b, draw } = this;
    const size = () => (draw.chance(30) ? draw.of([4, 2, 8]) : draw.int(1, 9));
    const dims = draw.chance(85)
      ? [draw.of([1, 1, 2, 3]), draw.of([1, 2, 3, 4, 5, 8, 16, 17]), size(), size()]
      : draw.chance(50)
        ? [draw.of([1, 2, 3]), draw.of([1, 3, 8, 17, 32])]
        : [draw.of([1, 2]), draw.of([1, 3, 4, 8]), draw.int(1, 9)];
    if (draw.chance(20)) {
      const type = draw.of(['uint8', 'int8'] as const);
      const [low, high] = rangeOf(type);
      const bytes = b.given(type, dims, arrayOf(type, this.data(type, dims, low, high)), 'fed', [0, 8]);
      return this.dequantized(bytes as Some, type, draw.int(0, 5), this.zeroPoint(type));
    }
    const data = arrayOf('float32', this.data('float32', dims, -300, 300, 1 / 64));
    return b.given('float32', dims, data, 'fed', [6, 3]) as Some;
  }

  dequantized(bytes: Some, type: Bytes, shift: number, zero: number, perChannel = false, attributes = {}): Some {
    const { draw } = this;
    const scales = perChannel ? draw.list(bytes.dims[1] as number, () => 2 ** -(shift - draw.int(0, 1))) : [2 ** -shift];
    const parameters = this.parameters(type, scales, zero);
    const bits: [number, number] = [shift, Number(type.replace(/\D/g, '')) - shift + 1];
    const made = this.b.node('DequantizeLinear', [bytes, ...parameters], attributes, { bits }) as Some;
    if (!perChannel) this.bytesOf.set(made.name, [bytes, type, ...parameters]);
    return made;
  }

  /** A Q and a DQ; now and then another DQ, or one of other parameters. */
  paired(x: Some): Some {
    const { b, draw } = this;
    const type = this.byteType();
    const wide = type.endsWith('16') ? 6 : 0;
    const shift = draw.of([4, 3, 5, 2, 6, 0]) + wide;
    const zero = this.zeroPoint(type);
    const perChannel = this.opset >= 13 && x.dims.length > 1 && draw.chance(5);
    const attributes = perChannel ? { axis: draw.of([1, 1 - x.dims.length]) } : {};
    const scales = perChannel ? draw.list(x.dims[1] as number, () => 2 ** -(shift - draw.int(0, 1))) : [2 ** -shift];
    const parameters = this.parameters(type, scales, zero);
    const bytes = b.node('QuantizeLinear', [x, ...parameters], attributes, { type }) as Some;
    const bits: [number, number] = [shift, Number(type.replace(/\D/g, '')) - shift + 1];
    const same = draw.chance(60) ? parameters : this.parameters(type, scales, zero);
    const dq = () => {
      const made = b.node('DequantizeLinear', [bytes, ...same], attributes, { bits }) as Some;
      if (!perChannel) this.bytesOf.set(made.name, [bytes, type, ...same]);
      return made;
    };
    if (draw.chance(6)) return this.dequantized(bytes, type, shift + draw.int(-1, 1), this.zeroPoint(type));
    if (draw.chance(15)) this.values.push(dq());
    if (draw.chance(5)) return this.paired(dq());
    return dq();
  }

  /** A value of few bits: paired if it needs more. */
  few(x: Some, bits: number): Some {
    return x.grid + x.magnitude > bits || !Number.isFinite(x.grid) || x.magnitude > 12 ? this.paired(x) : x;
  }

  any(rank?: number): Some | undefined {
    const fitting = this.values.filter(({ dims }) => rank === undefined || dims.length === rank);
    return fitting.length > 0 ? this.draw.of(fitting.slice(-5).reverse()) : undefined;
  }

  /** Weights of integers, now and then those of another layer. @param few of seven bits: onnxruntime's own kernels of integers saturate */
  integerWeights(dims: readonly number[], axis: number, few = false): Weights {
    const { b, draw } = this;
    const count = dims[axis] as number;
    const before = this.made.filter(
      ({ dims: own, type, shifts }) =>
        !few && own.join() === dims.join() && (shifts.length === 1 || shifts.length === count) && type === 'uint8',
    );
    if (before.length > 0 && draw.chance(40)) return draw.of(before);
    // So that a sum of products has few bits.
    const most = Math.max(4, Math.min(few ? 60 : 124, Math.floor((2 ** (BITS - 9) * count) / sizeOf(dims))));
    const perChannel = this.opset >= 13 && draw.chance(55);
    const shifts = perChannel ? draw.list(count, () => draw.int(4, 7)) : [draw.int(4, 7)];
    const type = draw.of(['int8', 'int8', 'int8', 'uint8'] as const);
    const zero = type === 'uint8' ? draw.of([128, 128, 120]) : draw.of([0, 0, 0, 3]);
    const differ = !few && draw.chance(20);
    const zeros = perChannel ? draw.list(count, () => zero + (differ ? draw.int(-3, 3) : 0)) : [zero];
    const [low, high] = rangeOf(type);
    const data = this.data(type, dims, Math.max(low, zero - most), Math.min(high, zero + most));
    const list = perChannel ? [count] : [];
    const scales = Float32Array.from(shifts, (shift) => 2 ** -shift);
    const inputs = [
      this.constant(type, dims, data, 4),
      b.given('float32', list, scales, 'constant'),
      type === 'int8' && zeros.every((each) => each === 0) && !few && draw.chance(40) ? undefined : this.constant(type, list, zeros),
    ];
    const made: Weights = { dims, inputs, type, shifts, most: most + 3 };
    this.made.push(made);
    return made;
  }

  /** Weights behind a DQ, or floats. */
  weights(dims: readonly number[], axis: number): { value: Value } & Pick<Weights, 'shifts' | 'most'> {
    const { b, draw } = this;
    if (draw.chance(8)) {
      const shift = draw.int(4, 7);
      const most = Math.max(1, Math.min(127, Math.floor((2 ** (BITS - 9) * (dims[axis] as number)) / sizeOf(dims))));
      const floats = this.data('float32', dims, -most, most, 2 ** -shift);
      return { value: this.constant('float32', dims, floats), shifts: [shift], most };
    }
    const { inputs, shifts, most } = this.integerWeights(dims, axis);
    const attributes = shifts.length > 1 ? { axis } : {};
    return { value: b.node('DequantizeLinear', inputs, attributes, { bits: [Math.max(...shifts), 8] }), shifts, most };
  }

  /** A bias that is a whole number in any unit that the sums may have: floats, or int32 behind a DQ. */
  bias(count: number, x: Some, shifts: readonly number[], dims: readonly number[] = [count]): Value | undefined {
    const { b, draw } = this;
    if (draw.chance(30)) return undefined;
    const units = Array.from({ length: count }, (_, i) => 2 ** (2 - (shifts[shifts.length === 1 ? 0 : i] as number)));
    const most = 2 ** Math.max(0, 11 - x.grid);
    const whole = this.data('int32', [count], -most, most);
    if (draw.chance(50) || this.opset < 13 || dims.length > 1) {
      return this.constant(
        'float32',
        dims,
        whole.map((value, i) => value * (units[i] as number)),
      );
    }
    const scales = b.given('float32', [count], Float32Array.from(units), 'constant');
    const zero = draw.chance(30) ? this.constant('int32', [count], new Array(count).fill(0)) : undefined;
    return b.node('DequantizeLinear', [this.constant('int32', dims, whole), scales, zero], { axis: 0 }, { bits: [16, 4] });
  }

  /** The sum of products has BITS bits at most, and a bias one more. */
  sumBits(x: Some, { shifts, most }: { shifts: readonly number[]; most: number }, depth: number): [number, number] {
    const grid = x.grid + Math.max(...shifts);
    return [grid, Math.ceil(Math.log2(Math.max(1, most * depth))) - Math.min(...shifts) + x.magnitude + 1];
  }
}
