// What random nodes are made of.

import type { Attribute } from '../../src/graph/graph.ts';
import type { DataType } from '../../src/graph/tensor.ts';

/** Where the choices come from. */
export type Chooser = (min: number, max: number) => number;

export interface NodeInput {
  type: DataType;
  dims: number[];
  /** Fewer than the dimensions ask for are repeated; whole numbers as bigints where the type wants them. */
  data: (number | bigint)[];
  how: 'fed' | 'constant' | 'absent';
}

export interface RandomNode {
  op: string;
  opset: number;
  attributes: Record<string, Attribute>;
  inputs: NodeInput[];
  outputs: number;
}

/** Choices that nodes are made of. */
export class Choices {
  constructor(readonly int: Chooser) {}

  of<T>(list: readonly T[]): T {
    return list[this.int(0, list.length - 1)] as T;
  }

  chance(percent: number): boolean {
    return this.int(1, 100) <= percent;
  }

  list<T>(count: number, make: (i: number) => T): T[] {
    return Array.from({ length: count }, (_, i) => make(i));
  }

  dims(least: number, most: number, largest = 5): number[] {
    return this.list(this.int(least, most), () => (this.chance(4) ? 0 : this.int(1, largest)));
  }

  /** Something that broadcasts to `dims`. */
  broadcasting(dims: readonly number[]): number[] {
    return dims.slice(this.chance(70) ? 0 : this.int(0, dims.length)).map((dim) => (this.chance(80) ? dim : 1));
  }

  picture(): number[] {
    const spatial = this.list(this.chance(75) ? 2 : 1, () => this.int(1, 9));
    return [this.int(1, 2), this.chance(4) ? 0 : this.of([1, 2, 3, 4, 6, 8, 9]), ...spatial];
  }

  float(dims: number[], type: DataType = 'float32'): NodeInput {
    return { type, dims, data: this.list(this.int(1, 12), () => this.int(-8, 8) / 4), how: 'fed' };
  }

  /** A parameter: mostly constant, seldom fed. */
  ints(values: readonly number[], type: DataType = 'int64'): NodeInput {
    return { type, dims: [values.length], data: [...values], how: this.chance(80) ? 'constant' : 'fed' };
  }

  /** A tensor of any type. */
  any(dims: number[]): NodeInput {
    const type = this.chance(60) ? 'float32' : this.of(['float64', 'int64', 'int32', 'uint8', 'int8', 'bool'] as const);
    if (type.startsWith('float')) return this.float(dims, type);
    const low = type === 'uint8' || type === 'bool' ? 0 : -4;
    return { type, dims, data: this.list(this.int(1, 12), () => this.int(low, type === 'bool' ? 1 : 6)), how: 'fed' };
  }

  axis(rank: number): number {
    return rank === 0 ? 0 : this.int(-rank, rank - 1);
  }

  axes(rank: number): number[] {
    return this.list(rank, (i) => i).filter(() => this.chance(50));
  }

  maybe<T>(value: T, percent = 50): T | undefined {
    return this.chance(percent) ? value : undefined;
  }
}
