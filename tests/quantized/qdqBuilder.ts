// Builds networks of QuantizeLinear and DequantizeLinear, and runs them as integers and by their meaning in float32.

import { compile } from '../../src/compiler/compile.ts';
import type { Constant, Graph } from '../../src/graph/graph.ts';
import { Tensor } from '../../src/graph/tensor.ts';
import { kernelOf } from '../../src/plan/instructions.ts';
import { addQuantized } from '../../src/quantized/index.ts';
import { constantOf, graphOf, int64, type NodeSpec } from '../kernels/graph.ts';
import { runTensors } from '../kernels/run.ts';
import type { NdArray } from '../reference/index.ts';

addQuantized();

/** Numbers from 0 to 1, the same for a seed. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}
const size = (dims: readonly number[]) => dims.reduce((a, b) => a * b, 1);

export type Type = 'uint8' | 'int8';

/** Builds a network node by node; every method gives the name of a value. */
export class QdqBuilder {
  readonly #next: () => number;
  readonly nodes: NodeSpec[] = [];
  readonly constants: Record<string, NdArray | Constant> = {};
  readonly feeds: Record<string, Tensor<'float32'>> = {};

  constructor(next: () => number) {
    this.#next = next;
  }

  input(dims: readonly number[], scale = 1): string {
    const name = `x${Object.keys(this.feeds).length}`;
    this.feeds[name] = this.#random(dims, scale);
    return name;
  }

  constant(tensor: Tensor): string {
    const name = `c${Object.keys(this.constants).length}`;
    this.constants[name] = constantOf(name, tensor);
    return name;
  }

  /** A constant of random numbers. */
  floats(dims: readonly number[], scale = 1): string {
    return this.constant(this.#random(dims, scale));
  }

  #random(dims: readonly number[], scale: number): Tensor<'float32'> {
    return new Tensor(
      'float32',
      Float32Array.from({ length: size(dims) }, () => scale * (2 * this.#next() - 1)),
      dims,
    );
  }

  /** A constant of random bytes. */
  bytes(dims: readonly number[], type: Type): string {
    const bytes = Uint8Array.from({ length: size(dims) }, () => Math.floor(256 * this.#next()));
    return this.constant(new Tensor(type, (type === 'int8' ? new Int8Array(bytes.buffer) : bytes) as never, dims));
  }

  /** A constant list; of one number, if there is one. */
  list(numbers: readonly number[], type: 'float32' | Type = 'float32'): string {
    const array = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array }[type];
    return this.constant(new Tensor(type, array.from(numbers) as never, numbers.length === 1 ? [] : [numbers.length]));
  }

  /** A constant list of sizes. */
  shape(sizes: readonly number[]): string {
    const name = `c${Object.keys(this.constants).length}`;
    this.constants[name] = int64(name, sizes);
    return name;
  }

  /** A pair with a scale for each channel. */
  perChannel(x: string, dims: readonly number[], scale: number, type: Type): string {
    const count = dims[1] as number;
    const array = type === 'int8' ? Int8Array : Uint8Array;
    const parameters = [
      this.constant(
        new Tensor(
          'float32',
          Float32Array.from({ length: count }, () => scale * (0.5 + this.#next() / 2)),
          [count],
        ),
      ),
      this.constant(new Tensor(type, new array(count).fill(type === 'int8' ? 0 : 128) as never, [count])),
    ];
    const bytes = this.node('QuantizeLinear', [x, ...parameters], { axis: 1 });
    return this.node('DequantizeLinear', [bytes, ...parameters], { axis: 1 });
  }

  number(value: number, type: 'float32' | Type | 'int32' = 'float32'): string {
    const array = { float32: Float32Array, uint8: Uint8Array, int8: Int8Array, int32: Int32Array }[type];
    return this.constant(new Tensor(type, array.of(value) as never, []));
  }

  node(op: string, inputs: string[], attributes: NodeSpec['attributes'] = {}): string {
    const name = `${op}_${this.nodes.length}`;
    this.nodes.push({ op, name, inputs, attributes, outputs: [name] });
    return name;
  }

  q(x: string, scale: number, zero: number, type: Type = 'uint8'): string {
    return this.node('QuantizeLinear', [x, this.number(scale), this.number(zero, type)]);
  }

  dq(x: string, scale: number, zero: number, type: Type = 'uint8'): string {
    return this.node('DequantizeLinear', [x, this.number(scale), this.number(zero, type)]);
  }

  qdq(x: string, scale: number, zero: number, type: Type = 'uint8'): string {
    return this.dq(this.q(x, scale, zero, type), scale, zero, type);
  }

  /** Weights of int8, one scale for each index of the axis, or one. */
  weights(dims: readonly number[], axis = 0, perChannel = true, factor = 1): string {
    const count = dims[axis] as number;
    const w = Int8Array.from({ length: size(dims) }, () => Math.floor(255 * this.#next()) - 127);
    const scales = Float32Array.from({ length: perChannel ? count : 1 }, () => factor * (0.002 + 0.004 * this.#next()));
    const list = perChannel ? [count] : [];
    const inputs = [
      this.constant(new Tensor('int8', w, dims)),
      this.constant(new Tensor('float32', scales, list)),
      this.constant(new Tensor('int8', new Int8Array(scales.length), list)),
    ];
    return this.node('DequantizeLinear', inputs, perChannel ? { axis } : {});
  }

  graph(...outputs: string[]): Graph {
    const inputs = Object.fromEntries(Object.entries(this.feeds).map(([name, { type, dims }]) => [name, { type, dims }]));
    return graphOf({ opset: 13, inputs, constants: this.constants, nodes: this.nodes, outputs });
  }

  /** The outputs with the passes for integers and without any, and the kernels with them. */
  run(...outputs: string[]): { integers: Tensor[]; floats: Tensor[]; kernels: string[] } {
    const graph = this.graph(...outputs);
    const dims = new Map(Object.entries(this.feeds).map(([name, tensor]) => [name, tensor.dims]));
    return {
      integers: runTensors(graph, this.feeds),
      floats: runTensors(graph, this.feeds, { maxPasses: 0 }),
      kernels: compile(graph, { dims }).steps.map(kernelOf),
    };
  }
}
